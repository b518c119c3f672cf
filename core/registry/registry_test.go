package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/registry"
	"github.com/connectless/connectless/core/registry/registrytest"
)

const (
	one    = `{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}`
	wider  = `{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}`
	other  = `{"type":"record","name":"R","fields":[{"name":"b","type":"string"}]}`
	broken = `{"type":"record"}`
)

func open(t *testing.T, props map[string]string) *registry.Client {
	t.Helper()
	c, err := tryOpen(props)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tryOpen(props map[string]string) (*registry.Client, error) {
	var s convert.Registry
	if err := config.Parse(props, &s).Err(); err != nil {
		return nil, err
	}
	return registry.New(&s, false)
}

func at(urls ...string) map[string]string {
	return map[string]string{"schema.registry.url": strings.Join(urls, ",")}
}

// What cannot change is asked for once, and known when the registry is gone.
func TestRemembers(t *testing.T) {
	reg := registrytest.New(t)
	c := open(t, at(reg.URL()))
	ctx := context.Background()
	ask := func() (found []any) {
		id, err := c.Register(ctx, "s", registry.Schema{Text: one})
		found = append(found, id, err)
		byID, err := c.ByID(ctx, 1)
		found = append(found, byID, err)
		version, err := c.VersionOf(ctx, "s", byID)
		found = append(found, version, err)
		byVersion, err := c.ByVersion(ctx, "s", 1)
		found = append(found, byVersion, err)
		latest, err := c.ByVersion(ctx, "s", registry.Latest)
		found = append(found, latest, err)
		known, err := c.Lookup(ctx, "s", registry.Schema{Text: one})
		return append(found, known, err)
	}
	first := ask()
	in := registry.Schema{ID: 1, Version: 1, Type: "AVRO", Text: one}
	bare := in
	bare.Version = 0
	want := []any{1, nil, bare, nil, 1, nil, in, nil, in, nil, in, nil}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	asked := len(reg.Requests())
	reg.Close()
	if diff := cmp.Diff(want, ask()); diff != "" {
		t.Errorf("without the registry (-want +got):\n%s", diff)
	}
	if _, err := c.ByID(ctx, 2); connect.Classify(err) != connect.ClassRetriable || !connect.IsMarked(err) {
		t.Errorf("an unknown ID without the registry: %v, want a retriable error", err)
	}
	if asked != 6 {
		t.Errorf("%d requests: %q", asked, reg.Requests())
	}
}

func TestLatestIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A registry in the process: no network within the bubble.
		scope := fmt.Sprintf("%s-%p", t.Name(), t) // the process keeps it
		props := at("mock://" + scope)
		props["latest.cache.ttl.sec"] = "60"
		c, m := open(t, props), registry.Mock(scope)
		latest := func() int {
			s, err := c.ByVersion(context.Background(), "s", registry.Latest)
			if err != nil {
				t.Fatal(err)
			}
			return s.Version
		}
		m.Register("s", one)
		before := latest()
		m.Register("s", wider)
		time.Sleep(59 * time.Second)
		still := latest()
		time.Sleep(time.Second)
		if now := latest(); before != 1 || still != 1 || now != 2 {
			t.Errorf("versions %d, %d after 59 s and %d after a minute; want 1, 1, 2", before, still, now)
		}
	})
}

