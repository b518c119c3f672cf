package registry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/registry"
)

// Whatever a registry answers: an answer that is none is an error, which is marked for what it is, and an answer to one
// question is remembered for no other.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"subject":"s","id":7,"version":3,"schemaType":"AVRO","schema":"\"int\"","references":[{"name":"n","subject":"s","version":1}]}`)
	f.Add(200, `{"id":-1}`)
	f.Add(200, `null`)
	f.Add(404, `{"error_code":40403,"message":"Schema not found"}`)
	f.Add(409, `{"error_code":409,"message":"incompatible"}`)
	f.Add(503, `<html>`)
	var answer struct {
		status int
		body   string
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answer.status)
		_, _ = io.WriteString(w, answer.body) // a client that is gone will ask again
	}))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		answer.status, answer.body = status, body
		defer server.CloseClientConnections()
		c := open(t, at(server.URL))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		check := func(what string, err error) {
			if status >= 300 && err == nil {
				t.Errorf("%s: %d counts as an answer", what, status)
			}
			if err != nil && !connect.IsMarked(err) {
				t.Errorf("%s: the error is not marked: %v", what, err)
			}
		}
		byID, err := c.ByID(ctx, 12)
		check("ByID", err)
		if err == nil && byID.ID != 12 {
			t.Errorf("schema 12 is %d", byID.ID)
		}
		_, err = c.ByVersion(ctx, "s", 2)
		check("ByVersion", err)
		_, err = c.Register(ctx, "s", registry.Schema{Text: one})
		check("Register", err)
		_, err = c.Lookup(ctx, "s", registry.Schema{Text: one})
		check("Lookup", err)
	})
}
