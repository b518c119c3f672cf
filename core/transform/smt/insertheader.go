package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform"
)

type insertHeader struct {
	key    string
	schema *data.Schema
	value  data.Value
}

func newInsertHeader(c *transform.InsertHeader) (transform.Transform, error) {
	schema, value := data.ParseString(c.Literal)
	return &insertHeader{key: c.Header, schema: schema, value: value}, nil
}

func (t *insertHeader) Apply(r *connect.Record) (bool, error) {
	r.Headers = append(r.Headers, connect.Header{Key: t.key, Schema: t.schema, Value: share(&t.value)})
	return true, nil
}
