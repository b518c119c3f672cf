package awslambda

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/trigger"
)

func heap(n int) []byte { return make([]byte, n) }

func TestDecode(t *testing.T) {
	for _, name := range []string{"msk-event.json", "self-managed-event.json"} {
		t.Run(name, func(t *testing.T) {
			event, err := os.ReadFile("testdata/" + name)
			if err != nil {
				t.Fatal(err)
			}
			var got trigger.Messages
			if err := Decode(event, &got, heap); err != nil {
				t.Fatal(err)
			}
			want := []trigger.Message{
				{Topic: "orders-eu", Partition: 0, Offset: 15, Timestamp: 1545084650987, Key: []byte("k1"), Value: []byte(`{"a":1}`),
					Headers: []trigger.Header{{Key: "h", Value: []byte{118, 220, 0, 127, 128}}, {Key: "h", Value: []byte{}}}},
				{Topic: "orders-eu", Partition: 0, Offset: 16, Timestamp: 1545084650988, TimestampType: trigger.LogAppendTime, Key: []byte{}, Value: nil},
				{Topic: "orders-eu", Partition: 1, Offset: 7, Timestamp: 1545084650989, Key: nil, Value: []byte{}},
			}
			if diff := cmp.Diff(want, got.Messages); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if got.Bytes != len(event) {
				t.Errorf("Bytes = %d, want the event's %d", got.Bytes, len(event))
			}
		})
	}
}

// Reusing the messages of one event for the next must not mix them.
func TestDecodeReuse(t *testing.T) {
	event := func(topic string) []byte {
		return []byte(`{"eventSource":"aws:kafka","records":{"x":[{"topic":"` + topic + `","partition":0,"offset":1,"value":"YQ=="}]}}`)
	}
	var m trigger.Messages
	for _, topic := range []string{"one", "two"} {
		if err := Decode(event(topic), &m, heap); err != nil {
			t.Fatal(err)
		}
		if len(m.Messages) != 1 || m.Messages[0].Topic != topic || m.Messages[0].Key != nil {
			t.Errorf("got %+v, want one message of %s", m.Messages, topic)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	record := func(s string) string {
		return `{"eventSource":"aws:kafka","records":{"t-0":[` + s + `]}}`
	}
	for _, tc := range []struct{ name, event, want string }{
		{"empty", ``, "expected an object"},
		{"test event of the console", `{"key1":"value1"}`, `there is no "records"`},
		{"SQS", `{"Records":[{"eventSource":"aws:sqs"}]}`, `there is no "records"`},
		{"other source", `{"eventSource":"aws:kinesis","records":{}}`, `eventSource is "aws:kinesis"`},
		{"array", `[]`, "expected an object"},
		{"cut", `{"eventSource":"aws:kafka","records":{"t-0":[{"topic":"t"`, "expected ',' or '}'"},
		{"no offset", record(`{"topic":"t","partition":0}`), "without topic, partition or offset"},
		{"base64", record(`{"topic":"t","partition":0,"offset":1,"value":"%%%"}`), "broken base64"},
		{"value is a number", record(`{"topic":"t","partition":0,"offset":1,"value":1}`), "expected base64"},
		{"partition", record(`{"topic":"t","partition":4294967296,"offset":1}`), "partition out of range"},
		{"header", record(`{"topic":"t","partition":0,"offset":1,"headers":[{"a":[999]}]}`), "out of range"},
		{"deep", `{"eventSource":"aws:kafka","x":` + strings.Repeat("[", 100) + `}`, "nested too deeply"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m trigger.Messages
			err := Decode([]byte(tc.event), &m, heap)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one about %q", err, tc.want)
			}
		})
	}
}

// FuzzDecode compares with aws-lambda-go's type, which is blind to null and absent keys.
func FuzzDecode(f *testing.F) {
	for _, name := range []string{"msk-event.json", "self-managed-event.json"} {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		var m trigger.Messages
		if Decode(event, &m, heap) != nil {
			return
		}
		var want events.KafkaEvent
		if json.Unmarshal(event, &want) != nil {
			return
		}
		n := 0
		for _, records := range want.Records {
			n += len(records)
		}
		if n > len(m.Messages) {
			t.Errorf("aws-lambda-go sees %d records, we %d", n, len(m.Messages))
		}
	})
}
