package avroschema

import (
	"strconv"

	"github.com/connectless/connectless/core/data"
)

// String is the schema's JSON, or why it has none.
func (s *Schema) String() string {
	b, err := s.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// AppendJSON appends the schema as Java's Schema.toString writes it. Errors are SchemaParseExceptions: one name stands
// for two types.
func (s *Schema) AppendJSON(dst []byte) ([]byte, error) {
	p := printer{known: map[Name]*Schema{}}
	return p.schema(dst, s)
}

type printer struct {
	known map[Name]*Schema // names written so far: from then on the name is enough
	space string           // the enclosing record's namespace
}

func (p *printer) schema(dst []byte, s *Schema) (_ []byte, err error) {
	if s.Kind.Named() {
		if first, ok := p.known[s.Name]; ok {
			if !first.Equal(s) {
				return dst, data.Errorf(ParseException, "Can't redefine: %s", s.Name.Full())
			}
			return data.AppendJSONString(dst, p.reference(s.Name)), nil
		}
		p.known[s.Name] = s
	}
	switch s.Kind {
	case Union:
		dst = append(dst, '[')
		for i, b := range s.Branches {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = p.schema(dst, b); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case Array, Map:
		key := map[Kind]string{Array: `{"type":"array","items":`, Map: `{"type":"map","values":`}[s.Kind]
		if dst, err = p.schema(append(dst, key...), s.Elem); err != nil {
			return dst, err
		}
		return append(appendProps(dst, s.Props), '}'), nil
	case Record:
		return p.record(dst, s)
	case Enum:
		dst = p.head(append(dst, `{"type":"enum"`...), s)
		dst = appendStrings(append(dst, `,"symbols":`...), s.Symbols)
		if s.Fallback != nil {
			dst = data.AppendJSONString(append(dst, `,"default":`...), *s.Fallback)
		}
	case Fixed:
		dst = p.head(append(dst, `{"type":"fixed"`...), s)
		dst = strconv.AppendInt(append(dst, `,"size":`...), int64(s.Size), 10)
	default:
		if len(s.Props) == 0 {
			return data.AppendJSONString(dst, s.Kind.String()), nil
		}
		dst = data.AppendJSONString(append(dst, `{"type":`...), s.Kind.String())
		return append(appendProps(dst, s.Props), '}'), nil
	}
	return p.tail(dst, s), nil
}

func (p *printer) record(dst []byte, s *Schema) (_ []byte, err error) {
	kind := `{"type":"record"`
	if s.Error {
		kind = `{"type":"error"`
	}
	dst = p.head(append(dst, kind...), s)
	outer := p.space
	p.space = s.Name.Space
	dst = append(dst, `,"fields":[`...)
	for i := range s.Fields {
		f := &s.Fields[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = data.AppendJSONString(append(dst, `{"name":`...), f.Name)
		if dst, err = p.schema(append(dst, `,"type":`...), f.Schema); err != nil {
			return dst, err
		}
		if f.Doc != nil {
			dst = data.AppendJSONString(append(dst, `,"doc":`...), *f.Doc)
		}
		if f.Default != nil {
			dst = f.Default.AppendJSON(append(dst, `,"default":`...))
		}
		if f.Order != "" {
			dst = data.AppendJSONString(append(dst, `,"order":`...), f.Order)
		}
		if len(f.Aliases) > 0 {
			dst = appendStrings(append(dst, `,"aliases":`...), f.Aliases)
		}
		dst = append(appendProps(dst, f.Props), '}')
	}
	dst = p.tail(append(dst, ']'), s)
	p.space = outer
	return dst, nil
}

// head writes a named schema's name and doc.
func (p *printer) head(dst []byte, s *Schema) []byte {
	dst = data.AppendJSONString(append(dst, `,"name":`...), s.Name.Name)
	if s.Name.Space != p.space {
		dst = data.AppendJSONString(append(dst, `,"namespace":`...), s.Name.Space)
	}
	if s.Doc != nil {
		dst = data.AppendJSONString(append(dst, `,"doc":`...), *s.Doc)
	}
	return dst
}

// tail writes what every named schema ends with.
func (p *printer) tail(dst []byte, s *Schema) []byte {
	dst = appendProps(dst, s.Props)
	if len(s.Aliases) > 0 {
		names := make([]string, len(s.Aliases))
		for i, a := range s.Aliases {
			names[i] = a.Full()
			if a.Space == s.Name.Space {
				names[i] = a.Name
			}
		}
		dst = appendStrings(append(dst, `,"aliases":`...), names)
	}
	return append(dst, '}')
}

// reference is how a name that was written before is written here.
func (p *printer) reference(n Name) string {
	if n.Space == p.space {
		return n.Name
	}
	return n.Full()
}

func appendProps(dst []byte, props []Prop) []byte {
	for i := range props {
		dst = append(data.AppendJSONString(append(dst, ','), props[i].Key), ':')
		dst = props[i].Value.AppendJSON(dst)
	}
	return dst
}

func appendStrings(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, t := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = data.AppendJSONString(dst, t)
	}
	return append(dst, ']')
}
