package awslambda

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The process registers as an extension without events, and then asks for one, as the extension that was registered.
func TestBegin(t *testing.T) {
	asked := make(chan string, 1)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch body, err := io.ReadAll(r.Body); {
		case err != nil:
			t.Error(err)
		case r.Method == http.MethodPost && r.URL.Path == "/2020-01-01/extension/register":
			if name := r.Header.Get("Lambda-Extension-Name"); name != "connectless" || string(body) != `{"events":[]}` {
				t.Errorf("%s registers with %s", name, body)
			}
			w.Header().Set(identifier, "id-1")
			_, _ = io.WriteString(w, `{"functionName":"f","functionVersion":"1","handler":"bootstrap"}`)
		default:
			asked <- r.Method + " " + r.URL.Path + " " + r.Header.Get(identifier)
			<-r.Context().Done() // there is no event
		}
	}))
	defer api.Close()
	t.Setenv(runtimeAPI, strings.TrimPrefix(api.URL, "http://"))
	p := Begin()
	if err := <-p.registered; err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "GET /2020-01-01/extension/event/next id-1" {
		t.Errorf("it asked %s", got)
	}
	api.CloseClientConnections()
}

// A registration that fails, whatever way, is told, and nothing waits for it.
func TestBeginWithoutAnExtension(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer refuses.Close()
	breaks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }))
	defer breaks.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, tc := range []struct{ api, says string }{
		{refuses.URL, "403 Forbidden"}, {breaks.URL, "EOF"}, {gone.URL, "refused"}, {"http://a b", "invalid"},
	} {
		t.Setenv(runtimeAPI, strings.TrimPrefix(tc.api, "http://"))
		if err := <-Begin().registered; err == nil || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "awslambda: extension: ") {
			t.Errorf("%s: %v, want %q", tc.api, err, tc.says)
		}
	}
}
