package avro

import (
	"sync/atomic"

	"github.com/connectless/connectless/core/convert"
)

// Mapping turns schemas of one kind into those of the other, as its settings say. It is safe for concurrent use.
type Mapping struct {
	convert.AvroData
	unions atomic.Int32 // unions seen: the general form numbers them
}

// NewMapping returns the mapping that the keys of [convert.AvroData] describe. Errors are ConfigExceptions.
func NewMapping(props map[string]string) (*Mapping, error) {
	m := &Mapping{}
	return m, parse(props, &m.AvroData)
}
