package deadletter_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/trigger"
	"github.com/connectless/connectless/infra/local/internal/deadletter"
)

// letter is what the engine writes for a message, as it is read again.
func letter(m *trigger.Message, cause error, offset int64) *kgo.Record {
	p := errpolicy.Policy{Connector: "c", Topic: "dead", Headers: true}
	written := p.Letter(m, &errpolicy.Failure{Stage: errpolicy.ValueConverter, Class: "x.Converter", Err: cause})
	r := &kgo.Record{Topic: "dead", Offset: offset, Timestamp: time.UnixMilli(written.Timestamp), Key: m.Key, Value: m.Value}
	for _, h := range written.Headers {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Raw})
	}
	return r
}

func message(value string) *trigger.Message {
	return &trigger.Message{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1234, Value: []byte(value),
		Headers: []trigger.Header{{Key: "h", Value: []byte{0, 0xff}}, {Key: "h"}}}
}

func TestParse(t *testing.T) {
	l := deadletter.Parse(letter(message("x"), connect.DataError(errString(`no "x" at 7`)), 5))
	want := &deadletter.Letter{
		At: deadletter.Position{Topic: "dead", Offset: 5}, Timestamp: time.UnixMilli(1234), Value: []byte("x"),
		Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{0, 0xff}}, {Key: "h"}},
		Origin:  deadletter.Position{Topic: "orders", Partition: 3, Offset: 42}, Known: true,
		Connector: "c", Task: "0", Stage: "VALUE_CONVERTER", Class: "x.Converter",
		Exception: "org.apache.kafka.connect.errors.DataException", Message: `no "x" at 7`,
		Stacktrace: `org.apache.kafka.connect.errors.DataException: no "x" at 7`,
	}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	plain := deadletter.Parse(&kgo.Record{Topic: "dead", Value: []byte("x"), Headers: []kgo.RecordHeader{
		{Key: errpolicy.HeaderTopic, Value: []byte("orders")}, {Key: errpolicy.HeaderPartition, Value: []byte("3")}, {Key: errpolicy.HeaderOffset, Value: []byte("many")}}})
	if plain.Known || len(plain.Headers) != 0 {
		t.Errorf("a letter with a wrong offset is from %v, headers %v", plain.Origin, plain.Headers)
	}
	again := letter(message("x"), errString("first"), 5)
	again.Headers = append(again.Headers, kgo.RecordHeader{Key: errpolicy.HeaderTopic, Value: []byte("dead")})
	if l := deadletter.Parse(again); l.Origin.Topic != "dead" {
		t.Errorf("a letter of a letter is from %s, want the last that says so", l.Origin.Topic)
	}
}

type errString string

func (e errString) Error() string { return string(e) }

func TestIdentity(t *testing.T) {
	first := deadletter.Parse(letter(message("x"), errString("a"), 1))
	for _, tc := range []struct {
		name  string
		other *kgo.Record
		same  bool
	}{
		{"a copy", letter(message("x"), errString("a"), 2), true},
		{"that failed for another reason", letter(message("x"), errString("b"), 3), true},
		{"the same position of a topic that was created anew", letter(message("y"), errString("a"), 2), false},
		{"empty is not null", letter(&trigger.Message{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1234, Key: []byte{}, Value: []byte("x"), Headers: message("").Headers}, errString("a"), 2), false},
		{"another position", letter(&trigger.Message{Topic: "orders", Partition: 3, Offset: 43, Timestamp: 1234, Value: []byte("x"), Headers: message("").Headers}, errString("a"), 2), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if same := first.Identity() == deadletter.Parse(tc.other).Identity(); same != tc.same {
				t.Errorf("the same: %t, want %t", same, tc.same)
			}
		})
	}
	a, b := deadletter.Parse(&kgo.Record{Topic: "dead", Offset: 1}), deadletter.Parse(&kgo.Record{Topic: "dead", Offset: 2})
	if a.Identity() == b.Identity() {
		t.Error("letters that do not say where they are from were folded")
	}
}

