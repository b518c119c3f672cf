package function

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/deadletter"
	"github.com/connectless/connectless/core/registry/registrytest"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
)

type settings struct {
	URL    string
	Secret config.Password
}

func (s *settings) Define(d *config.Def) {
	d.String(&s.URL, "memo.url", "", "Where to write.", config.Required(), config.Rank(config.High))
	d.Password(&s.Secret, "memo.secret", "", "What to say there.")
}

var memo = connect.Definition{
	Name: "memo-sink", Classes: []string{"com.example.MemoSinkConnector"}, Kind: connect.SinkKind, Version: "1", Doc: "Keeps records.",
	Prefixes: []string{"memo."}, Config: func(string) config.Definer { return &settings{} },
}

type keeper struct{ kept *[]string }

func (k keeper) Put(_ context.Context, batch []*connect.Record) error {
	for _, r := range batch {
		*k.kept = append(*k.kept, string(r.Value.AppendJSON(nil)))
	}
	return nil
}

func connector(more map[string]string) map[string]string {
	props := map[string]string{
		"name": "c", "connector.class": "memo-sink", "topics": "orders", "memo.url": "http://memo",
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
		"transforms": "drop", "transforms.drop.type": "org.apache.kafka.connect.transforms.ReplaceField$Value", "transforms.drop.exclude": "b",
	}
	for k, v := range more {
		props[k] = v
	}
	return props
}

func write(t testing.TB, doc any) string {
	t.Helper()
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "connector.json")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run is the command line with its outputs.
func run(t *testing.T, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	c := command{def: memo, in: strings.NewReader(in), out: &o, err: &e}
	code = c.run(t.Context(), args)
	return code, o.String(), e.String()
}

