package rest

import (
	"bytes"
	"encoding/json"
	"net/http"
)

func (a *api) offsets(r *http.Request) (*answer, error) {
	offsets, err := a.herder.Offsets(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return ok(map[string][]Offset{"offsets": append([]Offset{}, offsets...)}), nil
}

func (a *api) alterOffsets(r *http.Request) (*answer, error) {
	offsets, err := readOffsets(r)
	if err != nil {
		return nil, err
	}
	return said(a.herder.AlterOffsets(r.Context(), r.PathValue("name"), offsets))
}

func (a *api) resetOffsets(r *http.Request) (*answer, error) {
	return said(a.herder.ResetOffsets(r.Context(), r.PathValue("name")))
}

func said(message string, err error) (*answer, error) {
	if err != nil {
		return nil, err
	}
	return ok(map[string]string{"message": message}), nil
}

const offsetsClass = "org.apache.kafka.connect.runtime.rest.entities.ConnectorOffsets"

func readOffsets(r *http.Request) ([]Offset, error) {
	b, err := readBody(r)
	if err != nil {
		return nil, err
	}
	members, err := b.object()
	if err != nil {
		return nil, err
	}
	if err := b.known(members, offsetsClass, "offsets"); err != nil {
		return nil, err
	}
	var offsets []Offset
	if list := members["offsets"]; !list.null() {
		if list.raw[0] != '[' {
			return nil, b.mismatch(list, "java.util.ArrayList")
		}
		dec := json.NewDecoder(bytes.NewReader(list.raw))
		_, _ = dec.Token() // the bracket
		for dec.More() {
			o, err := b.offset(dec, list.end-len(list.raw))
			if err != nil {
				return nil, err
			}
			offsets = append(offsets, o)
		}
	}
	if len(offsets) == 0 {
		return nil, Errorf(http.StatusBadRequest, "Partitions / offsets need to be provided for an alter offsets request")
	}
	return offsets, nil
}

// offset reads the next one of a list that begins at start.
func (b *body) offset(dec *json.Decoder, start int) (Offset, error) {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return Offset{}, b.syntax(err)
	}
	v := value{raw, start + int(dec.InputOffset())}
	members, err := b.members(v)
	if err != nil {
		return Offset{}, err
	}
	const class = "org.apache.kafka.connect.runtime.rest.entities.ConnectorOffset"
	if err := b.known(members, class, "partition", "offset"); err != nil {
		return Offset{}, err
	}
	var o Offset
	if o.Partition, err = b.anything(members["partition"]); err != nil {
		return Offset{}, err
	}
	o.Offset, err = b.anything(members["offset"])
	return o, err
}

// anything reads an object of any kind of values, nil for null.
func (b *body) anything(v value) (map[string]any, error) {
	if v.null() {
		return nil, nil
	}
	if v.raw[0] != '{' {
		return nil, b.mismatch(v, "java.util.LinkedHashMap")
	}
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, b.syntax(err)
	}
	return m, nil
}
