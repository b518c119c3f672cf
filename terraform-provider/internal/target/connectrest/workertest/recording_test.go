package workertest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest/workertest"
)

type recorded struct {
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Note     string          `json:"note"`
	Request  json.RawMessage `json:"request"`
	Status   int             `json:"status"`
	Location string          `json:"location"`
	JSON     any             `json:"json"`
}

const javaText = "Java's text" // the call is made all the same

// beyond says why a call of the recording is not one that this worker answers as Kafka does.
func beyond(r recorded) string {
	path, _, _ := strings.Cut(r.Path, "?")
	for part, why := range map[string]string{
		"/offsets": "no offsets", "/topics": "no topics", "/admin/": "no loggers", "/health": "no health", "/tasks": "no tasks by themselves",
		"expand": "no expanded lists",
	} {
		if strings.Contains(r.Path, part) {
			return why
		}
	}
	switch {
	case r.Note == "override bad value":
		return "no check of Kafka clients' keys"
	case r.Note == "SMT required key missing":
		return "a missing list is one error, not two"
	case strings.Contains(string(r.Request), "InsertField"):
		return "a transform without effect is refused earlier"
	case path == "/connector-plugins":
		return "other plugins are there"
	case strings.HasPrefix(path, "/connector-plugins/") && strings.HasSuffix(path, "/config") && !strings.Contains(path, "ProbeSink"):
		return "only connectors tell their keys"
	case r.Status == http.StatusInternalServerError:
		return javaText
	}
	return ""
}

// TestRecording replays what a worker of Apache Kafka 3.9 was asked and compares the answers.
func TestRecording(t *testing.T) {
	text, err := os.ReadFile("testdata/recording.json")
	if err != nil {
		t.Fatal(err)
	}
	var calls []recorded
	if err := json.Unmarshal(text, &calls); err != nil {
		t.Fatal(err)
	}
	w := workertest.New()
	compared := 0
	for i, want := range calls {
		if why := beyond(want); why != "" && why != javaText {
			continue
		}
		t.Run(fmt.Sprintf("%d %s %s", i, want.Method, want.Path), func(t *testing.T) {
			body := string(want.Request)
			var quoted string
			if json.Unmarshal(want.Request, &quoted) == nil && quoted != "" {
				body = quoted // a body that is not JSON was recorded as text
			}
			r := httptest.NewRequest(want.Method, "http://127.0.0.1:18084"+want.Path, strings.NewReader(body))
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, r)
			if beyond(want) != "" {
				return // asked for its effect only
			}
			compared++
			if rec.Code != want.Status || rec.Header().Get("Location") != want.Location {
				t.Errorf("%d %q, Kafka says %d %q: %s", rec.Code, rec.Header().Get("Location"), want.Status, want.Location, rec.Body)
			}
			var got any
			if rec.Body.Len() > 0 {
				if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
			}
			if info, ok := want.JSON.(map[string]any); ok && want.Method != http.MethodPost && info["config"] != nil {
				delete(info, "tasks") // that there still are, or already: a matter of time
				delete(got.(map[string]any), "tasks")
			}
			if diff := cmp.Diff(bare(want.JSON), bare(got)); diff != "" {
				t.Errorf("body (-Kafka +ours):\n%s", diff)
			}
		})
	}
	if compared < 50 {
		t.Errorf("only %d calls were compared", compared)
	}
}

// bare takes away what forms show and people read.
func bare(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			switch key {
			case "documentation", "display_name", "width", "order", "dependents", "recommended_values", "group", "groups", "importance", "required":
				delete(v, key)
				continue
			}
			v[key] = bare(v[key])
		}
	case []any:
		for i := range v {
			v[i] = bare(v[i])
		}
	}
	return v
}