func TestDocumentForms(t *testing.T) {
	want := map[string]string{"name": "c", "a": "1"}
	for _, tc := range []struct {
		name, text string
		worker     map[string]string
		reports    bool
		err        string
	}{
		{name: "flat", text: `{"name":"c","a":"1"}`},
		{name: "as POSTed", text: `{"name":"c","config":{"a":1}}`},
		{name: "as GET answers", text: `{"name":"c","config":{"name":"c","a":"1"},"tasks":[],"type":"sink"}`},
		{name: "whole", text: `{"name":"c","config":{"a":"1"},"worker":{"bootstrap.servers":"b:1"},"trigger":{"report.batch.item.failures":true}}`,
			worker: map[string]string{"bootstrap.servers": "b:1"}, reports: true},
		{name: "null members", text: `{"name":"c","config":{"a":"1"},"worker":null,"trigger":null}`},
		{name: "misspelt trigger", text: `{"config":{"a":"1"},"trigger":{"report.item.failures":true}}`, err: "report.item.failures"},
		{name: "not JSON", text: `name=c`, err: "x.json"},
		{name: "nested", text: `{"name":"c","config":{"a":{"b":1}}}`, err: `"a"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := ParseDocument([]byte(tc.text), "x.json")
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want one about %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&Document{Config: want, Worker: tc.worker, Trigger: Trigger{tc.reports}}, d); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"name":"c","config":{"a":1},"worker":{"b":"2"},"trigger":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := ParseDocument(b, "x"); err == nil && d.Config == nil {
			t.Error("a document without a configuration")
		}
	})
}

func TestLoadDocument(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := LoadDocument(); err == nil || !strings.Contains(err.Error(), "CONNECTLESS_CONFIG") {
		t.Errorf("error %v, want one that says where to put the configuration", err)
	}
	t.Setenv("CONNECTLESS_CONFIG", ` {"name":"inline"}`)
	if d, err := LoadDocument(); err != nil || d.Config["name"] != "inline" {
		t.Errorf("%v, %v; want the document of the variable", d, err)
	}
	t.Setenv("CONNECTLESS_CONFIG", write(t, map[string]string{"name": "file"}))
	if d, err := LoadDocument(); err != nil || d.Config["name"] != "file" {
		t.Errorf("%v, %v; want the file that the variable names", d, err)
	}
	t.Setenv("CONNECTLESS_CONFIG", "")
	t.Setenv("LAMBDA_TASK_ROOT", filepath.Dir(write(t, map[string]string{"name": "root"})))
	if d, err := LoadDocument(); err != nil || d.Config["name"] != "root" {
		t.Errorf("%v, %v; want the file in the package", d, err)
	}
}

func TestCommandLine(t *testing.T) {
	good := write(t, connector(nil))
	typo := write(t, connector(map[string]string{"memo.secrt": "x"}))
	broken := write(t, connector(map[string]string{"transforms.drop.type": "org.apache.kafka.connect.transforms.ReplaceFeld$Value", "tasks.max": "many"}))
	unresolved := write(t, connector(map[string]string{"memo.secret": "${env:CONNECTLESS_TEST_NOT_SET}"}))
	for _, tc := range []struct {
		name     string
		args     []string
		code     int
		out, err []string
	}{
		{"nothing", nil, exitUsage, nil, []string{"describe", "preview"}},
		{"help", []string{"--help"}, exitOK, []string{"Exit codes"}, nil},
		{"help of a command", []string{"validate", "--help"}, exitOK, []string{"--config", "--strict"}, nil},
		{"unknown command", []string{"descrbe"}, exitUsage, nil, []string{`unknown command "descrbe"`}},
		{"unknown flag", []string{"validate", "--conf", "x"}, exitUsage, nil, []string{"-conf"}},
		{"stray argument", []string{"docs", "x"}, exitUsage, nil, []string{`unexpected argument "x"`}},
		{"docs", []string{"docs"}, exitOK, []string{"`memo.url`", "Where to write."}, nil},
		{"docs of a foreign class", []string{"docs", "--class", "x.Y"}, exitFault, nil, []string{"x.Y is not a class of this connector"}},
		{"good", []string{"validate", "--config", good}, exitOK, []string{"0 errors"}, nil},
		{"near key", []string{"validate", "--config", typo}, exitFault, []string{"memo.secrt", `did you mean "memo.secret"`}, nil},
		{"wrong class and type", []string{"validate", "--config", broken}, exitFault, []string{"ReplaceField$Value", "Not a number of type INT"}, nil},
		{"unresolved reference", []string{"validate", "--config", unresolved}, exitFault, []string{"CONNECTLESS_TEST_NOT_SET", "memo.secret"}, nil},
		{"unresolved reference, offline", []string{"validate", "--offline", "--config", unresolved}, exitOK, []string{"0 errors"}, nil},
		{"effective", []string{"validate", "--effective", "--config", good}, exitOK, []string{"errors.tolerance", "http://memo"}, nil},
		{"as Kafka answers", []string{"validate", "--json", "--config", good}, exitOK, []string{`"error_count":0`}, nil},
		{"no file", []string{"validate", "--config", "/does/not/exist"}, exitFault, nil, []string{"/does/not/exist"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := run(t, "", tc.args...)
			if code != tc.code {
				t.Errorf("exit %d, want %d\n%s%s", code, tc.code, out, errs)
			}
			for _, want := range tc.out {
				if !strings.Contains(out, want) {
					t.Errorf("stdout lacks %q:\n%s", want, out)
				}
			}
			for _, want := range tc.err {
				if !strings.Contains(errs, want) {
					t.Errorf("stderr lacks %q:\n%s", want, errs)
				}
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	code, out, _ := run(t, "", "describe")
	var d Description
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != exitOK {
		t.Fatalf("exit %d, %v:\n%s", code, err, out)
	}
	if d.Name != "memo-sink" || len(d.Keys) != 2 || d.Keys[0].Name != "memo.url" || !d.Keys[0].Required {
		t.Errorf("described as %+v", d)
	}
}

func TestPreview(t *testing.T) {
	tolerant := write(t, connector(map[string]string{"errors.tolerance": "all"}))
	strict := write(t, connector(map[string]string{"memo.secret": "${env:CONNECTLESS_TEST_NOT_SET}"}))
	filtered := write(t, connector(map[string]string{"transforms": "f", "transforms.f.type": "org.apache.kafka.connect.transforms.Filter"}))
	for _, tc := range []struct{ name, config, in, want string }{
		{"a value", tolerant, `{"a":1,"b":2}`,
			`{"at":"orders-0@0","record":{"topic":"orders","partition":0,"timestamp":-1,"key_schema":"string?","key":null,"value":{"a":1}}}`},
		{"a record", tolerant, `{"topic":"t","partition":2,"offset":7,"timestamp":5,"key":"k","value":{"a":1.50,"b":2},"headers":{"h":"x"}}`,
			`{"at":"t-2@7","record":{"topic":"t","partition":2,"timestamp":5,"key_schema":"string?","key":"k","value":{"a":1.50},"headers":[{"name":"h","schema":"string","value":"x"}]}}`},
		{"a tombstone", tolerant, `{"key_base64":"aw==","value":null}`,
			`{"at":"orders-0@0","record":{"topic":"orders","partition":0,"timestamp":-1,"key_schema":"string?","key":"k","value":null}}`},
		{"broken JSON is a dead letter", tolerant, `{"a":`,
			`{"at":"orders-0@0","dead_letter":{"stage":"VALUE_CONVERTER","class":"org.apache.kafka.connect.json.JsonConverter","exception":"org.apache.kafka.connect.errors.DataException","message":"Converting byte[] to Kafka Connect data failed due to serialization error: "}}`},
		{"a failing transform", tolerant, `[1]`,
			`{"at":"orders-0@0","dead_letter":{"stage":"TRANSFORMATION","class":"org.apache.kafka.connect.transforms.ReplaceField$Value","exception":"org.apache.kafka.connect.errors.DataException","message":"Only Map objects supported in absence of schema for [field replacement], found: java.util.ArrayList"}}`},
		{"a failure where none is tolerated", strict, `[1]`,
			`{"at":"orders-0@0","failed":{"stage":"TRANSFORMATION","class":"org.apache.kafka.connect.transforms.ReplaceField$Value","exception":"org.apache.kafka.connect.errors.DataException","message":"Only Map objects supported in absence of schema for [field replacement], found: java.util.ArrayList"}}`},
		{"filtered", filtered, `{"a":1}`, `{"at":"orders-0@0","filtered":true}`},
		{"several lines, one empty", tolerant, "{\"a\":1}\r\n\n{\"a\":2}",
			`{"at":"orders-0@0","record":{"topic":"orders","partition":0,"timestamp":-1,"key_schema":"string?","key":null,"value":{"a":1}}}` + "\n" +
				`{"at":"orders-0@2","record":{"topic":"orders","partition":0,"timestamp":-1,"key_schema":"string?","key":null,"value":{"a":2}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := run(t, tc.in, "preview", "--config", tc.config)
			if code != exitOK {
				t.Fatalf("exit %d: %s", code, errs)
			}
			if diff := cmp.Diff(tc.want+"\n", out); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// What each transform did, whatever becomes of the record.
func TestPreviewSteps(t *testing.T) {
	const transforms = "org.apache.kafka.connect.transforms."
	path := write(t, connector(map[string]string{
		"errors.tolerance": "all", "transforms": "flat,head,cast,skip", "predicates": "never", "value.converter.schemas.enable": "true",
		"predicates.never.type": transforms + "predicates.RecordIsTombstone",
		"transforms.flat.type":  transforms + "Flatten$Value",
		"transforms.head.type":  transforms + "InsertHeader", "transforms.head.header": "h", "transforms.head.value.literal": "5",
		"transforms.cast.type": transforms + "Cast$Value", "transforms.cast.spec": "n:int8",
		"transforms.skip.type": transforms + "Filter", "transforms.skip.predicate": "never",
	}))
	in := func(n string) string {
		return `{"schema":{"type":"struct","name":"s.S","fields":[{"field":"n","type":"string"},{"field":"a","type":"struct","fields":[{"field":"b","type":"int64","optional":true,"default":3}]}]},"payload":{"n":"` + n + `","a":{"b":2}}}` + "\n"
	}
	code, out, errs := run(t, in("7")+in("x"), "preview", "--steps", "--config", path)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	flat := `{"transform":"flat","class":"` + transforms + `Flatten$Value","changes":[{"at":"value.a","was":{"b":2}},{"at":"value[\"a.b\"]","is":2},` +
		`{"at":"value_schema","was":"struct s.S{n: string, a: struct{b: int64? = 3}}","is":"struct s.S{n: string, a.b: int64? = 3}"}]},` +
		`{"transform":"head","class":"` + transforms + `InsertHeader","changes":[{"at":"headers","is":[{"name":"h","schema":"int8","value":5}]}]},` +
		`{"transform":"cast","class":"` + transforms + `Cast$Value",`
	want := `{"at":"orders-0@0","record":{"topic":"orders","partition":0,"timestamp":-1,"key_schema":"string?","key":null,` +
		`"value_schema":"struct s.S{n: int8, a.b: int64? = 3}","value":{"n":7,"a.b":2},"headers":[{"name":"h","schema":"int8","value":5}]},` +
		`"steps":[` + flat + `"changes":[{"at":"value.n","was":"7","is":7},` +
		`{"at":"value_schema","was":"struct s.S{n: string, a.b: int64? = 3}","is":"struct s.S{n: int8, a.b: int64? = 3}"}]},` +
		`{"transform":"skip","class":"` + transforms + `Filter","skipped":true}]}` + "\n" +
		`{"at":"orders-0@1","dead_letter":{"stage":"TRANSFORMATION","class":"` + transforms + `Cast$Value","exception":"org.apache.kafka.connect.errors.DataException","message":"` +
		`Value (x) was out of range for requested data type"},"steps":[` + flat + `"failed":true}]}` + "\n"
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// Every converter shows in a preview what it makes of a record: bytes come as Base64, Avro's schemas from the registry.
func TestPreviewConverters(t *testing.T) {
	reg := registrytest.New(t)
	id, _, err := reg.Register("orders-value", `{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"n","type":["null","int"],"default":null},{"name":"tags","type":{"type":"array","items":"string"}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	avro := binary.BigEndian.AppendUint32([]byte{0}, uint32(id))
	avro = append(avro, 2, 14, 2, 2, 'x', 0) // n is 7, tags are ["x"]
	for _, tc := range []struct {
		converter, value, want string
	}{
		{"io.confluent.connect.avro.AvroConverter", string(avro), `"value_schema":"struct shop.Order@1{n: int32?, tags: array<string>}","value":{"n":7,"tags":["x"]}`},
		{"org.apache.kafka.connect.json.JsonConverter", `{"schema":{"type":"map","keys":{"type":"string"},"values":{"type":"int64"}},"payload":{"a":1}}`, `"value_schema":"map<string, int64>","value":{"a":1}`},
		{"org.apache.kafka.connect.storage.StringConverter", "x", `"value_schema":"string?","value":"x"`},
		{"org.apache.kafka.connect.converters.ByteArrayConverter", "\x00\x01", `"value_schema":"bytes?","value":"AAE="`},
		{"org.apache.kafka.connect.converters.ShortConverter", "\x00\x05", `"value_schema":"int16?","value":5`},
		{"org.apache.kafka.connect.converters.IntegerConverter", "\x00\x00\x00\x05", `"value_schema":"int32?","value":5`},
		{"org.apache.kafka.connect.converters.LongConverter", "\x00\x00\x00\x00\x00\x00\x00\x05", `"value_schema":"int64?","value":5`},
		{"org.apache.kafka.connect.converters.FloatConverter", "\x3f\x80\x00\x00", `"value_schema":"float32?","value":1.0`},
		{"org.apache.kafka.connect.converters.DoubleConverter", "\x3f\xf0\x00\x00\x00\x00\x00\x00", `"value_schema":"float64?","value":1.0`},
		{"org.apache.kafka.connect.converters.BooleanConverter", "\x01", `"value_schema":"boolean?","value":true`},
	} {
		t.Run(tc.converter, func(t *testing.T) {
			props := connector(map[string]string{"value.converter": tc.converter, "value.converter.schema.registry.url": reg.URL(), "value.converter.schemas.enable": "true"})
			delete(props, "transforms")
			in := `{"value_base64":"` + base64.StdEncoding.EncodeToString([]byte(tc.value)) + `"}`
			code, out, errs := run(t, in, "preview", "--config", write(t, props))
			if code != exitOK || !strings.Contains(out, tc.want) {
				t.Errorf("exit %d, printed %s%s\nwant %s", code, out, errs, tc.want)
			}
		})
	}
}

// The whole pipeline, from an event to the connector.
func TestNewSink(t *testing.T) {
	var kept []string
	open := func(_ context.Context, s config.Definer) (connect.Sink, error) {
		if s.(*settings).URL != "http://memo" {
			t.Errorf("opened with %+v", s)
		}
		return keeper{&kept}, nil
	}
	s, err := NewSink(t.Context(), memo, open, &Document{Config: connector(nil)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	result, _ := s.Run(t.Context(), func(m *trigger.Messages, alloc func(int) []byte) error {
		m.Messages = append(m.Messages[:0], trigger.Message{Topic: "orders", Value: []byte(`{"a":1.0,"b":{"c":1}}`)})
		return nil
	})
	if diff := cmp.Diff([]string{`{"a":1.0}`}, kept); diff != "" || result.Err != nil {
		t.Errorf("%v, kept (-want +got):\n%s", result.Err, diff)
	}
}

func TestNewSinkRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		props map[string]string
		want  string
	}{
		{"missing key", map[string]string{"memo.url": "${env:CONNECTLESS_TEST_NOT_SET}"}, "CONNECTLESS_TEST_NOT_SET"},
		{"foreign class", map[string]string{"connector.class": "org.example.Other"}, "org.example.Other"},
		{"dead letters without a broker", map[string]string{"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dlq"}, "bootstrap.servers"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewSink(t.Context(), memo, nil, &Document{Config: connector(tc.props)}, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tc.want) || connect.Classify(err) != connect.ClassFatal {
				t.Errorf("error %v, want a fatal one about %q", err, tc.want)
			}
		})
	}
}

// Dead letters go to an object; while the bucket refuses them, no position passes the record.
func TestDeadLettersInS3(t *testing.T) {
	refusing, objects := true, map[string]string{}
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || refusing {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		objects[r.URL.Path] = string(body)
	}))
	defer s3.Close()
	for k, v := range map[string]string{"AWS_ENDPOINT_URL_S3": s3.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"} {
		t.Setenv(k, v)
	}
	doc := &Document{Config: connector(map[string]string{"errors.tolerance": "all", "errors.deadletterqueue.target": "s3://dead/c", "errors.deadletterqueue.context.headers.enable": "true"})}
	var kept []string
	open := func(context.Context, config.Definer) (connect.Sink, error) { return keeper{&kept}, nil }
	sink, err := Options{OpenTarget: deadletter.Open}.NewSink(t.Context(), memo, open, doc, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	invoke := func() trigger.Result {
		result, _ := sink.Run(t.Context(), func(m *trigger.Messages, _ func(int) []byte) error {
			m.Messages = append(m.Messages[:0], trigger.Message{Topic: "orders", Offset: 7, Value: []byte(`{"a":`)})
			return nil
		})
		return result
	}
	if result := invoke(); result.Err == nil || len(objects) > 0 {
		t.Errorf("refused: %+v, objects %v; want the record to come again", result, objects)
	}
	refusing = false
	if result := invoke(); result.Err != nil {
		t.Fatal(result.Err)
	}
	object := objects["/dead/c/orders/0/0000000000000000007.json"]
	for _, want := range []string{`"value":"eyJhIjo="`, `"__connect.errors.topic"`, `"__connect.errors.exception.stacktrace"`} {
		if !strings.Contains(object, want) {
			t.Errorf("no %s in %s; objects %v", want, object, objects)
		}
	}
}

// A binary without AWS's SDK refuses the key where it would run.
func TestTargetThatIsNotLinked(t *testing.T) {
	if openTarget != nil {
		t.Log("this build links it; the test is of builds without")
		return
	}
	doc := &Document{Config: connector(map[string]string{"errors.deadletterqueue.target": "s3://dead/c"})}
	_, err := NewSink(t.Context(), memo, nil, doc, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "elsewhere build with -tags secretsmanager") || connect.Classify(err) != connect.ClassFatal {
		t.Errorf("error %v", err)
	}
}

// The line of an invocation is a metric record of CloudWatch: every metric it declares is a number beside the declaration.
func TestInvocationLine(t *testing.T) {
	var b bytes.Buffer
	stats := &task.Stats{Read: 5, Written: 3, DeadLettered: 1, Failed: 1, Bytes: 900, Newest: 1000, Duration: 1500 * time.Microsecond}
	result := trigger.Result{Failed: []trigger.Position{{Topic: "t", Partition: 1, Offset: 9}}, Err: connect.Retriable(errors.New("throttled"))}
	logInvocation(t.Context(), newLog(&b), true, "c", time.UnixMilli(3500), result, stats)
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, b.String())
	}
	for key, want := range map[string]any{"msg": "invocation", "level": "ERROR", "connector": "c", "read": 5.0, "written": 3.0, "dead_lettered": 1.0, "failed": 1.0,
		"lag_ms": 2500.0, "duration_ms": 1.5, "batch_bytes": 900.0, "error": "throttled", "from": "t-1@9"} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
	directive := line["_aws"].(map[string]any)
	if directive["Timestamp"] != 3500.0 {
		t.Errorf("timestamp %v", directive["Timestamp"])
	}
	metrics := directive["CloudWatchMetrics"].([]any)[0].(map[string]any)
	for _, m := range metrics["Metrics"].([]any) {
		name := m.(map[string]any)["Name"].(string)
		if _, ok := line[name].(float64); !ok {
			t.Errorf("metric %s is %v, not a number", name, line[name])
		}
	}
	b.Reset()
	logInvocation(t.Context(), newLog(&b), false, "c", time.UnixMilli(3500), trigger.Result{}, stats)
	if strings.Contains(b.String(), "_aws") || !strings.Contains(b.String(), `"level":"INFO"`) {
		t.Errorf("elsewhere: %s", b.String())
	}
}