func TestErrorsAreClassified(t *testing.T) {
	reg := registrytest.New(t)
	if _, _, err := reg.Register("s", one); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	byID := func(c *registry.Client) error { _, err := c.ByID(ctx, 99); return err }
	for _, tc := range []struct {
		name   string
		status int // of every answer; 0 is the registry's own
		call   func(*registry.Client) error
		want   connect.Class
		code   int
	}{
		{"unknown id", 0, byID, connect.ClassData, 40403},
		{"unknown subject", 0, func(c *registry.Client) error { _, err := c.ByVersion(ctx, "x", registry.Latest); return err }, connect.ClassData, 40401},
		{"unknown schema", 0, func(c *registry.Client) error { _, err := c.Lookup(ctx, "s", registry.Schema{Text: other}); return err }, connect.ClassData, 40403},
		{"incompatible", 0, func(c *registry.Client) error {
			_, err := c.Register(ctx, "s", registry.Schema{Text: other})
			return err
		}, connect.ClassData, 409},
		{"invalid", 0, func(c *registry.Client) error {
			_, err := c.Register(ctx, "s", registry.Schema{Text: broken})
			return err
		}, connect.ClassData, 42201},
		{"unauthorized", 401, byID, connect.ClassFatal, 401},
		{"forbidden", 403, byID, connect.ClassFatal, 403},
		{"too many", 429, byID, connect.ClassRetriable, 429},
		{"failing", 500, byID, connect.ClassRetriable, 500},
		{"starting", 503, byID, connect.ClassRetriable, 503},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg.Fail(tc.status)
			defer reg.Fail(0)
			err := tc.call(open(t, at(reg.URL())))
			var answer *registry.Error
			if !errors.As(err, &answer) || answer.Code != tc.code {
				t.Fatalf("got %v, want an answer with code %d", err, tc.code)
			}
			if !connect.IsMarked(err) || connect.Classify(err) != tc.want {
				t.Errorf("%v is %v, want %v", err, connect.Classify(err), tc.want)
			}
		})
	}
}

