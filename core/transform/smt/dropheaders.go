package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/transform"
)

type dropHeaders struct{ listed names }

func newDropHeaders(c *transform.DropHeaders) (transform.Transform, error) {
	return &dropHeaders{newNames(c.Headers)}, nil
}

func (t *dropHeaders) Apply(r *connect.Record) (bool, error) {
	kept := r.Headers[:0]
	for i := range r.Headers {
		if !t.listed.has(r.Headers[i].Key) {
			kept = append(kept, r.Headers[i])
		}
	}
	r.Headers = kept
	return true, nil
}
