package avro

import (
	"strings"

	"github.com/connectless/connectless/core/data"
)

// Names that AvroData gives to what Avro or Connect has no word for.
const (
	namespace       = "io.confluent.connect.avro"
	defaultName     = "ConnectDefault"
	defaultFullName = namespace + "." + defaultName
	mapEntryName    = "MapEntry"
	unionName       = namespace + ".Union"
	enumParam       = namespace + ".Enum"
	keyField        = "key"
	valueField      = "value"

	// The form of enums and unions that generalized.sum.type.support gives.
	generalEnum        = "org.apache.kafka.connect.data.Enum"
	generalUnion       = "org.apache.kafka.connect.data.Union"
	generalUnionPrefix = "connect_union_"
	generalFieldPrefix = generalUnionPrefix + "field_"

	// Properties of Avro schemas, and parameters of Connect schemas.
	propName       = "connect.name"
	propDoc        = "connect.doc"
	propRecordDoc  = "connect.record.doc"
	propEnumDoc    = "connect.enum.doc"
	propVersion    = "connect.version"
	propDefault    = "connect.default"
	propParams     = "connect.parameters"
	propType       = "connect.type"
	propInternal   = "connect.internal.type"
	propFixedSize  = "connect.fixed.size"
	propPrecision  = "connect.decimal.precision"
	paramRecordDoc = namespace + ".record.doc"
	paramFieldDoc  = namespace + ".field.doc."
	paramEnumDoc   = namespace + ".enum.doc."
	paramDefault   = namespace + ".field.default"
	paramEnumDef   = namespace + ".enum.default."
	paramPrefix    = "avro" // such properties become parameters and come back

	logicalType      = "logicalType"
	logicalDecimal   = "decimal"
	logicalDate      = "date"
	logicalTime      = "time-millis"
	logicalTimestamp = "timestamp-millis"
	decimalScale     = "scale"
	decimalPrecision = "precision"
	defaultPrecision = 64
)

// splitName splits a full name into its namespace and its simple name, each part scrubbed if names are.
func (m *Mapping) splitName(full string) (space, name string) {
	parts := strings.Split(full, ".")
	for len(parts) > 1 && parts[len(parts)-1] == "" { // Java's split drops them
		parts = parts[:len(parts)-1]
	}
	for i := range parts {
		parts[i] = m.scrub(parts[i])
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], "."), parts[last]
}

// scrub makes a name that Avro allows, if names are to be scrubbed: everything but letters of ASCII, digits and _ is
// URL-encoded, and then replaced.
func (m *Mapping) scrub(name string) string {
	if !m.ScrubNames || plainName(name) {
		return name
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case nameByte(c):
			b = append(b, c)
		case c < 0x80 && strings.IndexByte(" .-*", c) >= 0: // URLEncoder leaves these, or makes one character of them
			b = append(b, '_')
		default:
			b = append(b, '_', hex[c>>4], hex[c&15])
		}
	}
	if b[0] >= '0' && b[0] <= '9' {
		return "x" + string(b)
	}
	return string(b)
}

func nameByte(c byte) bool {
	return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

func plainName(name string) bool {
	for i := 0; i < len(name); i++ {
		if !nameByte(name[i]) {
			return false
		}
	}
	return name == "" || name[0] < '0' || name[0] > '9'
}

// isUnion says whether a struct stands for a union: one of its fields is set.
func isUnion(s *data.Schema) bool {
	if s.Name() == unionName {
		return true
	}
	_, ok := s.Param(generalUnion)
	return ok
}

// enumName is the name of the enum that a string schema stands for.
func (m *Mapping) enumName(s *data.Schema) (name string, ok bool) {
	if s.Type() != data.TypeString {
		return "", false
	}
	return s.Param(m.enumParam())
}

func (m *Mapping) enumParam() string {
	if m.GeneralizedSums {
		return generalEnum
	}
	return enumParam
}

func isEnum(s *data.Schema) bool {
	if s.Type() != data.TypeString {
		return false
	}
	_, general := s.Param(generalEnum)
	_, avro := s.Param(enumParam)
	return general || avro
}

func isFixed(s *data.Schema) bool {
	if s.Type() != data.TypeBytes || s.Name() == "" {
		return false
	}
	_, ok := s.Param(propFixedSize)
	return ok
}
