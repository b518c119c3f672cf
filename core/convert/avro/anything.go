package avro

import "github.com/connectless/connectless/core/convert/avro/avroschema"

// anything is the schema of values without a schema: a record with a field for each type, of which one is set. Lists and
// maps hold it again.
var anything = func() *avroschema.Schema {
	s, err := avroschema.Parse([]byte(`{"type":"record","name":"Anything","namespace":"io.confluent.connect.avro","fields":[
		{"name":"boolean","type":["null","boolean"],"default":null},
		{"name":"bytes","type":["null","bytes"],"default":null},
		{"name":"double","type":["null","double"],"default":null},
		{"name":"float","type":["null","float"],"default":null},
		{"name":"int","type":["null","int"],"default":null},
		{"name":"long","type":["null","long"],"default":null},
		{"name":"string","type":["null","string"],"default":null},
		{"name":"array","type":["null",{"type":"array","items":"Anything"}],"default":null},
		{"name":"map","type":["null",{"type":"array","items":{"type":"record","name":"MapEntry","fields":[
			{"name":"key","type":"Anything"},{"name":"value","type":"Anything"}]}}],"default":null}]}`), avroschema.Options{})
	if err != nil {
		panic("avro: " + err.Error())
	}
	return s
}()
