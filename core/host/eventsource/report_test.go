package eventsource

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeReport(t *testing.T) {
	tests := []struct {
		name, body string
		want       map[string]int64
		bad        bool
	}{
		{name: "empty"},
		{name: "blank", body: " \n"},
		{name: "null", body: "null"},
		{name: "empty object", body: "{}"},
		{name: "other object", body: `{"statusCode":200}`},
		{name: "null list", body: `{"batchItemFailures":null}`},
		{name: "empty list", body: `{"batchItemFailures":[]}`},
		{name: "another spelling of the list is no list", body: `{"BatchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1}}]}`},
		{
			name: "lowest of each partition",
			body: `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":7}},{"itemIdentifier":{"partition":"t-1","offset":0}},{"itemIdentifier":{"partition":"t-0","offset":5}}]}`,
			want: map[string]int64{"t-0": 5, "t-1": 0},
		},
		{name: "broken", body: `{"batchItem`, bad: true},
		{name: "text", body: `"ok"`, bad: true},
		{name: "list at the top", body: `[]`, bad: true},
		{name: "list is an object", body: `{"batchItemFailures":{}}`, bad: true},
		{name: "null item", body: `{"batchItemFailures":[null]}`, bad: true},
		{name: "item without identifier", body: `{"batchItemFailures":[{}]}`, bad: true},
		{name: "identifier of SQS", body: `{"batchItemFailures":[{"itemIdentifier":"id"}]}`, bad: true},
		{name: "another spelling of the identifier", body: `{"batchItemFailures":[{"ItemIdentifier":{"partition":"t-0","offset":1}}]}`, bad: true},
		{name: "name of an early description", body: `{"batchItemFailures":[{"itemIdentifier":{"topic-partition":"t-0","offset":1}}]}`, bad: true},
		{name: "no offset", body: `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0"}}]}`, bad: true},
		{name: "offset as text", body: `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":"1"}}]}`, bad: true},
		{name: "fraction", body: `{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":1.5}}]}`, bad: true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := decodeReport([]byte(tc.body))
			if (err != nil) != tc.bad || tc.bad && !errors.Is(err, errReport) {
				t.Fatalf("error %v, want one: %t", err, tc.bad)
			}
			if len(got) != len(tc.want) || len(got) > 0 && !cmp.Equal(got, tc.want) {
				t.Errorf("reported %v, want %v", got, tc.want)
			}
		})
	}
}

func FuzzDecodeReport(f *testing.F) {
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":{"partition":"t-0","offset":7}}]}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"batchItemFailures":[{}]}`))
	f.Add([]byte(`{"batchItemFailures":[{"itemIdentifier":{"partition":"\ud800","offset":9223372036854775807}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decodeReport(body)
		if err != nil && (!errors.Is(err, errReport) || got != nil) {
			t.Errorf("error %v with %v", err, got)
		}
	})
}
