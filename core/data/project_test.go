package data

import "testing"

func TestProject(t *testing.T) {
	i8, i64 := Of(TypeInt8, false), Of(TypeInt64, false)
	list := OfArray(OfInt8(7))
	listDefault := Spec{Type: TypeArray, Elem: i8, Default: &list}.MustBuild()
	structOf := func(fields ...SchemaField) *Schema { return Spec{Type: TypeStruct, Fields: fields}.MustBuild() }
	source := structOf(SchemaField{"a", i8}, SchemaField{"gone", i8})
	target := structOf(SchemaField{"a", i64}, SchemaField{"new", listDefault}, SchemaField{"maybe", Of(TypeString, true)})

	in := OfStruct(source, OfInt8(1), OfInt8(2))
	out, err := Project(source, &in, target)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.JavaText(); got != "Struct{a=1,new=[7]}" || out.Schema() != target || out.Fields()[0].Value.Kind() != Int64 {
		t.Errorf("got %s", got)
	}
	out.Fields()[1].Value.Items()[0] = OfInt8(9)
	if listDefault.Default().Items()[0].Int() != 7 {
		t.Error("a projected default is the schema's own")
	}

	named := Spec{Type: TypeInt8, Name: "n"}.MustBuild()
	for _, tc := range []struct {
		source, target *Schema
		v              Value
		want           string
	}{
		{i64, i8, OfInt64(1), "SchemaProjectorException: Schema type mismatch. source type: INT64 and target type: INT8"},
		{i8, Of(TypeBoolean, false), OfInt8(1), "SchemaProjectorException: Schema type mismatch. source type: INT8 and target type: BOOLEAN"},
		{named, i8, OfInt8(1), "SchemaProjectorException: Schema name mismatch. source name: n and target name: null"},
		{DecimalSchema(1, false), Spec{Type: TypeBytes, Name: LogicalDecimal}.MustBuild(), OfDecimalBytes([]byte{1}, 1),
			"SchemaProjectorException: Schema parameters not equal. source parameters: {scale=1} and target parameters: null"},
		{Of(TypeInt8, true), i8, OfInt8(1), "SchemaProjectorException: Writer schema is optional, however, target schema does not provide a default value."},
		{structOf(SchemaField{"s", structOf(SchemaField{"a", Of(TypeString, false)})}), structOf(SchemaField{"s", structOf(SchemaField{"a", i8})}),
			OfStruct(structOf(SchemaField{"s", structOf(SchemaField{"a", Of(TypeString, false)})}), OfStruct(structOf(SchemaField{"a", Of(TypeString, false)}), OfString("x"))),
			"SchemaProjectorException: Error projecting s: SchemaProjectorException: Error projecting a: SchemaProjectorException: Schema type mismatch. source type: STRING and target type: INT8"},
		{source, structOf(SchemaField{"b", i8}), in, "SchemaProjectorException: Required field `b` is missing from source schema: Schema{STRUCT}"},
		{source, structOf(SchemaField{"a", i8}), OfStruct(source), `DataException: Invalid value: null used for required field: "a", schema type: INT8`},
	} {
		_, err := Project(tc.source, &tc.v, tc.target)
		if err == nil || err.Error() != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}
