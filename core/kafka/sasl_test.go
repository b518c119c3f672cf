package kafka

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/connect"
)

func TestParseJAAS(t *testing.T) {
	for _, tc := range []struct {
		line string
		want map[string]string
		err  string
	}{
		{line: "", want: map[string]string{}},
		{line: `x.PlainLoginModule required username="u" password="p\"w d;";`, want: map[string]string{"username": "u", "password": `p"w d;`}},
		{line: "x.M required\n  username=u\n  password='$ConnectionString';", want: map[string]string{"username": "u", "password": "$ConnectionString"}},
		{line: `x.M required ;`, want: map[string]string{}},
		{line: `x.M required username="u"`, err: "semicolon"},
		{line: `x.M;`, err: "login module and a control flag"},
		{line: `x.M required username;`, err: `name="value"`},
		{line: `x.M required username="u;`, err: "closing quote"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			got, err := parseJAAS(tc.line)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want one about %q", err, tc.err)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func FuzzParseJAAS(f *testing.F) {
	f.Add(`x.M required username="u" password='p\'';`)
	f.Add(`x.M required a=b c="d" ;`)
	f.Fuzz(func(t *testing.T, line string) {
		options, err := parseJAAS(line)
		if err == nil && strings.TrimSpace(line) == "" && len(options) > 0 {
			t.Errorf("options %v out of nothing", options)
		}
	})
}

// What is wrong with the security settings is said before anything is connected, without the secret.
func TestRefusedConfiguration(t *testing.T) {
	for _, tc := range []struct {
		name  string
		props map[string]string
		want  string
	}{
		{"no brokers", map[string]string{}, "bootstrap.servers"},
		{"protocol", map[string]string{"security.protocol": "TLS"}, "Invalid value TLS for configuration security.protocol"},
		{"kerberos", map[string]string{"security.protocol": "SASL_SSL"}, "Kerberos"},
		{"mechanism", map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM"}, "sasl.mechanism SCRAM is not supported; use"},
		{"no user", map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": `x.M required password="geheim";`}, "username"},
		{"broken line", map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": `x.M required password="geheim`}, "[hidden]"},
		{"no endpoint", map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}, "sasl.oauthbearer.token.endpoint.url"},
		{"acks", map[string]string{"acks": "2"}, "Invalid value 2 for configuration acks"},
		{"trust store", map[string]string{"security.protocol": "SSL", "ssl.truststore.location": "/does/not/exist"}, "trust store"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name != "no brokers" {
				tc.props["bootstrap.servers"] = "127.0.0.1:1"
			}
			_, err := NewProducer(tc.props)
			if err == nil || !strings.Contains(err.Error(), tc.want) || connect.Classify(err) != connect.ClassFatal {
				t.Errorf("error %v, want a fatal one about %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("error %v has the secret", err)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, secret := 0, "s%2Fcret"
		transport := http.DefaultTransport
		http.DefaultTransport = roundTrip(func(r *http.Request) (*http.Response, error) {
			calls++
			w := httptest.NewRecorder()
			if user, pass, _ := r.BasicAuth(); user != "id" || pass != secret || r.FormValue("scope") != "kafka" || r.FormValue("grant_type") != "client_credentials" {
				t.Errorf("asked with %s:%s %v", user, pass, r.Form)
			}
			fmt.Fprintf(w, `{"access_token":"token-%d","expires_in":100}`, calls)
			return w.Result(), nil
		})
		defer func() { http.DefaultTransport = transport }()
		tokens := &tokens{url: "http://issuer/token", id: "id", secret: "s/cret", scope: "kafka", encode: true}
		for i, want := range []string{"token-1", "token-1", "token-2"} {
			got, err := tokens.token(t.Context())
			if err != nil || got != want {
				t.Errorf("token %d = %s, %v; want %s", i, got, err, want)
			}
			time.Sleep(50 * time.Second)
		}
		secret = "s/cret"
		tokens.encode, tokens.held = false, ""
		if got, err := tokens.token(t.Context()); err != nil || got != "token-3" {
			t.Errorf("as Java's clients send it: %s, %v", got, err)
		}
	})
}
