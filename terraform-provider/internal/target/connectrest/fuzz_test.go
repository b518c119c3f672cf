package connectrest_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
)

// Whatever a worker answers, or something in front of it: it is an answer of Kafka Connect or an error, and no call is taken
// for done that was refused.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"name":"c","config":{"a":"1"},"tasks":[{"connector":"c","task":0}],"type":"sink"}`)
	f.Add(200, `{"name":"c","connector":{"state":"RUNNING","worker_id":"w"},"tasks":[{"id":1,"state":"FAILED","trace":"x"},{"id":0}],"type":"sink"}`)
	f.Add(200, `[{"class":"C","type":"sink","version":"1"},null]`)
	f.Add(200, `{"name":"C","error_count":1,"groups":["g"],"configs":[{"definition":{"name":"a"},"value":{"name":"a","value":null,"errors":["secret"]}},{}]}`)
	f.Add(404, `{"error_code":404,"message":"Connector c not found"}`)
	f.Add(409, `null`)
	f.Add(502, `<html>`)
	f.Add(200, `null`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			status = 200
		}
		p := &inProcess{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})}
		c := client(t, connectrest.Config{Transport: p}).Once().Hiding("secret")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		check := func(what string, err error) {
			if status >= 300 && err == nil {
				t.Errorf("%s counts as done after %d", what, status)
			}
		}
		_, err := c.Server(ctx)
		check("Server", err)
		_, err = c.Plugins(ctx, true)
		check("Plugins", err)
		_, err = c.Keys(ctx, "C")
		check("Keys", err)
		_, err = c.Validate(ctx, map[string]string{"connector.class": "C"})
		check("Validate", err)
		_, err = c.Get(ctx, "c")
		check("Get", err)
		_, err = c.Status(ctx, "c")
		check("Status", err)
		_, err = c.Configure(ctx, "c", map[string]string{"a": "2"})
		check("Configure", err)
		check("SetState", c.SetState(ctx, "c", connectrest.Paused))
		check("Restart", c.Restart(ctx, "c", true))
		check("Create", c.Create(ctx, "c", map[string]string{"a": "1"}, connectrest.Running))
	})
}
