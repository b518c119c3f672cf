package avro

import (
	"sync"

	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
)

// anything is the schema of values without a schema: a record with a field for each type, of which one is set. Lists and
// maps hold it again.
var anything = sync.OnceValue(func() *avroschema.Schema {
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
})

// anything reads a value without a schema: the first of the fields that is set, or null. Every field is read.
func (r *reader) anything() (data.Value, error) {
	if r.depth++; r.depth > maxDepth {
		return data.Value{}, errDeep
	}
	defer func() { r.depth-- }()
	var found data.Value
	for _, field := range anythingSteps {
		branch, err := r.long()
		if err != nil {
			return data.Value{}, err
		}
		if branch == 0 {
			continue
		}
		if branch != 1 {
			return data.Value{}, errBranch
		}
		var v data.Value
		if err := field.decode(r, &v); err != nil {
			return data.Value{}, err
		}
		if found.IsNull() {
			found = v
		}
	}
	return found, nil
}

// anythingSteps read the fields of [anything]. A value without a schema has nine bytes: a branch for each field.
var anythingSteps = []step{
	{op: opBoolean}, {op: opBytes}, {op: opFloat64}, {op: opFloat32}, {op: opInt32}, {op: opInt64}, {op: opString},
	{op: opArray, elem: anythingAgain, least: 9}, {op: opEntries, key: anythingAgain, elem: anythingAgain, least: 18},
}

var anythingAgain = &step{op: opAnything}
