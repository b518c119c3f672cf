package data

// Kind is the Java type a [Value] has.
type Kind uint8

const (
	Null    Kind = iota
	Bool         // java.lang.Boolean
	Int8         // java.lang.Byte
	Int16        // java.lang.Short
	Int32        // java.lang.Integer
	Int64        // java.lang.Long
	Float32      // java.lang.Float
	Float64      // java.lang.Double
	String       // java.lang.String
	Bytes        // byte[] or java.nio.ByteBuffer
	Decimal      // java.math.BigDecimal
	BigInt       // java.math.BigInteger
	Date         // java.util.Date, whichever logical type its schema names
	Array        // java.util.List
	Map          // java.util.Map
	Struct       // org.apache.kafka.connect.data.Struct
)

var kindNames = [...]string{"null", "boolean", "int8", "int16", "int32", "int64", "float32", "float64", "string", "bytes",
	"decimal", "bigint", "date", "array", "map", "struct"}

func (k Kind) String() string { return kindNames[k] }

var javaClasses = [...]string{"null", "java.lang.Boolean", "java.lang.Byte", "java.lang.Short", "java.lang.Integer",
	"java.lang.Long", "java.lang.Float", "java.lang.Double", "java.lang.String", "[B", "java.math.BigDecimal",
	"java.math.BigInteger", "java.util.Date", "java.util.ArrayList", "java.util.HashMap", "org.apache.kafka.connect.data.Struct"}

// JavaClass is the class name Java would print for a value of the kind: what Connect's messages say was "found".
func (k Kind) JavaClass() string { return javaClasses[k] }