// The fake of itself takes every schema; with our check it behaves as a registry does.
func TestCompatibility(t *testing.T) {
	for _, tc := range []struct {
		level sr.CompatibilityLevel
		next  string
		ok    bool
	}{
		{sr.CompatBackward, wider, true},
		{sr.CompatForward, wider, false},
		{sr.CompatFull, wider, false},
		{sr.CompatBackward, other, false},
		{sr.CompatNone, other, true},
		{sr.CompatFullTransitive, one, true},
	} {
		reg := registrytest.New(t)
		reg.SetCompatibility("s", tc.level)
		c := open(t, at(reg.URL()))
		if _, err := c.Register(context.Background(), "s", registry.Schema{Text: one}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Register(context.Background(), "s", registry.Schema{Text: tc.next}); (err == nil) != tc.ok {
			t.Errorf("%v: %s: %v", tc.level, tc.next, err)
		}
	}
}

// The records of a batch do not each wait for a registry that is away, and it is asked again a moment later.
func TestLeavesAloneWhatIsAway(t *testing.T) {
	reg := registrytest.New(t)
	if _, _, err := reg.Register("s", one); err != nil {
		t.Fatal(err)
	}
	c, now := open(t, at(reg.URL())), time.Unix(0, 0)
	c.SetClock(func() time.Time { return now })
	reg.Fail(503)
	for id := 1; id < 50; id++ {
		if _, err := c.ByID(context.Background(), id); !connect.IsRetriable(err) {
			t.Fatalf("got %v, want a retriable error", err)
		}
	}
	if asked := len(reg.Requests()); asked != 1 {
		t.Errorf("%d requests", asked)
	}
	reg.Fail(0)
	now = now.Add(time.Second)
	if _, err := c.ByID(context.Background(), 1); err != nil {
		t.Error(err)
	}
}

func TestFailsOver(t *testing.T) {
	gone, reg := registrytest.New(t), registrytest.New(t)
	gone.Close()
	c := open(t, at(gone.URL(), reg.URL()))
	if id, err := c.Register(context.Background(), "s", registry.Schema{Text: one}); id != 1 || err != nil {
		t.Errorf("got %d, %v", id, err)
	}
}

func TestLogins(t *testing.T) {
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, secret, _ := r.BasicAuth(); user != "id" || secret != "hush" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(`{"access_token":"fresh","expires_in":3600}`))
	}))
	defer tokens.Close()
	reg := registrytest.New(t)
	if _, _, err := reg.Register("s", one); err != nil {
		t.Fatal(err)
	}
	basic := func(r *http.Request) bool { user, pass, _ := r.BasicAuth(); return user == "me" && pass == "hush" }
	bearer := func(token string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+token }
	}
	for _, tc := range []struct {
		name    string
		props   map[string]string
		url     string
		allowed func(*http.Request) bool
	}{
		{"URL", nil, strings.Replace(reg.URL(), "http://", "http://me:hush@", 1), basic},
		{"USER_INFO", map[string]string{"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "me:hush"}, reg.URL(), basic},
		{"old key", map[string]string{"basic.auth.credentials.source": "USER_INFO", "schema.registry.basic.auth.user.info": "me:hush"}, reg.URL(), basic},
		{"SASL_INHERIT", map[string]string{"basic.auth.credentials.source": "SASL_INHERIT",
			"sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required username="me" password="hush";`}, reg.URL(), basic},
		{"token", map[string]string{"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "hush"}, reg.URL(), bearer("hush")},
		{"OAuth", map[string]string{"bearer.auth.credentials.source": "OAUTHBEARER", "bearer.auth.issuer.endpoint.url": tokens.URL,
			"bearer.auth.client.id": "id", "bearer.auth.client.secret": "hush", "bearer.auth.logical.cluster": "lsrc-1"}, reg.URL(),
			func(r *http.Request) bool { return bearer("fresh")(r) && r.Header.Get("target-sr-cluster") == "lsrc-1" }},
		{"header", map[string]string{"request.header.X-Team": "shop"}, reg.URL(), func(r *http.Request) bool { return r.Header.Get("X-Team") == "shop" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reg.Authorize(tc.allowed)
			props := at(tc.url)
			for k, v := range tc.props {
				props[k] = v
			}
			if _, err := open(t, props).ByID(context.Background(), 1); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	reg := registrytest.New(t)
	if _, _, err := reg.Register("s", one); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(reg.Handler())
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // the first client's refusal
	front.StartTLS()
	defer front.Close()
	props := at(front.URL)
	if _, err := open(t, props).ByID(context.Background(), 1); connect.Classify(err) != connect.ClassRetriable {
		t.Errorf("a certificate nobody knows: %v", err)
	}
	props["schema.registry.ssl.truststore.certificates"] = registrytest.PEM(front.Certificate())
	props["schema.registry.ssl.truststore.type"] = "PEM"
	if _, err := open(t, props).ByID(context.Background(), 1); err != nil {
		t.Error(err)
	}
}

// No error shows a password.
func TestSecretsStaySecret(t *testing.T) {
	reg := registrytest.New(t)
	reg.Close()
	_, err := open(t, at(strings.Replace(reg.URL(), "http://", "http://me:hush@", 1))).ByID(context.Background(), 1)
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	if _, err := tryOpen(at("me:hush@host")); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

func TestBadSettings(t *testing.T) {
	for _, props := range []map[string]string{
		{},
		at("ftp://host"),
		at("mock://a", "mock://b"),
		at("mock://a", "http://b"),
		{"schema.registry.url": "http://b", "basic.auth.credentials.source": "USER_INFO"},
		{"schema.registry.url": "http://b", "basic.auth.credentials.source": "SASL_INHERIT"},
		{"schema.registry.url": "http://b", "bearer.auth.credentials.source": "STATIC_TOKEN"},
		{"schema.registry.url": "http://b", "bearer.auth.credentials.source": "OAUTHBEARER"},
		{"schema.registry.url": "https://b", "schema.registry.ssl.truststore.location": "/nonexistent"},
	} {
		if _, err := tryOpen(props); err == nil {
			t.Errorf("%v is taken", props)
		}
	}
}

func TestMockScopes(t *testing.T) {
	a, b, elsewhere := open(t, at("mock://"+t.Name())), open(t, at("mock://"+t.Name())), open(t, at("mock://else"+t.Name()))
	ctx := context.Background()
	id, err := a.Register(ctx, "s", registry.Schema{Text: one})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := b.ByID(ctx, id); err != nil || s.Text != one {
		t.Errorf("the same scope: %v, %v", s, err)
	}
	if _, err := elsewhere.ByID(ctx, id); connect.Classify(err) != connect.ClassData {
		t.Errorf("another scope: %v", err)
	}
	if again, err := b.Register(ctx, "other", registry.Schema{Text: one}); again != id || err != nil {
		t.Errorf("the same schema in another subject: %d, %v", again, err)
	}
	for _, call := range []func() error{
		func() error { _, err := b.Lookup(ctx, "none", registry.Schema{Text: one}); return err },
		func() error { _, err := b.Lookup(ctx, "s", registry.Schema{Text: other}); return err },
		func() error { _, err := b.ByVersion(ctx, "s", 2); return err },
	} {
		if err := call(); connect.Classify(err) != connect.ClassData || !connect.IsMarked(err) {
			t.Errorf("got %v, want a data error", err)
		}
	}
}
