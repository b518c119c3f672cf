package status_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/connectless/connectless/infra/local/internal/status"
)

type cluster struct{}

func (cluster) ID() string { return "c" }

func (cluster) Connectors() []status.Connector {
	return []status.Connector{
		{Name: "a", Kind: "sink", Config: map[string]string{"name": "a", "key": "${env:X}"}, Tasks: []status.Task{{State: status.Running}, {State: status.Failed, Trace: "why"}}},
		{Name: "b", Kind: "sink", Config: map[string]string{"name": "b"}},
	}
}

// TestHandler compares with the shapes of Kafka Connect 3.9.
func TestHandler(t *testing.T) {
	h := status.Handler("1.2", "w:1", cluster{})
	const (
		infoA   = `{"name":"a","config":{"key":"${env:X}","name":"a"},"tasks":[{"connector":"a","task":0},{"connector":"a","task":1}],"type":"sink"}`
		infoB   = `{"name":"b","config":{"name":"b"},"tasks":[],"type":"sink"}`
		task1   = `{"id":1,"state":"FAILED","worker_id":"w:1","trace":"why"}`
		statusA = `{"name":"a","connector":{"state":"RUNNING","worker_id":"w:1"},"tasks":[{"id":0,"state":"RUNNING","worker_id":"w:1"},` + task1 + `],"type":"sink"}`
		statusB = `{"name":"b","connector":{"state":"RUNNING","worker_id":"w:1"},"tasks":[],"type":"sink"}`
		noPath  = `{"error_code":404,"message":"HTTP 404 Not Found"}`
		method  = `{"error_code":405,"message":"HTTP 405 Method Not Allowed"}`
	)
	for _, tc := range []struct {
		method, path string
		code         int
		body         string
	}{
		{"GET", "/", 200, `{"version":"1.2","commit":"unknown","kafka_cluster_id":"c"}`},
		{"GET", "/health", 200, `{"message":"Worker has completed startup and is ready to handle requests.","status":"healthy"}`},
		{"GET", "/connectors", 200, `["a","b"]`},
		{"GET", "/connectors?expand=status", 200, `{"a":{"status":` + statusA + `},"b":{"status":` + statusB + `}}`},
		{"GET", "/connectors?expand=info&expand=status&expand=x", 200, `{"a":{"info":` + infoA + `,"status":` + statusA + `},"b":{"info":` + infoB + `,"status":` + statusB + `}}`},
		{"GET", "/connectors?expand", 200, `{"a":{},"b":{}}`},
		{"GET", "/connectors/a", 200, infoA},
		{"GET", "/connectors/a/config", 200, `{"key":"${env:X}","name":"a"}`},
		{"GET", "/connectors/a/status", 200, statusA},
		{"GET", "/connectors/a/tasks", 200, `[{"id":{"connector":"a","task":0},"config":{"key":"${env:X}","name":"a"}},{"id":{"connector":"a","task":1},"config":{"key":"${env:X}","name":"a"}}]`},
		{"GET", "/connectors/b/tasks", 200, `[]`},
		{"GET", "/connectors/a/tasks/1/status", 200, task1},
		{"GET", "/connectors/a/tasks/9/status", 404, `{"error_code":404,"message":"No status found for task a-9"}`},
		{"GET", "/connectors/a/tasks/x/status", 404, noPath},
		{"GET", "/connectors/z", 404, `{"error_code":404,"message":"Connector z not found"}`},
		{"GET", "/connectors/z/config", 404, `{"error_code":404,"message":"Connector z not found"}`},
		{"GET", "/connectors/z/status", 404, `{"error_code":404,"message":"No status found for connector z"}`},
		{"HEAD", "/connectors", 200, `["a","b"]`},
		{"POST", "/connectors", 405, method},
		{"DELETE", "/connectors/a", 405, method},
		{"PUT", "/connectors/a/pause", 404, noPath},
		{"GET", "/nowhere", 404, noPath},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, nil))
			if got := strings.TrimSpace(w.Body.String()); w.Code != tc.code || got != tc.body || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%d %s\nwant %d %s", w.Code, got, tc.code, tc.body)
			}
		})
	}
}

func TestServer(t *testing.T) {
	s, err := status.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Serve("1.2", cluster{})
	resp, err := http.Get("http://" + s.Addr() + "/connectors")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + s.Addr() + "/connectors"); err == nil {
		t.Error("a closed server answers")
	}
}
