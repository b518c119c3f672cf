package cosmossink

import (
	"math/big"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/trigger"
)

func TestID(t *testing.T) {
	object := data.OfMap(data.F("id", data.OfString("k1")), data.F("n", data.OfInt32(5)))
	tests := []struct {
		name     string
		strategy string
		option   string
		key      data.Value
		value    string
		want     string
		err      string
	}{
		{name: "string in the value", value: `{"id":"a"}`, want: "a"},
		{name: "illegal characters", value: `{"id":"a/b\\c?d#e"}`, want: "a_b_c_d_e"},
		{name: "integer", value: `{"id":12}`, want: "12"},
		{name: "integer beyond 64 bits wraps as in Java", value: `{"id":18446744073709551617}`, want: "1"},
		{name: "fraction has Java's text", value: `{"id":1e10}`, want: "1.0E10"},
		{name: "boolean", value: `{"id":true}`, want: "true"},
		{name: "object", value: `{"id":{"a":["x",1]}}`, want: `{"a":["x",1]}`},
		{name: "escapes", value: `{"id":"\u00fc\u0001\ud83d\ude00"}`, want: "ü\x01😀"},
		{name: "lone surrogate", value: `{"id":"a\ud800"}`, want: "a\uFFFD"},
		{name: "nested path", option: "jsonPath=$.order['the id'][-1].x", value: `{"order":{"the id":[0,{"x":"deep"}]}}`, want: "deep"},
		{name: "path into a string", option: "jsonPath=$.id.x", value: `{"id":"a"}`, err: "has nothing at $.id.x"},
		{name: "index out of range", option: "jsonPath=$.id[2]", value: `{"id":[1,2]}`, err: "has nothing at $.id[2]"},

		{name: "map key", strategy: "ProvidedInKeyStrategy", key: object, value: `{}`, want: "k1"},
		{name: "whole key", strategy: "ProvidedInKeyStrategy", option: "jsonPath=$", key: data.OfString("k"), value: `{}`, want: "k"},
		{name: "JSON text as key", strategy: "ProvidedInKeyStrategy", key: data.OfString(`{"id":"in text"}`), value: `{}`, want: "in text"},
		{name: "other text as key", strategy: "ProvidedInKeyStrategy", key: data.OfString(`k`), value: `{}`, err: "the key is not JSON"},
		{name: "no key", strategy: "ProvidedInKeyStrategy", value: `{}`, err: "the record's key has nothing at $.id"},

		{name: "full key", strategy: "FullKeyStrategy", key: data.OfString("a#b"), value: `{}`, want: "a_b"},
		{name: "full key null", strategy: "FullKeyStrategy", value: `{}`, err: "the record has none"},
		{name: "full key bytes", strategy: "FullKeyStrategy", key: data.OfBytes([]byte{0, 255, 254}), value: `{}`, want: "AP_+"},
		{name: "full key map", strategy: "FullKeyStrategy", key: object, value: `{}`, want: `{"id":"k1","n":5}`},
		{name: "full key decimal", strategy: "FullKeyStrategy", key: data.OfDecimal(big.NewInt(1230), 2), value: `{}`, want: "12.30"},
		{name: "full key float", strategy: "FullKeyStrategy", key: data.OfFloat32(0.1), value: `{}`, want: "0.1"},
		{name: "full key date", strategy: "FullKeyStrategy", key: data.OfDate(86400000), value: `{}`, want: "1970-01-02"},
		{name: "full key time", strategy: "FullKeyStrategy", key: data.OfDate(1), value: `{}`, want: "00:00:00.001Z"},
		{name: "full key timestamp", strategy: "FullKeyStrategy", key: data.OfDate(86400001), value: `{}`, want: "1970-01-02T00:00:00.001Z"},

		{name: "metadata", strategy: "KafkaMetadataStrategy", value: `{}`, want: "orders-3-42"},
		{name: "metadata delimiter", strategy: "KafkaMetadataStrategy", option: "delimiter=/", value: `{}`, want: "orders_3_42"},
		{name: "template", strategy: "TemplateStrategy", option: "template=${topic}.${key}@${offset}${other}$", key: data.OfInt64(-7), value: `{}`, want: "orders.-7@42${other}$"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			settings := map[string]string{}
			if tc.strategy != "" {
				settings["sink.id.strategy"] = tc.strategy
			}
			if k, v, ok := strings.Cut(tc.option, "="); ok {
				settings["sink.id.strategy."+k] = v
			}
			cfg := parse(t, settings)
			r := newRecord(data.NewArena(), 42, "", tc.value)
			r.Key, r.Partition = tc.key, -1
			r.Origin.Partition = 3
			got, err := appendID([]byte("#"), &cfg.ID, r)
			switch {
			case tc.err != "":
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
			case err != nil:
				t.Error(err)
			case string(got) != "#"+tc.want:
				t.Errorf("got %q, want %q", got[1:], tc.want)
			}
		})
	}
}

// Two records differ in what identifies them in Kafka, and so do their ids.
func TestMetadataIDsAreStableUnderReplay(t *testing.T) {
	cfg := parse(t, map[string]string{"sink.id.strategy": "KafkaMetadataStrategy"})
	seen := map[string]bool{}
	for offset := range int64(5) {
		r := &connect.Record{Topic: "orders", Partition: 1, Origin: &trigger.Message{Offset: offset}}
		id, err := appendID(nil, &cfg.ID, r)
		if err != nil || seen[string(id)] {
			t.Fatalf("offset %d: id %q, %v", offset, id, err)
		}
		seen[string(id)] = true
		again, _ := appendID(nil, &cfg.ID, r)
		if string(again) != string(id) {
			t.Errorf("a replay makes %q of %q", again, id)
		}
	}
}
