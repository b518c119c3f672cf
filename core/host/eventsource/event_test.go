package eventsource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

var eventTime = time.UnixMilli(1545084650987)

func encode(t testing.TB, c Config, records ...*kgo.Record) []byte {
	t.Helper()
	e := newEncoder(c)
	for _, r := range records {
		r.Topic = c.Topic
		if !e.add(r) {
			t.Fatalf("no room for offset %d", r.Offset)
		}
	}
	if got := e.event(); len(got) != e.size {
		t.Errorf("the event has %d bytes, the encoder counted %d", len(got), e.size)
	}
	return e.event()
}

func TestEventForms(t *testing.T) {
	brokers := []string{"b-1:9092", "b-2:9092"}
	const arn = "arn:aws:kafka:us-east-1:123456789012:cluster/c/abc-1"
	record := func(p int32, o int64, key, value []byte) *kgo.Record {
		return &kgo.Record{Partition: p, Offset: o, Key: key, Value: value, Timestamp: eventTime}
	}
	headers := record(0, 15, []byte("k"), []byte{0xff, 0})
	headers.Headers = []kgo.RecordHeader{
		{Key: "b", Value: []byte{118, 0xdc, 0, 127, 0x80}}, {Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "nil"}, {Key: "q\"\\\n\x7f", Value: nil},
	}
	tests := []struct {
		name    string
		config  Config
		records []*kgo.Record
		want    string
	}{
		{"self-managed", Config{Brokers: brokers, Topic: "t"}, []*kgo.Record{record(0, 15, []byte("k"), []byte("v"))},
			`{"eventSource":"SelfManagedKafka","bootstrapServers":"b-1:9092,b-2:9092","records":{"t-0":[{"topic":"t","partition":0,"offset":15,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"aw==","value":"dg==","headers":[]}]}}`},
		{"msk", Config{Brokers: brokers[:1], Topic: "t", EventSourceARN: arn}, []*kgo.Record{record(0, 15, []byte("k"), []byte("v"))},
			`{"eventSource":"aws:kafka","eventSourceArn":"` + arn + `","bootstrapServers":"b-1:9092","records":{"t-0":[{"topic":"t","partition":0,"offset":15,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"aw==","value":"dg==","headers":[]}]}}`},
		{"nil is missing, empty is empty", Config{Topic: "t"}, []*kgo.Record{record(0, 1, nil, nil), record(0, 2, []byte{}, []byte{})},
			`{"eventSource":"SelfManagedKafka","bootstrapServers":"","records":{"t-0":[{"topic":"t","partition":0,"offset":1,"timestamp":1545084650987,"timestampType":"CREATE_TIME","headers":[]},{"topic":"t","partition":0,"offset":2,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"","value":"","headers":[]}]}}`},
		{"headers: order, duplicates, signed bytes", Config{Topic: "t"}, []*kgo.Record{headers},
			`{"eventSource":"SelfManagedKafka","bootstrapServers":"","records":{"t-0":[{"topic":"t","partition":0,"offset":15,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"aw==","value":"/wA=","headers":[{"b":[118,-36,0,127,-128]},{"a":[49]},{"a":[]},{"nil":[]},{"q\"\\\u000a` + "\x7f" + `":[]}]}]}}`},
		{"partitions interleaved", Config{Topic: "a-b"}, []*kgo.Record{record(3, 1, nil, nil), record(10, 1, nil, nil), record(3, 4, nil, nil)},
			`{"eventSource":"SelfManagedKafka","bootstrapServers":"","records":{"a-b-3":[{"topic":"a-b","partition":3,"offset":1,"timestamp":1545084650987,"timestampType":"CREATE_TIME","headers":[]},{"topic":"a-b","partition":3,"offset":4,"timestamp":1545084650987,"timestampType":"CREATE_TIME","headers":[]}],"a-b-10":[{"topic":"a-b","partition":10,"offset":1,"timestamp":1545084650987,"timestampType":"CREATE_TIME","headers":[]}]}}`},
		{"empty", Config{Topic: "t"}, nil, `{"eventSource":"SelfManagedKafka","bootstrapServers":"","records":{}}`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, string(encode(t, tc.config, tc.records...))); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever the encoder was used for before, a batch looks the same.
func TestEncoderReuse(t *testing.T) {
	e := newEncoder(Config{Topic: "t"})
	fill := func(partitions ...int32) string {
		e.reset()
		for i, p := range partitions {
			e.add(&kgo.Record{Partition: p, Offset: int64(i), Timestamp: eventTime})
		}
		return string(e.event())
	}
	want := fill(2, 1)
	fill(1, 2, 3, 1)
	fill()
	if got := fill(2, 1); got != want {
		t.Errorf("after other batches %s\nbefore %s", got, want)
	}
}

// The limit counts every byte: a record that fits exactly is in, one byte more is not, and a refused record leaves no trace.
func TestEventLimit(t *testing.T) {
	c := Config{Topic: "t"}
	a, b := &kgo.Record{Value: []byte("aaa"), Timestamp: eventTime}, &kgo.Record{Partition: 1, Value: []byte("bbb"), Timestamp: eventTime}
	both := encode(t, c, a, b)
	e := newEncoder(c)
	e.limit = len(both)
	if !e.add(a) || !e.add(b) {
		t.Fatal("an event of exactly the limit is refused")
	}
	e.limit--
	e.reset()
	if !e.add(a) || e.add(b) {
		t.Fatal("an event one byte over the limit is accepted")
	}
	if got, want := e.event(), encode(t, c, a); !bytes.Equal(got, want) {
		t.Errorf("after a refused record the event is %s, want %s", got, want)
	}
}

// FuzzEvent checks that functions read back what was in the record: with a decoder that keeps null and empty apart, and with
// the one of AWS's own library.
func FuzzEvent(f *testing.F) {
	f.Add("orders", int32(0), int64(15), []byte("key"), []byte("value"), "header", []byte{0x80, 0x7f}, byte(0))
	f.Add("a-b.c_d", int32(1<<31-1), int64(1)<<62, []byte{}, []byte{}, "", []byte{}, byte(3))
	f.Add("t", int32(7), int64(0), []byte{0}, []byte("\xff\xfe"), "q\"\\\u2028\x00\xff", []byte("x"), byte(7))
	f.Fuzz(func(t *testing.T, topic string, partition int32, offset int64, key, value []byte, header string, headerValue []byte, flags byte) {
		if !utf8.ValidString(topic) || partition < 0 {
			return // no broker has such a topic
		}
		r := &kgo.Record{Partition: partition, Offset: offset, Key: key, Value: value, Timestamp: eventTime}
		if flags&1 != 0 {
			r.Key = nil
		}
		if flags&2 != 0 {
			r.Value = nil
		}
		r.Headers = []kgo.RecordHeader{{Key: header, Value: headerValue}, {Key: header, Value: []byte("second")}}
		raw := encode(t, Config{Topic: topic, Brokers: []string{"b:9092"}}, r)

		var got event
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
		header = strings.ToValidUTF8(header, "\ufffd")
		if strings.Contains(header, "\ufffd") {
			header = "" // one replacement for each bad byte or for a run of them: both are fine
			for k := range got.Records[partitionKey(topic, partition)][0].Headers[0] {
				header = k
			}
		}
		signed := func(b []byte) []int8 {
			s := make([]int8, len(b))
			for i := range b {
				s[i] = int8(b[i])
			}
			return s
		}
		opt := func(b []byte) *[]byte {
			if b == nil {
				return nil
			}
			return &b
		}
		want := event{EventSource: "SelfManagedKafka", BootstrapServers: "b:9092", Records: map[string][]eventRecord{
			fmt.Sprintf("%s-%d", topic, partition): {{
				Topic: topic, Partition: partition, Offset: offset, Timestamp: eventTime.UnixMilli(), TimestampType: "CREATE_TIME",
				Key: opt(r.Key), Value: opt(r.Value),
				Headers: []map[string][]int8{{header: signed(headerValue)}, {header: signed([]byte("second"))}},
			}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("decoded (-want +got):\n%s", diff)
		}

		var theirs events.KafkaEvent
		if err := json.Unmarshal(raw, &theirs); err != nil {
			t.Fatalf("aws-lambda-go: %v in %s", err, raw)
		}
		if h := theirs.Records[partitionKey(topic, partition)][0].Headers; !bytes.Equal(h[0][header], headerValue) {
			t.Errorf("aws-lambda-go reads the header as %v, want %v", h[0][header], headerValue)
		}
	})
}

func BenchmarkEvent(b *testing.B) {
	r := &kgo.Record{Key: []byte("order-000001"), Value: bytes.Repeat([]byte("x"), 1000), Timestamp: eventTime,
		Headers: []kgo.RecordHeader{{Key: "trace", Value: []byte("0123456789abcdef")}}}
	e := newEncoder(Config{Topic: "orders", Brokers: []string{"b:9092"}})
	b.ReportAllocs()
	b.SetBytes(1000 * int64(len(r.Value)))
	for b.Loop() {
		e.reset()
		for i := range 1000 {
			r.Offset, r.Partition = int64(i), int32(i/250)
			e.add(r)
		}
		e.event()
	}
}
