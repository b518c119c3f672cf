package data

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuildRefuses(t *testing.T) {
	i8 := Of(TypeInt8, false)
	bad := OfInt16(1)
	for _, tc := range []struct {
		spec Spec
		want string
	}{
		{Spec{Type: TypeStruct, Fields: []SchemaField{{"a", i8}, {"a", i8}}}, "SchemaBuilderException: Cannot create field because of field name duplication a"},
		{Spec{Type: TypeStruct, Fields: []SchemaField{{"", i8}}}, "SchemaBuilderException: fieldName cannot be null."},
		{Spec{Type: TypeStruct, Fields: []SchemaField{{"a", nil}}}, "SchemaBuilderException: fieldSchema for field a cannot be null."},
		{Spec{Type: TypeArray}, "SchemaBuilderException: valueSchema cannot be null."},
		{Spec{Type: TypeMap, Elem: i8}, "SchemaBuilderException: keySchema cannot be null."},
		{Spec{Type: TypeMap, Key: i8}, "SchemaBuilderException: valueSchema cannot be null."},
		{Spec{Type: TypeInt8, Default: &bad}, "SchemaBuilderException: Invalid default value: DataException: Invalid Java object for schema with type INT8: class java.lang.Short for value"},
	} {
		_, err := tc.spec.Build()
		if err == nil || err.Error() != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}

func TestSchemaEqual(t *testing.T) {
	one, two := int32(1), int32(2)
	d1, d2 := OfInt8(1), OfInt8(2)
	base := Spec{Type: TypeInt8}
	differ := []Spec{
		{Type: TypeInt16}, {Type: TypeInt8, Optional: true}, {Type: TypeInt8, Name: "n"}, {Type: TypeInt8, Doc: "d"},
		{Type: TypeInt8, Version: &one}, {Type: TypeInt8, Version: &two}, {Type: TypeInt8, Default: &d1}, {Type: TypeInt8, Default: &d2},
		{Type: TypeInt8, Params: []Param{{"a", "b"}}}, {Type: TypeInt8, Params: []Param{{"a", "c"}}},
		{Type: TypeStruct}, {Type: TypeStruct, Fields: []SchemaField{{"a", Of(TypeInt8, false)}, {"b", Of(TypeInt8, false)}}},
		{Type: TypeStruct, Fields: []SchemaField{{"b", Of(TypeInt8, false)}, {"a", Of(TypeInt8, false)}}},
		{Type: TypeArray, Elem: Of(TypeInt8, false)}, {Type: TypeArray, Elem: Of(TypeInt8, true)},
		{Type: TypeMap, Key: Of(TypeInt8, false), Elem: Of(TypeInt8, false)}, {Type: TypeMap, Key: Of(TypeInt8, true), Elem: Of(TypeInt8, false)},
	}
	all := append([]Spec{base}, differ...)
	for i := range all {
		for k := range all {
			if got := all[i].MustBuild().Equal(all[k].MustBuild()); got != (i == k) {
				t.Errorf("%d equal to %d: %v", i, k, got)
			}
		}
	}
	params := Spec{Type: TypeInt8, Params: []Param{{"b", "0"}, {"a", "1"}, {"b", "2"}}}.MustBuild()
	if diff := cmp.Diff([]Param{{"b", "2"}, {"a", "1"}}, params.Params()); diff != "" {
		t.Errorf("parameters as a LinkedHashMap has them (-want +got):\n%s", diff)
	}
	if !params.Equal(Spec{Type: TypeInt8, Params: []Param{{"a", "1"}, {"b", "2"}}}.MustBuild()) {
		t.Error("the order of parameters counts")
	}
	if v, ok := params.Param("b"); v != "2" || !ok {
		t.Errorf("parameter b is %q, %v", v, ok)
	}
	var none *Schema
	if none.Equal(params) || params.Equal(nil) || !none.Equal(nil) {
		t.Error("nil equals nil only")
	}
}

func TestValidateStruct(t *testing.T) {
	five := OfInt8(5)
	s := Spec{Type: TypeStruct, Fields: []SchemaField{
		{"optional", Of(TypeInt8, true)},
		{"defaulted", Spec{Type: TypeInt8, Default: &five}.MustBuild()},
		{"required", Of(TypeString, false)},
	}}.MustBuild()
	v := OfStruct(s, Value{}, Value{}, OfString("x"))
	if err := Validate(s, &v); err != nil {
		t.Errorf("a null with a default: %v", err)
	}
	if got := v.GetWithDefault(1); got.Int() != 5 {
		t.Errorf("the default is %s", got.JavaText())
	}
	if err := v.Put(1, Value{}); err == nil {
		t.Error("null was put where only a default allows it")
	}
	if err := v.Put(0, OfInt16(1)); err == nil || v.Fields()[0].Value.Kind() != Null {
		t.Errorf("an INT16 was put into an INT8: %v", err)
	}
	if err := v.Put(0, OfInt8(1)); err != nil || v.Fields()[0].Value.Int() != 1 {
		t.Errorf("put: %v", err)
	}
	v.Fields()[2].Value = Value{}
	const want = `DataException: Invalid value: null used for required field: "required", schema type: STRING`
	if err := Validate(s, &v); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	array := &Schema{spec: Spec{Type: TypeArray}}
	list := OfArray(OfInt8(1))
	if err := Validate(array, &list); err == nil || err.Error() != "DataException: No schema defined for element of array value" {
		t.Errorf("got %v", err)
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("why")
	err := error(Errorf(SchemaProjectorException, "Error projecting %s", "a").Because(cause))
	if got := err.Error(); got != "SchemaProjectorException: Error projecting a: why" {
		t.Errorf("got %s", got)
	}
	var e *Error
	if !errors.Is(err, cause) || !errors.As(err, &e) || e.Class != SchemaProjectorException {
		t.Error("the cause or the class is lost")
	}
}

// Run with -race: a default that was JSON is read by many.
func TestDefaultIsReadConcurrently(t *testing.T) {
	v := parse(t, `["\u0061",{"b":[1.50,007]}]`)
	spec := Spec{Type: TypeArray, Elem: Of(TypeString, false), Default: &v}
	if _, err := spec.Build(); err == nil {
		t.Fatal("a default of mixed types is accepted")
	}
	list := parse(t, `["\u0061"]`)
	spec.Default = &list
	s := spec.MustBuild()
	list.Items()[0] = OfString("changed")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if got := s.Default().JavaText(); got != "[a]" {
				t.Errorf("got %s", got)
			}
		})
	}
	wg.Wait()
	v.settle()
	if got := string(v.AppendJSON(nil)); got != `["a",{"b":[1.5,7]}]` {
		t.Errorf("settled as %s", got)
	}
}

func TestPutDoesNotAllocate(t *testing.T) {
	list := Spec{Type: TypeArray, Elem: Of(TypeInt8, false)}.MustBuild()
	s := Spec{Type: TypeStruct, Fields: []SchemaField{{"a", Of(TypeInt8, true)}, {"l", list}}}.MustBuild()
	v, items := OfStruct(s), OfArray(OfInt8(1), OfInt8(2))
	if n := testing.AllocsPerRun(100, func() {
		if v.Put(0, OfInt8(1)) != nil || v.Put(1, items) != nil {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
