package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/data"
)

// query is one request to Kafka Connect's code; which fields it has depends on Op.
type query struct {
	ID     string            `json:"id"`
	Op     string            `json:"op"`
	Class  string            `json:"class"`
	Config map[string]string `json:"config"`

	Record  json.RawMessage   `json:"record"`
	Records []json.RawMessage `json:"records"`
	Stages  []stage           `json:"stages"`
	Type    string            `json:"type"` // of a connector: sink or source

	IsKey   bool            `json:"isKey"`
	Topic   string          `json:"topic"`
	Name    *string         `json:"name"`
	Bytes   *string         `json:"bytes"` // base64
	Text    *string         `json:"text"`
	Headers json.RawMessage `json:"headers"`
	Schema  json.RawMessage `json:"schema"`
	Value   json.RawMessage `json:"value"`
	Method  string          `json:"method"`
	Scale   *int32          `json:"scale"`
	Source  json.RawMessage `json:"source"`
	Target  json.RawMessage `json:"target"`
	A       json.RawMessage `json:"a"`
	B       json.RawMessage `json:"b"`
	Scope   string          `json:"scope"`
	Subject string          `json:"subject"`
	Avro    json.RawMessage `json:"avro"`
}

// stage is one transform of the op "chain".
type stage struct {
	Class     string            `json:"class"`
	Config    map[string]string `json:"config"`
	Negate    bool              `json:"negate"`
	Predicate *struct {
		Class  string            `json:"class"`
		Config map[string]string `json:"config"`
	} `json:"predicate"`
}

// An op asks our code what a query asked Java's. The answer is any value whose JSON has the shape that vectors have; an
// error is a *data.Error, wrapped by [at] to say at which stage it arose ("call" otherwise). [errUnknown] says that the
// op knows its kind of question but has nothing to ask, which is a failure.
type op func(q *query) (answer any, err error)

// errUnknown is the answer to what we have no code for.
var errUnknown = errors.New("not implemented")

// ops is every op that is run, in the file of its subject (ops_*_test.go).
var ops = merge(transformOps, valuesOps, convertOps, avroOps)

func merge(tables ...map[string]op) map[string]op {
	all := map[string]op{}
	for _, t := range tables {
		for name, f := range t {
			all[name] = f
		}
	}
	return all
}

// javaOnly are ops that ask Java about its own plug-ins.
var javaOnly = []string{"configDef", "validateConfig", "configProvider", "configTransform", "srDump"}

type stagedError struct {
	stage string
	err   error
}

func (e *stagedError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *stagedError) Unwrap() error { return e.err }

// at says at which stage an error arose: configure, input, apply or call.
func at(stage string, err error) error {
	if err == nil {
		return err
	}
	return &stagedError{stage, err}
}

// failure is an error in the shape of the vectors.
type failure struct {
	Stage   string `json:"stage"`
	Class   string `json:"class"`
	Message string `json:"message"`
}

func failureOf(err error) failure {
	f := failure{Stage: "call"}
	var s *stagedError
	if errors.As(err, &s) {
		f.Stage = s.stage
	}
	var d *data.Error
	if !errors.As(err, &d) {
		f.Class, f.Message = "no Java class", err.Error()
		return f
	}
	f.Class, f.Message = d.Class, d.Message
	return f
}

// counts is how often something happened, by name.
type counts map[string]int

func (c counts) total() int {
	n := 0
	for _, v := range c {
		n += v
	}
	return n
}

func (c counts) print(w io.Writer, title string) {
	if len(c) == 0 {
		return
	}
	names := make([]string, 0, len(c))
	for n := range c {
		names = append(names, n)
	}
	sort.Strings(names)
	fmt.Fprintf(w, "%s: %d\n", title, c.total())
	for _, n := range names {
		fmt.Fprintf(w, "  %-40s %5d\n", n, c[n])
	}
}

var passed, failed, skipped = counts{}, counts{}, counts{}

func TestMain(m *testing.M) {
	code := m.Run()
	passed.print(os.Stdout, "passed")
	failed.print(os.Stdout, "failed")
	skipped.print(os.Stdout, "asks about Java's plug-ins, skipped")
	fmt.Printf("%d passed, %d failed\n", passed.total(), failed.total())
	os.Exit(code)
}

func TestVectors(t *testing.T) {
	files := find(t, "testdata")
	if len(files) == 0 {
		t.Fatal("testdata holds no vectors")
	}
	if dir := os.Getenv("CONNECT_VECTORS"); dir != "" {
		more := find(t, dir)
		if len(more) == 0 {
			t.Errorf("CONNECT_VECTORS=%s holds no *.jsonl", dir)
		}
		files = append(files, more...)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".jsonl"), func(t *testing.T) { runFile(t, f) })
	}
}

func find(t *testing.T, dir string) []string {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".jsonl") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

// runFile runs the lines of a file in order: some ops keep state (a schema registry) from line to line.
func runFile(t *testing.T, path string) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		if len(strings.TrimSpace(lines.Text())) > 0 {
			runLine(t, fmt.Sprintf("%s:%d", filepath.Base(path), n), lines.Bytes())
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func runLine(t *testing.T, where string, line []byte) {
	var v struct {
		Q json.RawMessage `json:"q"`
		A json.RawMessage `json:"a"`
	}
	var q query
	err := json.Unmarshal(line, &v)
	if err == nil {
		err = json.Unmarshal(v.Q, &q)
	}
	if err != nil {
		t.Errorf("%s: %v", where, err)
		failed["unreadable"]++
		return
	}
	name := q.Op
	if q.Class != "" {
		name += " " + simpleClass(q.Class)
	}
	if slices.Contains(javaOnly, q.Op) {
		skipped[q.Op]++
		return
	}
	f := ops[q.Op]
	if f == nil {
		f = func(*query) (any, error) { return nil, errUnknown }
	}
	answer, err := ask(f, &q)
	got := map[string]any{"ok": answer}
	if err != nil {
		got = map[string]any{"error": failureOf(err)}
	}
	if diff := compare(v.A, got); diff != "" {
		failed[name]++
		t.Errorf("%s (%s %s): we differ from Java (-Java +ours):\n%s", q.ID, where, name, diff)
		return
	}
	passed[name]++
}

// ask runs an op; a panic is an answer too, a wrong one.
func ask(f op, q *query) (answer any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f(q)
}

func simpleClass(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }
