package connectrest_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest"
	"github.com/connectless/connectless/terraform-provider/internal/target/connectrest/workertest"
)

// inProcess carries requests to a handler, or refuses the connection while down is positive.
type inProcess struct {
	handler http.Handler
	down    int
	last    *http.Request
}

func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	p.last = r
	if p.down > 0 {
		p.down--
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func client(t *testing.T, c connectrest.Config) *connectrest.Client {
	t.Helper()
	if c.URL == "" {
		c.URL = "http://connect:8083"
	}
	client, err := connectrest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func world(t *testing.T) (*workertest.Worker, *inProcess, *connectrest.Client) {
	t.Helper()
	w := workertest.New()
	p := &inProcess{handler: w}
	return w, p, client(t, connectrest.Config{Transport: p})
}

func sink(pairs ...string) map[string]string {
	props := map[string]string{"connector.class": "x.ProbeSink", "topics": "rt", "log": "probe.log"}
	for i := 0; i < len(pairs); i += 2 {
		props[pairs[i]] = pairs[i+1]
	}
	return props
}

func bubble(t *testing.T, f func(ctx context.Context, t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		f(ctx, t)
	})
}

func TestLife(t *testing.T) {
	bubble(t, func(ctx context.Context, t *testing.T) {
		w, _, c := world(t)
		w.Polls = 3
		if err := c.Create(ctx, "a/b c", sink("tasks.max", "2"), connectrest.Paused); err != nil {
			t.Fatal(err)
		}
		s, err := c.Settle(ctx, "a/b c", connectrest.Paused, nil)
		if err != nil || len(s.Tasks) != 2 || s.Tasks[1].State != connectrest.Paused || s.Type != "sink" {
			t.Fatalf("%+v %v", s, err)
		}
		if wrote, err := c.Configure(ctx, "a/b c", sink("tasks.max", "2")); wrote || err != nil {
			t.Errorf("the same configuration was written again: %v", err)
		}
		if wrote, err := c.Configure(ctx, "a/b c", sink("mode", "retry")); !wrote || err != nil {
			t.Errorf("wrote %v: %v", wrote, err)
		}
		if err := c.SetState(ctx, "a/b c", connectrest.Running); err != nil {
			t.Fatal(err)
		}
		if s, err := c.Settle(ctx, "a/b c", connectrest.Running, nil); err != nil || len(s.Tasks) != 1 {
			t.Fatalf("%+v %v", s, err)
		}
		if err := c.SetState(ctx, "a/b c", connectrest.Stopped); err != nil {
			t.Fatal(err)
		}
		if s, err := c.Settle(ctx, "a/b c", connectrest.Stopped, nil); err != nil || len(s.Tasks) != 0 {
			t.Fatalf("%+v %v", s, err)
		}
		for range 2 {
			if err := c.Delete(ctx, "a/b c"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Configure(ctx, "a/b c", sink()); !connectrest.IsNotFound(err) {
			t.Errorf("a deleted connector was configured: %v", err)
		}
		var got []string
		for _, call := range w.Calls() {
			got = append(got, call.String())
		}
		want := []string{
			"POST /connectors", "PUT /connectors/a%2Fb%20c/config", "PUT /connectors/a%2Fb%20c/resume", "PUT /connectors/a%2Fb%20c/stop",
			"DELETE /connectors/a%2Fb%20c", "DELETE /connectors/a%2Fb%20c",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestRetries(t *testing.T) {
	const rebalance = "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"
	for _, tc := range []struct {
		name    string
		prepare func(w *workertest.Worker, p *inProcess)
		call    func(ctx context.Context, c *connectrest.Client) error
	}{
		{
			"the worker starts late",
			func(_ *workertest.Worker, p *inProcess) { p.down = 4 },
			func(ctx context.Context, c *connectrest.Client) error {
				return c.Create(ctx, "c1", sink(), connectrest.Running)
			},
		},
		{
			"create during a rebalance",
			func(w *workertest.Worker, _ *inProcess) { w.Refuse(3, "POST", "/connectors", 409, rebalance) },
			func(ctx context.Context, c *connectrest.Client) error {
				return c.Create(ctx, "c1", sink(), connectrest.Running)
			},
		},
		{
			"create is done and the answer comes too late",
			func(w *workertest.Worker, _ *inProcess) { w.Lose("POST", "/connectors") },
			func(ctx context.Context, c *connectrest.Client) error {
				return c.Create(ctx, "c1", sink(), connectrest.Running)
			},
		},
		{
			"configure, pause and delete during rebalances and behind a gateway",
			func(w *workertest.Worker, _ *inProcess) {
				w.Refuse(2, "PUT", "/connectors/c1/config", 409, rebalance)
				w.Refuse(1, "PUT", "/connectors/c1/pause", 503, "")
				w.Refuse(1, "POST", "/connectors/c1/restart", 409, rebalance)
				w.Refuse(2, "DELETE", "/connectors/c1", 409, rebalance)
			},
			func(ctx context.Context, c *connectrest.Client) error {
				err := c.Create(ctx, "c1", sink(), connectrest.Running)
				_, put := c.Configure(ctx, "c1", sink("mode", "retry"))
				return errors.Join(err, put, c.SetState(ctx, "c1", connectrest.Paused), c.Restart(ctx, "c1", false), c.Delete(ctx, "c1"))
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(ctx context.Context, t *testing.T) {
				w, p, c := world(t)
				tc.prepare(w, p)
				if err := tc.call(ctx, c); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(w *workertest.Worker, p *inProcess)
		call    func(ctx context.Context, c *connectrest.Client) error
		is      func(error) bool
		says    string
	}{
		{
			"nobody answers",
			func(_ *workertest.Worker, p *inProcess) { p.down = 1000 },
			func(ctx context.Context, c *connectrest.Client) error { _, err := c.Get(ctx, "c1"); return err },
			connectrest.IsUnreachable, "http://connect:8083 does not answer: dial tcp: connection refused (gave up: context deadline exceeded)",
		},
		{
			"nobody answers, asked once",
			func(_ *workertest.Worker, p *inProcess) { p.down = 1 },
			func(ctx context.Context, c *connectrest.Client) error { _, err := c.Once().Server(ctx); return err },
			connectrest.IsUnreachable, "http://connect:8083 does not answer: dial tcp: connection refused",
		},
		{
			"invalid",
			nil,
			func(ctx context.Context, c *connectrest.Client) error {
				return c.Create(ctx, "c1", sink("tasks.max", "0"), connectrest.Running)
			},
			connectrest.IsInvalid, "POST /connectors: 400: Connector configuration is invalid",
		},
		{
			"the name is taken",
			func(w *workertest.Worker, _ *inProcess) { w.Refuse(1, "GET", "/connectors/c1", 404, "not yet") },
			func(ctx context.Context, c *connectrest.Client) error {
				return errors.Join(c.Create(ctx, "c1", sink(), connectrest.Running), c.Create(ctx, "c1", sink("mode", "retry"), connectrest.Running))
			},
			func(err error) bool { _, ok := errors.AsType[*connectrest.ExistsError](err); return ok },
			`there is a connector "c1" already`,
		},
		{
			"the name is taken while we ask for it",
			func(w *workertest.Worker, _ *inProcess) { w.Refuse(2, "GET", "/connectors/c1", 404, "not yet") },
			func(ctx context.Context, c *connectrest.Client) error {
				return errors.Join(c.Create(ctx, "c1", sink(), connectrest.Running), c.Create(ctx, "c1", sink("mode", "retry"), connectrest.Running))
			},
			func(err error) bool { _, ok := errors.AsType[*connectrest.ExistsError](err); return ok },
			`there is a connector "c1" already`,
		},
		{
			"not a worker",
			func(_ *workertest.Worker, p *inProcess) {
				p.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
			},
			func(ctx context.Context, c *connectrest.Client) error { _, err := c.Server(ctx); return err },
			func(error) bool { return true }, "the answer is not Kafka Connect's",
		},
		{
			"a proxy without a message",
			func(_ *workertest.Worker, p *inProcess) {
				p.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
			},
			func(ctx context.Context, c *connectrest.Client) error { _, err := c.Server(ctx); return err },
			func(error) bool { return true }, "GET /: 401: Unauthorized",
		},
		{
			"a connector that is not deleted",
			func(w *workertest.Worker, p *inProcess) {
				p.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodDelete {
						return
					}
					w.ServeHTTP(rw, r)
				})
			},
			func(ctx context.Context, c *connectrest.Client) error {
				return errors.Join(c.Create(ctx, "c1", sink(), connectrest.Running), c.Delete(ctx, "c1"))
			},
			func(error) bool { return true }, "is still there",
		},
		{
			"a state that cannot be asked for",
			nil,
			func(ctx context.Context, c *connectrest.Client) error {
				return c.SetState(ctx, "c1", connectrest.Failed)
			},
			func(error) bool { return true }, "FAILED is not a state to ask for",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(ctx context.Context, t *testing.T) {
				w, p, c := world(t)
				if tc.prepare != nil {
					tc.prepare(w, p)
				}
				err := tc.call(ctx, c)
				if err == nil || !tc.is(err) || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("error %v, want %q", err, tc.says)
				}
			})
		})
	}
}

func TestSettle(t *testing.T) {
	t.Run("a failure that was there before the change is not the change's", func(t *testing.T) {
		bubble(t, func(ctx context.Context, t *testing.T) {
			w, _, c := world(t)
			if err := c.Create(ctx, "c1", sink("mode", "fail"), connectrest.Running); err != nil {
				t.Fatal(err)
			}
			before, err := c.Settle(ctx, "c1", connectrest.Running, nil)
			if err != nil || !strings.Contains(before.Failure(), "task 0 on 127.0.0.1:18084: org.apache.kafka") {
				t.Fatalf("%+v %v", before, err)
			}
			w.Polls = 4
			if _, err := c.Configure(ctx, "c1", sink()); err != nil {
				t.Fatal(err)
			}
			if s, err := c.Settle(ctx, "c1", connectrest.Running, before); err != nil || s.Failure() != "" {
				t.Errorf("%+v %v", s, err)
			}
		})
	})
	t.Run("a failure that stays is told in the end", func(t *testing.T) {
		bubble(t, func(ctx context.Context, t *testing.T) {
			_, _, c := world(t)
			if err := c.Create(ctx, "c1", sink("mode", "fail"), connectrest.Running); err != nil {
				t.Fatal(err)
			}
			before, err := c.Status(ctx, "c1")
			if err != nil {
				t.Fatal(err)
			}
			if s, err := c.Settle(ctx, "c1", connectrest.Running, before); err != nil || s.Failure() == "" {
				t.Errorf("%+v %v", s, err)
			}
		})
	})
	t.Run("too slow", func(t *testing.T) {
		bubble(t, func(ctx context.Context, t *testing.T) {
			w, _, c := world(t)
			w.Polls = 1000
			if err := c.Create(ctx, "c1", sink(), connectrest.Running); err != nil {
				t.Fatal(err)
			}
			s, err := c.Settle(ctx, "c1", connectrest.Paused, nil)
			late, ok := errors.AsType[*connectrest.UnsettledError](err)
			if !ok || s == nil || late.Last != s || !strings.Contains(err.Error(), "connector c1 is RUNNING with no task, not PAUSED") {
				t.Errorf("%+v %v", s, err)
			}
			w.Remove("c1")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := c.Settle(ctx, "c1", connectrest.Running, nil); err == nil || !strings.Contains(err.Error(), "has no status") {
				t.Error("a connector that is not there settled", err)
			}
		})
	})
	t.Run("no tasks to run", func(t *testing.T) {
		bubble(t, func(ctx context.Context, t *testing.T) {
			_, _, c := world(t)
			if err := c.Create(ctx, "c1", sink("tasks.max", "1"), connectrest.Stopped); err != nil {
				t.Fatal(err)
			}
			c = client(t, connectrest.Config{Transport: &inProcess{handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = rw.Write([]byte(`{"name":"c1","connector":{"state":"RUNNING","worker_id":"w"},"tasks":[],"type":"source"}`))
			})}})
			begun := time.Now()
			if s, err := c.Settle(ctx, "c1", connectrest.Running, nil); err != nil || len(s.Tasks) != 0 || time.Since(begun) < 10*time.Second {
				t.Errorf("%+v %v after %v", s, err, time.Since(begun))
			}
		})
	})
}

func TestSecretsStayHidden(t *testing.T) {
	bubble(t, func(ctx context.Context, t *testing.T) {
		w, p, _ := world(t)
		c := client(t, connectrest.Config{Transport: p, Username: "jan", Password: "open-sesame", Headers: map[string]config.Password{"X-Key": "header-secret"}}).Hiding("hush-hush", "abc")
		if err := c.Create(ctx, "c1", sink("mode", "fail", "secret", "hush-hush"), connectrest.Running); err != nil {
			t.Fatal(err)
		}
		if name, pass, ok := p.last.BasicAuth(); !ok || name != "jan" || pass != "open-sesame" || p.last.Header.Get("X-Key") != "header-secret" {
			t.Errorf("headers %v", p.last.Header)
		}
		s, err := c.Settle(ctx, "c1", connectrest.Running, nil)
		if err != nil || !strings.Contains(s.Failure(), "secret is [hidden]") {
			t.Errorf("%+v %v", s, err)
		}
		w.Refuse(1, "", "/", 500, "hush-hush, header-secret and open-sesame, abc")
		_, err = c.Server(ctx)
		if err == nil || !strings.Contains(err.Error(), "[hidden], [hidden] and [hidden], abc") {
			t.Error(err)
		}
		infos, err := c.Validate(ctx, sink("log", "hush-hush", "mode", "hush-hush", "name", "c"))
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range infos.Configs {
			if i.Value.Value != nil && strings.Contains(*i.Value.Value, "hush") || strings.Contains(strings.Join(i.Value.Errors, ""), "hush") {
				t.Errorf("%s %s %q", i.Value.Name, *i.Value.Value, i.Value.Errors)
			}
		}
		c = client(t, connectrest.Config{Transport: p, Token: "a-token"})
		if _, err := c.Plugins(ctx, true); err != nil || p.last.Header.Get("Authorization") != "Bearer a-token" {
			t.Errorf("%v %v", p.last.Header, err)
		}
	})
}

func TestSettings(t *testing.T) {
	for url, says := range map[string]string{
		"":                        "is not the URL",
		"localhost:8083":          "is not the URL",
		"ftp://connect":           "is not the URL",
		"http://jan:pw12@connect": "do not belong into the URL",
		"http://connect?x=1":      "more than a path",
		"http://connect/%zz":      "invalid URL escape",
	} {
		_, err := connectrest.New(connectrest.Config{URL: url})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "pw12") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := connectrest.New(connectrest.Config{URL: "https://connect/path/", CACertificates: "-"}); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Error(err)
	}
}

// TestTLS asks a worker whose certificate nobody but the user trusts.
func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(workertest.New())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	ca := pemOf(server)
	for _, tc := range []struct {
		name   string
		config connectrest.Config
		ok     bool
	}{
		{"unknown", connectrest.Config{}, false},
		{"given", connectrest.Config{CACertificates: ca}, true},
		{"not looked at", connectrest.Config{Insecure: true}, true},
	} {
		tc.config.URL = server.URL
		c := client(t, tc.config)
		if s, err := c.Once().Server(t.Context()); (err == nil) != tc.ok || tc.ok && s.Version != "3.9.0" {
			t.Errorf("%s: %+v %v", tc.name, s, err)
		}
	}
}

func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
