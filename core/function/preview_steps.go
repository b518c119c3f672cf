package function

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform/smt"
)

// previewStep is what one transform did to a record.
type previewStep struct {
	Transform string          `json:"transform"` // its alias
	Class     string          `json:"class"`
	Skipped   bool            `json:"skipped,omitempty"` // its predicate says so
	Dropped   bool            `json:"dropped,omitempty"`
	Failed    bool            `json:"failed,omitempty"` // the line says how
	Changes   []previewChange `json:"changes,omitempty"`
}

// previewChange is a part of the record that is another. Was is missing for what is new, Is for what is gone.
type previewChange struct {
	At  string          `json:"at"` // value.created, value["a.b"], headers, topic, ...
	Was json.RawMessage `json:"was,omitempty"`
	Is  json.RawMessage `json:"is,omitempty"`
}

// traced is a chain that notes what each transform changes.
type traced struct {
	stages []smt.Stage
	steps  []previewStep // of the record that came last
}

func (t *traced) Apply(r *connect.Record) (keep bool, err error) {
	t.steps = nil
	before := snapshot(r)
	for i := range t.stages {
		s := &t.stages[i]
		step := previewStep{Transform: s.Alias, Class: s.Class}
		if s.Predicate != nil {
			is, err := s.Predicate.Test(r)
			step.Skipped = err == nil && is == s.Negate
		}
		keep, err := staged{smt.ChainOf(*s)}.Apply(r)
		step.Failed, step.Dropped = err != nil, err == nil && !keep
		if !step.Failed && !step.Dropped {
			after := snapshot(r)
			step.Changes = changes(nil, "", before, after)
			before = after
		}
		t.steps = append(t.steps, step)
		if err != nil || !keep {
			return false, err
		}
	}
	return true, nil
}

// snapshot is the record as preview prints it, as encoding/json reads it; numbers keep their text.
func snapshot(r *connect.Record) any {
	text, err := json.Marshal(recordLine(r))
	if err != nil {
		return nil // of what JSON has no text for there is nothing to compare
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // it was just encoded
	return v
}

// changes appends where two values differ: members of objects, items of arrays that are as long as before, or the whole.
func changes(all []previewChange, at string, was, is any) []previewChange {
	switch was := was.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		if !ok {
			break
		}
		names := maps.Clone(was)
		maps.Copy(names, is)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			before, had := was[name]
			after, has := is[name]
			switch path := member(at, name); {
			case !had:
				all = append(all, previewChange{At: path, Is: text(after)})
			case !has:
				all = append(all, previewChange{At: path, Was: text(before)})
			default:
				all = changes(all, path, before, after)
			}
		}
		return all
	case []any:
		is, ok := is.([]any)
		if !ok || len(is) != len(was) {
			break
		}
		for i := range was {
			all = changes(all, at+"["+strconv.Itoa(i)+"]", was[i], is[i])
		}
		return all
	}
	before, after := text(was), text(is)
	if bytes.Equal(before, after) {
		return all
	}
	return append(all, previewChange{at, before, after})
}

// member is the path of a member: at.name, or at["name"] where the name would be misread.
func member(at, name string) string {
	plain := name != "" && !strings.ContainsAny(name, `.[]" `)
	switch {
	case !plain:
		return at + "[" + string(data.AppendJSONString(nil, name)) + "]"
	case at == "":
		return name
	}
	return at + "." + name
}

func text(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it was just decoded
	return bytes.TrimSpace(b.Bytes())
}

// schemaText describes a schema in a line: types in JsonConverter's words, ? for optional, @ before a version:
//
//	struct shop.Order{id: string, total: bytes org.apache.kafka.connect.data.Decimal@1(scale=2)?, count: int32 = 5}
func schemaText(s *data.Schema) string {
	if s == nil {
		return ""
	}
	var b strings.Builder
	writeSchema(&b, s)
	return b.String()
}

func writeSchema(b *strings.Builder, s *data.Schema) {
	b.WriteString(strings.ToLower(s.Type().String()))
	if s.Name() != "" {
		b.WriteString(" " + s.Name())
	}
	if v := s.Version(); v != nil {
		b.WriteString("@" + strconv.Itoa(int(*v)))
	}
	for i, p := range s.Params() {
		b.WriteString([...]string{"(", ", "}[min(i, 1)] + p.Key + "=" + p.Value)
	}
	if len(s.Params()) > 0 {
		b.WriteByte(')')
	}
	switch s.Type() {
	case data.TypeStruct:
		b.WriteByte('{')
		for i, f := range s.Fields() {
			b.WriteString([...]string{"", ", "}[min(i, 1)] + f.Name + ": ")
			writeSchema(b, f.Schema)
		}
		b.WriteByte('}')
	case data.TypeMap:
		b.WriteByte('<')
		writeSchema(b, s.KeySchema())
		b.WriteString(", ")
		writeSchema(b, s.Elem())
		b.WriteByte('>')
	case data.TypeArray:
		b.WriteByte('<')
		writeSchema(b, s.Elem())
		b.WriteByte('>')
	}
	if s.Optional() {
		b.WriteByte('?')
	}
	if d := s.Default(); d != nil {
		b.WriteString(" = " + string(d.AppendJSON(nil)))
	}
}
