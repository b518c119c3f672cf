package smt

import (
	"github.com/connectless/connectless/core/connect"
)

type hasHeaderKey struct{ name string }

func (p hasHeaderKey) Test(r *connect.Record) (bool, error) { return r.Headers.Has(p.name), nil }

type recordIsTombstone struct{}

func (recordIsTombstone) Test(r *connect.Record) (bool, error) { return r.Value.IsNull(), nil }
