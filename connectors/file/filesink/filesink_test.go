package filesink

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/connectless/connectless/connectors/file"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/connect/connecttest"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

func open(t testing.TB, path string) connect.Sink {
	t.Helper()
	s, err := Open(context.Background(), &file.SinkConfig{File: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

var row = regexp.MustCompile(`\{id=(.*), n=(-?\d+)\}`)

func TestSuite(t *testing.T) {
	connecttest.Sink(t, connecttest.SinkDriver{
		KeepsAll:  true,
		Tombstone: connecttest.Stored,
		Fill: func(r *connect.Record, id string, n int) {
			r.Value = data.OfMap(data.F("id", data.OfString(id)), data.F("n", data.OfInt64(int64(n))))
		},
		New: func(t testing.TB) *connecttest.SinkTarget {
			path := filepath.Join(t.TempDir(), "out.txt")
			return &connecttest.SinkTarget{
				Open: func(ctx context.Context) (connect.Sink, error) { return open(t, path), nil },
				Written: func() []connecttest.Row {
					var rows []connecttest.Row
					for _, m := range row.FindAllStringSubmatch(read(t, path), -1) {
						n, err := strconv.Atoi(m[2])
						if err != nil {
							t.Fatal(err)
						}
						rows = append(rows, connecttest.Row{ID: m[1], N: n})
					}
					return rows
				},
			}
		},
	})
}

func records(from int, values ...string) []*connect.Record {
	var batch []*connect.Record
	for i, v := range values {
		batch = append(batch, &connect.Record{Topic: "t", Value: data.OfString(v), Origin: &trigger.Message{Topic: "t", Offset: int64(from + i)}})
	}
	return batch
}

func put(t *testing.T, s connect.Sink, batch []*connect.Record) {
	t.Helper()
	if err := s.Put(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// A topic that was created anew has other records at the same offsets: they are not taken for repetitions.
func TestSameOffsetOtherContent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	s := open(t, path)
	put(t, s, records(0, "a", "b"))
	put(t, s, records(0, "a", "c"))
	if got := read(t, path); got != "a\nb\nc\n" {
		t.Errorf("the file is %q", got)
	}
}

// Lines without memory are those of a process that was killed: their batch comes again.
func TestTornTailIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	put(t, open(t, path), records(0, "a"))
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("b\nhalf a li"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, path), records(1, "b", "c"))
	if got := read(t, path); got != "a\nb\nc\n" {
		t.Errorf("the file is %q", got)
	}
}

// What stands in a file that the sink did not write stays.
func TestForeignContentStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	if err := os.WriteFile(path, []byte("header\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, open(t, path), records(0, "a"))
	if got := read(t, path); got != "header\na\n" {
		t.Errorf("the file is %q", got)
	}
}

func TestConcurrentWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			s := open(t, path)
			for i := range 20 {
				batch := records(i*2, fmt.Sprintf("%d/%d", w, i*2), fmt.Sprintf("%d/%d", w, i*2+1))
				for _, r := range batch {
					r.Origin.Partition = int32(w)
				}
				if err := s.Put(t.Context(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(read(t, path), "\n"), "\n")
	next := map[string]int{}
	for _, l := range lines {
		w, n, _ := strings.Cut(l, "/")
		if n != strconv.Itoa(next[w]) {
			t.Fatalf("writer %s: line %s, want %d", w, n, next[w])
		}
		next[w]++
	}
	if len(lines) != 160 {
		t.Errorf("%d lines, want 160", len(lines))
	}
}

func TestWrongPath(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "missing", "out.txt"), dir} {
		err := open(t, path).Put(t.Context(), records(0, "a"))
		if connect.Classify(err) != connect.ClassFatal || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want a fatal error that names it", path, err)
		}
	}
}

func TestBrokenMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.txt")
	if err := os.WriteFile(path+suffix, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Put(t.Context(), records(0, "a")); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}

// A memory that is broken, whatever way, neither panics nor costs a line: the file keeps what it has, and what is put is in
// it or refused.
func FuzzMemory(f *testing.F) {
	for _, seed := range []string{
		`{"size":4,"records":{"orders-0":{"0":1}}}`, `{"size":2,"records":{}}`, `{"size":99,"records":{"orders-0":null}}`,
		`{}`, `null`, `{"records":{}}`, `{"size":4}`, `{"size":-1,"records":{}}`, `{"size":4,"records":{"x":{"a":1}}}`, "{",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, memory []byte) {
		path := filepath.Join(t.TempDir(), "out.txt")
		for file, content := range map[string]string{path: "old\n", path + suffix: string(memory)} {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := open(t, path).Put(t.Context(), records(0, "new"))
		got := read(t, path)
		if err != nil {
			if got != "old\n" {
				t.Errorf("%v, and the file has %q", err, got)
			}
			return
		}
		m, err := readMemory(path)
		if err != nil || m.Size != int64(len(got)) {
			t.Errorf("afterwards the memory is %+v, %v; the file has %d bytes", m, err, len(got))
		}
	})
}
