package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/rest"
)

// stub is a Herder of one connector. Methods that a test does not need are those of the nil interface.
type stub struct {
	rest.Herder
	ready   error
	created []rest.Creation
	name    string // of the connector
	offsets []rest.Offset
	err     error // of whatever may fail
}

func (s *stub) Ready() error        { return s.ready }
func (s *stub) Worker() rest.Worker { return rest.Worker{Version: "3.9.0", Commit: "c", Cluster: "k"} }
func (s *stub) Names() []string     { return []string{s.name, "just deleted"} }

func (s *stub) Info(name string) (*rest.Info, error) {
	if name != s.name {
		return nil, rest.NoConnector.Error(name)
	}
	return &rest.Info{Name: name, Config: map[string]string{"a": "<&>"}, Tasks: []rest.TaskID{}, Type: "sink"}, s.err
}

func (s *stub) Create(_ context.Context, c rest.Creation) (*rest.Info, error) {
	s.created = append(s.created, c)
	return &rest.Info{Name: c.Name, Config: c.Config, Tasks: []rest.TaskID{}, Type: "sink"}, s.err
}

func (s *stub) Offsets(context.Context, string) ([]rest.Offset, error) { return s.offsets, s.err }

func (s *stub) do(t *testing.T, log io.Writer, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	rest.Handler(s, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))).ServeHTTP(w, r)
	return w
}

func TestHandler(t *testing.T) {
	const (
		notAllowed = `{"error_code":405,"message":"HTTP 405 Method Not Allowed"}`
		notThere   = `{"error_code":404,"message":"HTTP 404 Not Found"}`
		info       = `{"name":"a/b ü","config":{"a":"<&>"},"tasks":[],"type":"sink"}`
	)
	for _, tc := range []struct {
		name, method, path, body string
		headers                  []string
		herder                   stub
		code                     int
		want                     string // body, or the beginning of it before "..."
		allow                    string
	}{
		{name: "root", method: "GET", path: "/", code: 200, want: `{"version":"3.9.0","commit":"c","kafka_cluster_id":"k"}`},
		{name: "unknown path", method: "GET", path: "/connectors/a/b/c", code: 404, want: notThere},
		{name: "unknown path, other method", method: "POST", path: "/nope", code: 404, want: notThere},
		{name: "no name", method: "PUT", path: "/connectors//config", code: 404, want: notThere},
		{name: "dots", method: "GET", path: "/connectors/../health", code: 404, want: notThere},
		{name: "a name of dots", method: "GET", path: "/connectors/%2E%2E", code: 404, want: `{"error_code":404,"message":"Connector .. not found"}`},
		{name: "wrong method", method: "PATCH", path: "/connectors", code: 405, want: notAllowed, allow: "GET, POST"},
		{name: "wrong method of a connector's", method: "POST", path: "/connectors/a/config", code: 405, want: notAllowed, allow: "GET, PUT, PATCH"},
		{name: "slash at the end", method: "GET", path: "/connectors/a%2Fb%20%C3%BC/", code: 200, want: info},
		{name: "name that needs escapes", method: "GET", path: "/connectors/a%2Fb%20%C3%BC", code: 200, want: info},
		{name: "its configuration", method: "GET", path: "/connectors/a%2Fb%20%C3%BC/config", code: 200, want: `{"a":"<&>"}`},
		{name: "one that goes while all are listed", method: "GET", path: "/connectors?expand=info", code: 200, want: `{"a/b ü":{"info":` + info + `}}`},
		{name: "starting", method: "GET", path: "/health", herder: stub{ready: rest.ErrStarting}, code: 503, want: `{"status":"starting","message":"Worker is still starting up."}`},
		{name: "unhealthy", method: "GET", path: "/health", herder: stub{ready: errors.New("closed")}, code: 500, want: `{"status":"unhealthy",...`},
		{name: "an error of the Herder", method: "GET", path: "/connectors/c/offsets", herder: stub{err: errors.New("disk full")}, code: 500, want: `{"error_code":500,"message":"disk full"}`},
		{name: "an error with a status, wrapped", method: "GET", path: "/connectors/c/offsets", herder: stub{err: fmt.Errorf("x: %w", rest.Errorf(409, "no"))}, code: 409, want: `{"error_code":409,"message":"no"}`},
		{name: "what JSON cannot hold", method: "GET", path: "/connectors/c/offsets", herder: stub{offsets: []rest.Offset{{Offset: map[string]any{"x": math.NaN()}}}}, code: 500, want: `{"error_code":500,"message":"the answer cannot be written as JSON...`},
		{name: "no offsets", method: "GET", path: "/connectors/c/offsets", code: 200, want: `{"offsets":[]}`},
		{name: "a body that is too large", method: "POST", path: "/connectors", body: `{"name": "` + strings.Repeat("x", 1<<20) + `"}`, code: 413, want: `{"error_code":413,...`},
		{name: "no body", method: "POST", path: "/connectors", code: 400, want: `{"error_code":400,...`},
		{name: "another content type", method: "POST", path: "/connectors", body: `{"name": "n", "config": {}}`, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, code: 201, want: `{"name":"n",...`},
		{name: "a web page of another site", method: "POST", path: "/connectors", body: `{"name": "n", "config": {}}`, headers: []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, code: 403, want: `{"error_code":403,...`},
		{name: "a web page that reads", method: "GET", path: "/connectors", headers: []string{"Origin", "https://evil.example"}, code: 200, want: `["a/b ü","just deleted"]`},
		{name: "a page of this worker", method: "POST", path: "/connectors", body: `{"name": "n", "config": {}}`, headers: []string{"Sec-Fetch-Site", "same-origin"}, code: 201, want: `{"name":"n",...`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.herder.name = "a/b ü"
			w := tc.herder.do(t, io.Discard, tc.method, tc.path, tc.body, tc.headers...)
			if w.Code != tc.code {
				t.Errorf("status %d, want %d", w.Code, tc.code)
			}
			if want, partly := strings.CutSuffix(tc.want, "..."); w.Body.String() != want && !(partly && strings.HasPrefix(w.Body.String(), want)) {
				t.Errorf("body %s, want %s", w.Body, tc.want)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			if got := w.Header().Get("Allow"); got != tc.allow {
				t.Errorf("Allow %q, want %q", got, tc.allow)
			}
		})
	}
}