func TestNormalize(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"Unexpected end-of-input at line: 1, column: 7", "Unexpected end-of-input at line: 12, column: 345", "Unexpected end-of-input at line: …, column: …"},
		{`Field "name" is 'x'`, `Field "a \" b" is ''`, "Field … is …"},
		{"document 3f2504e0-4f89-11d3-9a0c-0305e82c3301 is 2097153 bytes", "document 9f2504e0-4f89-11d3-9a0c-0305e82c3301 is 9 bytes", "document … is … bytes"},
		{"at 2024-02-03 10:11:12.5", "at 2025-12-31 00:00:00.0", "at … …"},
		{"org.x.Y@1f2e3d4c\n\tbroke", "org.x.Y@aaaaa broke", "org.x.Y… broke"},
		{"value -1.5e10 or 0xFF", "value 3 or 0x1", "value … or …"},
		{"No group 1 in UTF-8", "No group 2 in UTF-8", "No group … in UTF…"},
		{"", "", ""},
	} {
		for _, message := range []string{tc.a, tc.b} {
			if got := deadletter.Normalize(message); got != tc.want {
				t.Errorf("%q becomes %q, want %q", message, got, tc.want)
			}
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add(`Field "a" at 7: 'x' 2024-01-02 0xff`)
	f.Fuzz(func(t *testing.T, message string) {
		once := deadletter.Normalize(message)
		if strings.ContainsAny(once, "\n\t") {
			t.Errorf("%q has several lines", once)
		}
	})
}

func TestFilter(t *testing.T) {
	l := deadletter.Parse(letter(message("x"), connect.DataError(errString("no 7")), 5))
	ranges := func(s string) deadletter.Range {
		t.Helper()
		r, err := deadletter.ParseRange(s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, tc := range []struct {
		name   string
		filter deadletter.Filter
		want   bool
	}{
		{"all", deadletter.Filter{}, true},
		{"offset", deadletter.Filter{Offset: ranges("5")}, true},
		{"offsets", deadletter.Filter{Offset: ranges("3-5"), Partition: ranges("0-")}, true},
		{"other offsets", deadletter.Filter{Offset: ranges("6-")}, false},
		{"another partition", deadletter.Filter{Partition: ranges("1-2")}, false},
		{"since", deadletter.Filter{Since: time.UnixMilli(1234)}, true},
		{"since later", deadletter.Filter{Since: time.UnixMilli(1235)}, false},
		{"reason", deadletter.Filter{Reason: l.Reason().ID()}, true},
		{"class", deadletter.Filter{Reason: "x.Converter"}, true},
		{"message", deadletter.Filter{Reason: "no 7"}, true},
		{"another reason", deadletter.Filter{Reason: "TASK_PUT"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.filter.Takes(l); got != tc.want {
				t.Errorf("it takes the letter: %t, want %t", got, tc.want)
			}
		})
	}
	for _, wrong := range []string{"", "a", "1-b", "5-3", "-"} {
		if _, err := deadletter.ParseRange(wrong); err == nil {
			t.Errorf("%q is taken for a range", wrong)
		}
	}
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	open := func(cluster, topic string, readOnly bool) *deadletter.Journal {
		t.Helper()
		j, err := deadletter.OpenJournal(path, cluster, topic, readOnly)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		})
		return j
	}
	l := deadletter.Parse(letter(message("x"), errString("a"), 1))
	open("A", "dead", true)
	if _, err := os.Stat(path); err == nil {
		t.Error("reading made the journal")
	}
	if err := open("A", "dead", false).Add(l, "orders"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		cluster, topic string
		want           bool
	}{{"A", "dead", true}, {"B", "dead", false}, {"A", "other", false}} {
		if got := open(tc.cluster, tc.topic, true).Has(l.Identity()); got != tc.want {
			t.Errorf("cluster %s, topic %s: it was replayed: %t, want %t", tc.cluster, tc.topic, got, tc.want)
		}
	}
	if err := os.WriteFile(path, []byte(`{"cluster":"A"`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := deadletter.OpenJournal(path, "A", "dead", true); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a cut line: %v", err)
	}
	if err := (&deadletter.Journal{}).Close(); err != nil {
		t.Errorf("no journal: %v", err)
	}
}

func TestEvent(t *testing.T) {
	l := deadletter.Parse(letter(&trigger.Message{Topic: "orders", Partition: 3, Offset: 42, Timestamp: 1234, Value: []byte{}, Headers: message("").Headers}, errString("a"), 1))
	event, err := l.Event()
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(event, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{"eventSource":"SelfManagedKafka","bootstrapServers":"","records":{"orders-3":[{"topic":"orders","partition":3,"offset":42,
		"timestamp":1234,"timestampType":"CREATE_TIME","value":"","headers":[{"h":[0,-1]},{"h":[]}]}]}}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.Value = make([]byte, 5<<20)
	if _, err := l.Event(); err == nil || !strings.Contains(err.Error(), "a function takes 6291456") {
		t.Errorf("too large: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("orders", "3", "42", "7-12")
	f.Fuzz(func(t *testing.T, topic, partition, offset, span string) {
		l := deadletter.Parse(&kgo.Record{Topic: "dead", Headers: []kgo.RecordHeader{
			{Key: errpolicy.HeaderTopic, Value: []byte(topic)}, {Key: errpolicy.HeaderPartition, Value: []byte(partition)}, {Key: errpolicy.HeaderOffset, Value: []byte(offset)}}})
		if l.Known && (l.Origin.Topic != topic || topic == "") {
			t.Errorf("it is from %v", l.Origin)
		}
		if r, err := deadletter.ParseRange(span); err == nil && r == (deadletter.Range{}) {
			t.Errorf("%q is everything", span)
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"cluster":"A","dead_letter_topic":"dead","identity":"00"}` + "\n"))
	path := filepath.Join(f.TempDir(), "journal")
	none := deadletter.Parse(&kgo.Record{Topic: "dead"}).Identity()
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if j, err := deadletter.OpenJournal(path, "A", "dead", true); err == nil && j.Has(none) {
			t.Error("it knows a record that it never heard of")
		}
	})
}
