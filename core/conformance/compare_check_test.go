package conformance

import (
	"encoding/json"
	"testing"
)

// TestCompare checks that the comparison sees what differs and lets pass what may.
func TestCompare(t *testing.T) {
	failed := func(class, message string) string {
		b, _ := json.Marshal(map[string]any{"error": map[string]any{"stage": "apply", "class": class, "message": message, "causes": []any{}}})
		return string(b)
	}
	const dataException = "org.apache.kafka.connect.errors.DataException"
	tests := []struct {
		name       string
		java, ours string
		same       bool
	}{
		{"equal", `{"ok":{"value":{"t":"int8","v":1}}}`, `{"ok":{"value":{"t":"int8","v":1}}}`, true},
		{"another type", `{"ok":{"value":{"t":"int8","v":1}}}`, `{"ok":{"value":{"t":"int16","v":1}}}`, false},
		{"another number", `{"ok":{"value":{"t":"int64","v":9007199254740993}}}`, `{"ok":{"value":{"t":"int64","v":9007199254740992}}}`, false},
		{"float as bits and as number", `{"ok":{"value":{"t":"float64","v":"0xc014000000000000","s":"-5.0"}}}`, `{"ok":{"value":{"t":"float64","v":-5}}}`, true},
		{"negative zero", `{"ok":{"value":{"t":"float64","v":"0x8000000000000000"}}}`, `{"ok":{"value":{"t":"float64","v":0}}}`, false},
		{"map order", `{"ok":{"v":{"t":"map","v":[[1,2],[3,4]]}}}`, `{"ok":{"v":{"t":"map","v":[[3,4],[1,2]]}}}`, true},
		{"list order", `{"ok":{"v":{"t":"list","v":[1,2]}}}`, `{"ok":{"v":{"t":"list","v":[2,1]}}}`, false},
		{"schema defaults", `{"ok":{"schema":{"type":"string"}}}`, `{"ok":{"schema":{"type":"string","optional":false,"name":null}}}`, true},
		{"optional", `{"ok":{"schema":{"type":"string"}}}`, `{"ok":{"schema":{"type":"string","optional":true}}}`, false},
		{"same object", `{"ok":{"record":null,"same":true}}`, `{"ok":{"record":null}}`, true},
		{"missing field", `{"ok":{"record":{"topic":"a","key":null}}}`, `{"ok":{"record":{"topic":"a"}}}`, false},
		{"answer for error", failed(dataException, "x"), `{"ok":{}}`, false},
		{"message", failed(dataException, "x"), failed(dataException, "y"), false},
		{"class", failed(dataException, "x"), failed("java.lang.IllegalStateException", "x"), false},
		{"Java's own text", failed("java.lang.NullPointerException", "Cannot invoke"), failed("java.lang.NullPointerException", "no format"), true},
		{"identity", failed(dataException, "field: a.B$C@HASH."), failed(dataException, "field: f."), true},
		{"text beside an identity", failed(dataException, "field: a.B$C@HASH."), failed(dataException, "key: f."), false},
		{"helper class", failed(dataException, "class java.util.Collections$EmptyList"), failed(dataException, "class java.util.ArrayList"), true},
		{"stage", failed(dataException, "x"), `{"error":{"stage":"configure","class":"` + dataException + `","message":"x"}}`, false},
		{"error of one record", `{"ok":{"results":[` + failed(dataException, "x") + `]}}`, `{"ok":{"results":[` + failed(dataException, "y") + `]}}`, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			if diff := compare(json.RawMessage(tc.java), json.RawMessage(tc.ours)); (diff == "") != tc.same {
				t.Errorf("same: %v, want %v: %s", diff == "", tc.same, diff)
			}
		})
	}
}