// What the Herder is asked to make of a body.
func TestCreate(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		want       rest.Creation
		location   string
	}{
		{"as tools send it", `{"name": "c", "config": {"a": "b"}}`,
			rest.Creation{Name: "c", Config: map[string]string{"name": "c", "a": "b"}, State: rest.Running}, "http://example.com/connectors/c"},
		{"scalars, nulls and doubles", `{"name": "c", "config": {"int": 1, "fraction": 1.50, "yes": true, "gone": null, "twice": "1", "twice": "2"}, "initial_state": "paused"}`,
			rest.Creation{Name: "c", Config: map[string]string{"name": "c", "int": "1", "fraction": "1.50", "yes": "true", "twice": "2"}, State: rest.Paused}, "http://example.com/connectors/c"},
		{"a name to be trimmed and escaped", `{"name": " a/b ü\n", "config": {"name": "a/b ü"}, "initial_state": null}`,
			rest.Creation{Name: "a/b ü", Config: map[string]string{"name": "a/b ü"}, State: rest.Running}, "http://example.com/connectors/a%2Fb%20%C3%BC"},
		{"a byte order mark, and more behind it", "\ufeff{\"name\": \"c\", \"config\": {}} {",
			rest.Creation{Name: "c", Config: map[string]string{"name": "c"}, State: rest.Running}, "http://example.com/connectors/c"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &stub{}
			w := s.do(t, io.Discard, "POST", "/connectors", tc.body)
			if w.Code != http.StatusCreated {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff([]rest.Creation{tc.want}, s.created); diff != "" {
				t.Errorf("created (-want +got):\n%s", diff)
			}
			if got := w.Header().Get("Location"); got != tc.location {
				t.Errorf("Location %q, want %q", got, tc.location)
			}
		})
	}
}

