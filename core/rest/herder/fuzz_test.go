package herder_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/connectless/connectless/core/rest/herder"
)

// kafka500 are the answers for which Kafka's worker has status 500 too: a body that Jackson cannot read, no
// configuration, a connector that does not exist, and offsets that the connector or the group refuses.
var kafka500 = regexp.MustCompile(strings.Join([]string{
	`^Unexpected (character|end-of-input)`, `^Malformed JSON`, `^Cannot (deserialize|construct|invoke)`, `^Unrecognized field`,
	`^Failed to find any class`, `contains no connector type$`, `: Failed to find any class`,
	`Not a number of type (INT|LONG)$`, `^Failed to (alter|reset|retrieve) consumer group offsets`,
}, "|"))

// FuzzRequests sends any body to every call that takes one. Whatever it is, the answer is one of the API's, and what it
// leaves behind can be listed.
func FuzzRequests(f *testing.F) {
	calls := [][2]string{
		{"POST", "/connectors"}, {"PUT", "/connectors/c/config"}, {"PATCH", "/connectors/c/config"}, {"PATCH", "/connectors/s/offsets"},
		{"PUT", "/connector-plugins/ProbeSink/config/validate"}, {"PUT", "/admin/loggers/a.b"},
	}
	for _, c := range recording(f) {
		for i := range calls {
			if c.Method == calls[i][0] && len(c.Request) > 0 {
				f.Add(uint8(i), string(c.Request))
			}
		}
	}
	for i, body := range []string{
		"", " ", "null", "{}", "[]", "1", `"text"`, `{"name": 1, "config": {"a": [1]}}`, "\ufeff{}", "{\"a\": \"\xff\"}", `{"a": 1} more`,
		`{"config": null}`, `{"name": "a", "config": {"name": "b"}}`, `{"level": {}}`, `{"level": null}`, strings.Repeat("[", 20000),
		`{"initial_state": 5, "config": {}}`, `{"offsets": [null]}`, `{"offsets": [{"partition": {"a": {"b": [1e400]}}}]}`, "{\"a\"\n:\n\n}",
		`{"name": "x", "config": {"connector.class": "ProbeSink", "topics.regex": "(", "log": "l", "transforms": "a", "transforms.a.type": "x"}}`,
	} {
		f.Add(uint8(i), body)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		_, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: newRunner(t), Patience: -1})
		api.want(201, "PUT", "/connectors/c/config", sink())
		api.want(201, "POST", "/connectors", `{"name": "s", "config": `+sink()+`, "initial_state": "STOPPED"}`)
		call := calls[int(which)%len(calls)]
		w := api.do(call[0], call[1], body)
		switch {
		case w.Code == 204 && w.Body.Len() == 0:
		case !json.Valid(w.Body.Bytes()):
			t.Errorf("status %d with %q", w.Code, w.Body)
		case w.Code < 300:
		default:
			var e struct {
				Code    int `json:"error_code"`
				Message string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || e.Code != w.Code || e.Message == "" {
				t.Errorf("status %d with %s", w.Code, w.Body)
			}
			if w.Code >= 500 && !kafka500.MatchString(e.Message) {
				t.Errorf("status %d: %s", w.Code, e.Message)
			}
		}
		api.want(200, "GET", "/connectors?expand=status&expand=info", "")
	})
}
