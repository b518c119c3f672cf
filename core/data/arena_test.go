package data

import (
	"bytes"
	"strings"
	"testing"
)

func TestWarmArenaDoesNotAllocate(t *testing.T) {
	doc := orders(1)[0]
	a := NewArena()
	var out []byte
	run := func() {
		a.Reset()
		v, _, err := ParseJSON(a, doc)
		if err != nil {
			t.Fatal(err)
		}
		v.Set("added", OfInt64(1))
		v.Delete("internal_note")
		out = v.AppendJSON(out[:0])
		open(&v) // down to the last item
		out = v.AppendJSON(out[:0])
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("parsing and encoding a document allocates %v times", n)
	}
}

// A value that outlives its batch must show: as poison, as a panic, or not at all, but never as another batch's text.
func TestPoisonOnReset(t *testing.T) {
	a := NewArena()
	a.PoisonOnReset()
	const secret = `{"of":["the","first"],"esc":"\u0061bc"}`
	b := a.Alloc(len(secret))
	copy(b, secret)
	kept, _, err := ParseJSON(a, b)
	if err != nil {
		t.Fatal(err)
	}
	clone := kept.Clone()
	text := *kept.Get("esc")
	if text.Text() != "abc" {
		t.Fatal(text.Text())
	}
	span := *kept.Get("of")
	a.Reset()
	for name, v := range map[string]Value{"an opened map": kept, "a span": span} {
		if out := v.AppendJSON(nil); strings.Trim(string(out), string([]byte{Poison})+`{}":`) != "" {
			t.Errorf("%s reads as %q after the reset", name, out)
		}
	}
	if got := strings.Trim(text.Text(), string([]byte{Poison})); got != "" {
		t.Errorf("a kept string reads as %q after the reset", got)
	}
	for _, c := range b {
		if c != Poison {
			t.Fatalf("the batch's bytes are %q after the reset", b)
		}
	}
	if got := string(clone.AppendJSON(nil)); got != `{"of":["the","first"],"esc":"\u0061bc"}` {
		t.Errorf("the clone is %s after the reset", got)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("looking into a kept span after the reset did not panic")
			}
		}()
		span.Items()
	}()
}

func TestArenaRecyclesMemory(t *testing.T) {
	a := NewArena()
	fill := func() {
		for range 1000 {
			copy(a.Alloc(100), bytes.Repeat([]byte("x"), 100))
			a.MakeFields(3, 10)
			a.MakeValues(5)
			a.Map(nil)
		}
	}
	fill()
	size := a.Size()
	if size < 1000*100 {
		t.Errorf("an arena with 100 kB in it says it holds %d bytes", size)
	}
	for range 10 {
		a.Reset()
		fill()
	}
	if a.Size() != size {
		t.Errorf("the arena grew from %d to %d bytes for the same content", size, a.Size())
	}
}

func TestArenaMemoryIsNull(t *testing.T) {
	a := NewArena()
	for range 2 { // the second time it is recycled
		for _, v := range a.MakeValues(300) {
			if !v.IsNull() {
				t.Fatal("a made value is not null")
			}
		}
		for _, f := range a.MakeFields(300, 600)[:600] {
			if f.Name != "" || !f.Value.IsNull() {
				t.Fatal("a made field is not empty")
			}
		}
		a.Reset()
		v := a.MakeValues(300)
		for i := range v {
			v[i] = OfString("old")
		}
		f := a.MakeFields(600, 600)
		for i := range f {
			f[i] = F("old", OfInt8(1))
		}
		a.Reset()
	}
}

func TestLargePiecesDoNotOverlap(t *testing.T) {
	a := NewArena()
	var pieces [][]byte
	for i, n := range []int{10, 70 << 10, 10, 3 << 20, 1, 64 << 10, 0, 5} {
		p := a.Alloc(n)
		if len(p) != n || cap(p) != n {
			t.Fatalf("asked for %d bytes, got %d of %d", n, len(p), cap(p))
		}
		for k := range p {
			p[k] = byte(i)
		}
		pieces = append(pieces, p)
	}
	for i, p := range pieces {
		if bytes.Count(p, []byte{byte(i)}) != len(p) {
			t.Errorf("piece %d was overwritten", i)
		}
	}
}

// commas is a code: items are separated by commas.
type commas struct{}

func (commas) Expand(a *Arena, raw []byte) Value {
	var items []Value
	for _, item := range bytes.Split(raw, []byte{','}) {
		items = append(items, a.Text(item))
	}
	return a.Array(items)
}

func (commas) AppendJSON(dst, raw []byte) []byte {
	return append(append(append(dst, '<'), raw...), '>')
}

// A value that is encoded is written by its code until somebody looks inside.
func TestCoded(t *testing.T) {
	a := NewArena()
	v := a.Coded(Array, nil, commas{}, []byte("x,y"))
	c := v.Clone()
	if got := string(v.AppendJSON(nil)); got != "<x,y>" {
		t.Errorf("encoded: %s", got)
	}
	if v.Kind() != Array || v.Len() != 2 || v.Items()[1].Text() != "y" {
		t.Errorf("looked into: %s", v.JavaText())
	}
	if got := string(v.AppendJSON(nil)); got != `["x","y"]` {
		t.Errorf("looked into: %s", got)
	}
	if got := string(c.AppendJSON(nil)); got != "<x,y>" || !c.Equal(&v) {
		t.Errorf("the copy: %s", got)
	}
	if err := c.CheckSchemaless(); err != nil {
		t.Error(err)
	}
}