// Malformed bodies are described as Jackson describes them.
func TestMalformed(t *testing.T) {
	const at = `\n at [Source: (org.eclipse.jetty.server.HttpInputOverHTTP); `
	for _, tc := range []struct{ body, want string }{
		{`{bad`, `Unexpected character ('b' (code 98)): was expecting double-quote to start field name` + at + `line: 1, column: 3]`},
		{"{\n \"name\" 1}", `Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value` + at + `line: 2, column: 10]`},
		{`{"name": x}`, `Unexpected character ('x' (code 120)): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')` + at + `line: 1, column: 11]`},
		{`{"name": "c" "config"}`, `Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries` + at + `line: 1, column: 15]`},
		{`{"name": ["c" "d"]}`, `Unexpected character ('\"' (code 34)): was expecting comma to separate Array entries` + at + `line: 1, column: 16]`},
		{`{"name": "c"`, `Unexpected end-of-input` + at + `line: 1, column: 13]`},
		{`{"name": "\q"}`, `Unexpected character ('q' (code 113)): in string escape code` + at + `line: 1, column: 13]`},
		{`[1]`, "Cannot deserialize value of type `java.util.LinkedHashMap` from Array value (token `JsonToken.START_ARRAY`)" + at + `line: 1, column: 1]`},
		{`{"name": "c", "config": {"a": {"b": 1}}}`, "Cannot deserialize value of type `java.lang.String` from Object value (token `JsonToken.START_OBJECT`)" + at + `line: 1, column: 31]`},
		{`{"name": "c", "config": true}`, "Cannot deserialize value of type `java.util.LinkedHashMap` from Boolean value (token `JsonToken.VALUE_TRUE`)" + at + `line: 1, column: 25]`},
		{`{"name": "c", "config": {}, "tasks": []}`, `Unrecognized field \"tasks\" (class org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest), not marked as ignorable (3 known properties: \"name\", \"config\", \"initial_state\"])` + at + `line: 1, column: 40]`},
	} {
		w := (&stub{}).do(t, io.Discard, "POST", "/connectors", tc.body)
		if want := `{"error_code":500,"message":"` + tc.want + `"}`; w.Body.String() != want {
			t.Errorf("%s (-want +got):\n%s", tc.body, cmp.Diff(want, w.Body.String()))
		}
	}
}

// The log has a line for each request, without query and body, and says what the client was not told.
func TestLog(t *testing.T) {
	for _, tc := range []struct {
		name, method, path string
		err                error
		want, not          string
	}{
		{"reading", "GET", "/connectors?password=hush", nil, `level=DEBUG msg=request method=GET path=/connectors status=200 took=`, "hush"},
		{"writing", "POST", "/connectors", nil, `level=INFO msg=request method=POST path=/connectors status=201 took=`, "hush"},
		{"refused", "POST", "/connectors", rest.Errorf(400, "Invalid value hush"), `level=INFO msg=request method=POST path=/connectors status=400 took=`, "hush"},
		{"failed", "GET", "/connectors/c/offsets", &rest.Error{Code: 500, Message: "hidden", Err: errors.New("GROUP_ID_NOT_FOUND")}, `level=WARN msg=request method=GET path=/connectors/c/offsets status=500 took=0s cause=GROUP_ID_NOT_FOUND`, "hidden"},
		{"failed otherwise", "GET", "/connectors/c/offsets", errors.New("disk full"), `cause="disk full"`, "hush"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // so that nothing takes time
				var log strings.Builder
				(&stub{err: tc.err}).do(t, &log, tc.method, tc.path, `{"name": "n", "config": {"password": "hush"}}`)
				if !strings.Contains(log.String(), tc.want) || strings.Contains(log.String(), tc.not) {
					t.Errorf("log %s, want %s and no %s", &log, tc.want, tc.not)
				}
			})
		})
	}
}

func TestServer(t *testing.T) {
	s, err := rest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rest.Listen(s.Addr()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listening twice: %v", err)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	s.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		fmt.Fprint(w, "done")
	}))
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + s.Addr())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		answer <- string(text)
	}()
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.WithoutCancel(t.Context())) }()
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("a request that ran was answered with %q", got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// A request that does not end is cut when there is no more time.
func TestServerCuts(t *testing.T) {
	s, err := rest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{})
	s.Serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	}))
	cut := make(chan error, 1)
	go func() {
		r, err := http.Get("http://" + s.Addr())
		if err == nil {
			r.Body.Close()
		}
		cut <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
}

func TestServerThatNeverServed(t *testing.T) {
	s, err := rest.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
