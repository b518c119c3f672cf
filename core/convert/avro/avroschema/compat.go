package avroschema

import "fmt"

// CanRead checks that data written with one schema can be read with another: Avro's schema resolution, which a schema
// registry's BACKWARD compatibility is. The error says where and why not.
func CanRead(reader, writer *Schema) error {
	r := resolution{known: map[[2]*Schema]error{}}
	return r.check(reader, writer, "/")
}

// resolution remembers what was found of pairs of schemas. A pair that is being checked counts as fitting: a record
// within itself adds nothing. What does not fit even so never does; what fits does if that assumption holds.
type resolution struct {
	known map[[2]*Schema]error
	trail [][2]*Schema // pairs that fit, in the order in which they were entered
}

func (r *resolution) check(reader, writer *Schema, at string) error {
	pair := [2]*Schema{reader, writer}
	if reader == writer {
		return nil
	}
	if err, ok := r.known[pair]; ok {
		return err
	}
	entered := len(r.trail)
	r.known[pair], r.trail = nil, append(r.trail, pair)
	err := r.compare(reader, writer, at)
	if err != nil {
		for _, p := range r.trail[entered:] { // they may have fitted only because this pair was thought to
			delete(r.known, p)
		}
		r.trail = r.trail[:entered]
		r.known[pair] = err
	}
	return err
}

func (r *resolution) compare(reader, writer *Schema, at string) error {
	switch {
	case writer.Kind == Union:
		for i, b := range writer.Branches {
			if err := r.check(reader, b, fmt.Sprintf("%s%d/", at, i)); err != nil {
				return err
			}
		}
		return nil
	case reader.Kind == Union:
		for _, b := range reader.Branches {
			if r.check(b, writer, at) == nil {
				return nil
			}
		}
		return fmt.Errorf("%s: the reader's union has no branch for %s", at, writer.FullName())
	case reader.Kind != writer.Kind:
		if promotes(writer.Kind, reader.Kind) {
			return nil
		}
		return fmt.Errorf("%s: type %s cannot be read as %s", at, writer.FullName(), reader.FullName())
	}
	if reader.Kind.Named() && !sameName(reader, writer) {
		return fmt.Errorf("%s: name %s is expected to be %s", at, writer.FullName(), reader.FullName())
	}
	switch reader.Kind {
	case Array, Map:
		return r.check(reader.Elem, writer.Elem, at+"elements/")
	case Fixed:
		if reader.Size != writer.Size {
			return fmt.Errorf("%s: size %d is expected to be %d", at, writer.Size, reader.Size)
		}
	case Enum:
		for _, symbol := range writer.Symbols {
			if reader.Symbol(symbol) < 0 && reader.Fallback == nil {
				return fmt.Errorf("%s: symbol %s is missing from the reader's enum", at, symbol)
			}
		}
	case Record:
		for i := range reader.Fields {
			f := &reader.Fields[i]
			from := written(writer, f)
			if from == nil {
				if f.Default == nil {
					return fmt.Errorf("%sfields/%s: the writer has no such field and the reader no default", at, f.Name)
				}
				continue
			}
			if err := r.check(f.Schema, from.Schema, at+"fields/"+f.Name+"/"); err != nil {
				return err
			}
		}
	}
	return nil
}

// written is the writer's field for a reader's, which may go by an alias.
func written(writer *Schema, f *Field) *Field {
	if from := writer.Field(f.Name); from != nil {
		return from
	}
	for _, alias := range f.Aliases {
		if from := writer.Field(alias); from != nil {
			return from
		}
	}
	return nil
}

func sameName(reader, writer *Schema) bool {
	if reader.Name.Name == writer.Name.Name {
		return true
	}
	for _, alias := range reader.Aliases {
		if alias == writer.Name {
			return true
		}
	}
	return false
}

func promotes(from, to Kind) bool {
	switch from {
	case Int:
		return to == Long || to == Float || to == Double
	case Long:
		return to == Float || to == Double
	case Float:
		return to == Double
	case String:
		return to == Bytes
	case Bytes:
		return to == String
	}
	return false
}
