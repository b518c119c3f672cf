package chaos

import (
	"slices"
	"testing"
)

// The checker finds each kind of violation in a history that has it, and nothing in one that has none.
func TestHistory(t *testing.T) {
	good := func(id string, version string) *Record {
		return &Record{ID: id, Key: []byte(id), Value: []byte(`{"id":"` + id + `","version":` + version + `,"x":1.50}`)}
	}
	bad := func(id string) *Record { return &Record{ID: id, Bad: true, Key: []byte(id), Value: []byte(`{"id":`)} }
	letter := func(name, key, value, offset string) *Message {
		return &Message{Key: []byte(key), Value: []byte(value), Headers: map[string][]byte{
			NameHeader: []byte(name), "__connect.errors.partition": []byte("0"), "__connect.errors.offset": []byte(offset)}}
	}
	a1, a2, b1 := `{"id":"a","version":1,"x":1.50}`, `{"id":"a","version":2,"x":1.50}`, `{"id":"b","version":1,"x":1.50}`
	// The partition is a/1, b/1, c/1 (bad), a/2.
	all := func(h *History) {
		h.Wrote([]byte(a1))
		h.Wrote([]byte(b1))
		h.Buried(letter("c/1", "c", `{"id":`, "2"))
		h.Wrote([]byte(a2))
		h.Committed(0, 4)
	}
	for _, tc := range []struct {
		name    string
		happens func(*History)
		final   []string
		want    []Invariant
	}{
		{"all is well", all, []string{a2, b1}, nil},
		{"fields in another order", func(h *History) {
			all(h)
			h.Wrote([]byte(`{"version":1,"x":1.5,"id":"b"}`))
		}, []string{a2, b1}, nil},
		{"a replay steps back and converges", func(h *History) {
			all(h)
			h.Wrote([]byte(a1))
			h.Wrote([]byte(a2))
		}, []string{a2, b1}, nil},
		{"given up in the place of everything", func(h *History) {
			for _, m := range []*Message{letter("a/1", "a", a1, ""), letter("b/1", "b", b1, ""), letter("c/1", "c", `{"id":`, ""), letter("a/2", "a", a2, "")} {
				h.GaveUp(m)
			}
			h.Committed(0, 4)
		}, nil, nil},
		{"a version that was given up need not stay", func(h *History) {
			all(h)
			h.GaveUp(letter("a/2", "a", a2, ""))
			h.Wrote([]byte(a1))
		}, []string{a1, b1}, nil},
		{"a record is lost", func(h *History) {
			h.Wrote([]byte(a1))
			h.Wrote([]byte(a2))
			h.Buried(letter("c/1", "c", `{"id":`, "2"))
		}, []string{a2}, []Invariant{NothingLost, LastVersion}},
		{"a bad record is lost", func(h *History) {
			h.Wrote([]byte(a1))
			h.Wrote([]byte(b1))
			h.Wrote([]byte(a2))
		}, []string{a2, b1}, []Invariant{NothingLost}},
		{"an old version stays", all, []string{a1, b1}, []Invariant{LastVersion}},
		{"a document is gone", all, []string{a2}, []Invariant{LastVersion}},
		{"a dead letter has other bytes", func(h *History) {
			all(h)
			h.Buried(letter("c/1", "c", "\xF7\xF7\xF7", "2"))
		}, []string{a2, b1}, []Invariant{OriginalBytes}},
		{"a dead letter has another key", func(h *History) {
			all(h)
			h.Buried(letter("c/1", "x", `{"id":`, "2"))
		}, []string{a2, b1}, []Invariant{OriginalBytes}},
		{"a dead letter has another header", func(h *History) {
			all(h)
			h.Buried(letter("c/9", "c", `{"id":`, "2"))
		}, []string{a2, b1}, []Invariant{OriginalBytes}},
		{"a given up record of nobody", func(h *History) {
			all(h)
			h.GaveUp(letter("z/1", "z", "z", ""))
		}, []string{a2, b1}, []Invariant{NothingInvented}},
		{"a dead letter names another place", func(h *History) {
			all(h)
			h.Buried(letter("c/1", "c", `{"id":`, "3"))
		}, []string{a2, b1}, []Invariant{OriginalBytes, OnlyBad}},
		{"a good record is a dead letter", func(h *History) {
			all(h)
			h.Buried(letter("b/1", "b", b1, "1"))
		}, []string{a2, b1}, []Invariant{OnlyBad}},
		{"a document of nobody", func(h *History) {
			all(h)
			h.Wrote([]byte(`{"id":"z","version":1}`))
		}, []string{a2, b1}, []Invariant{NothingInvented}},
		{"a document with another's content", func(h *History) {
			all(h)
			h.Wrote([]byte(`{"id":"b","version":1,"x":7}`))
		}, []string{a2, b1}, []Invariant{NothingInvented}},
		{"a document that is none", func(h *History) {
			all(h)
			h.Wrote([]byte(`{"id":"b`))
		}, []string{a2, b1}, []Invariant{NothingInvented}},
		{"a letter of nobody", func(h *History) {
			all(h)
			h.Buried(letter("z/1", "z", "z", "77"))
		}, []string{a2, b1}, []Invariant{NothingInvented}},
		{"a position does not wait", func(h *History) {
			h.Wrote([]byte(a1))
			h.Committed(0, 1)
			h.Committed(0, 2)
			h.Wrote([]byte(b1))
			h.Buried(letter("c/1", "c", `{"id":`, "2"))
			h.Wrote([]byte(a2))
		}, []string{a2, b1}, []Invariant{PositionWaits}},
		{"a position beyond the end", func(h *History) {
			all(h)
			h.Committed(0, 5)
		}, []string{a2, b1}, []Invariant{PositionWaits}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := NewHistory()
			for _, r := range []*Record{good("a", "1"), good("b", "1"), bad("c"), good("a", "2")} {
				h.Produce(r)
			}
			tc.happens(h)
			var final [][]byte
			for _, d := range tc.final {
				final = append(final, []byte(d))
			}
			var got []Invariant
			for _, v := range h.Finish(final) {
				if !slices.Contains(got, v.Invariant) {
					got = append(got, v.Invariant)
				}
			}
			slices.Sort(got)
			slices.Sort(tc.want)
			if !slices.Equal(got, tc.want) {
				t.Errorf("violated: %q, want %q\n%v", got, tc.want, h.Violations())
			}
		})
	}
}
