package keyvault

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

// fake is vaults, the login of Entra ID and the endpoint of managed identities: every host leads to it.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	secrets  map[string]string // "vault/name" or "vault/name/version"; a value that begins with ! is "status code"
	asked    []string
	tokens   int
	status   int  // of everything, when it is not 0
	identity bool // that of the function exists
}

const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"

func newFake(t *testing.T, secrets map[string]string) *fake {
	t.Helper()
	f := &fake{secrets: secrets, identity: true}
	f.Server = httptest.NewTLSServer(f)
	t.Cleanup(f.Close)
	plain := httptest.NewServer(f)
	t.Cleanup(plain.Close)
	t.Setenv("IDENTITY_ENDPOINT", plain.URL+"/msi/token")
	t.Setenv("IDENTITY_HEADER", "header")
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST"} {
		t.Setenv(name, "")
	}
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	token := func() {
		f.tokens++
		fmt.Fprint(w, `{"access_token":"token","expires_in":3600,"expires_on":"4102444800","resource":"https://vault.azure.net","token_type":"Bearer"}`)
	}
	switch {
	case f.status != 0:
		w.WriteHeader(f.status)
		fmt.Fprint(w, `{"error":{"code":"Busy","message":"top-secret-value"}}`)
	case r.URL.Path == "/msi/token" && f.identity && r.Header.Get("X-IDENTITY-HEADER") == "header":
		token()
	case r.URL.Path == "/msi/token":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found"}`)
	case strings.HasPrefix(r.URL.Path, "/common/discovery"):
		fmt.Fprintf(w, `{"tenant_discovery_endpoint":"https://login.microsoftonline.com/%s/v2.0/.well-known/openid-configuration","metadata":[{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com"]}]}`, tenant)
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		base := "https://login.microsoftonline.com/" + tenant
		fmt.Fprintf(w, `{"token_endpoint":%q,"authorization_endpoint":%q,"issuer":%q}`, base+"/oauth2/v2.0/token", base+"/oauth2/v2.0/authorize", base+"/v2.0")
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		if r.FormValue("client_secret") != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`)
			return
		}
		token()
	case r.Header.Get("Authorization") != "Bearer token":
		w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/`+tenant+`", resource="https://vault.azure.net"`)
		w.WriteHeader(http.StatusUnauthorized)
	default:
		vault, _, _ := strings.Cut(r.Host, ".")
		name := vault + strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/secrets"), "/")
		f.asked = append(f.asked, name)
		value, ok := f.secrets[name]
		if !ok {
			value = "!404 SecretNotFound"
		}
		if refusal, is := strings.CutPrefix(value, "!"); is {
			var status int
			var code string
			fmt.Sscan(refusal, &status, &code)
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"code":%q,"message":"top-secret-value"}}`, code)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "https://" + r.Host + r.URL.Path, "value": value})
	}
}

func (f *fake) store(t *testing.T, params ...string) *Store {
	t.Helper()
	m := map[string]string{}
	for i := 0; i < len(params); i += 2 {
		m[params[i]] = params[i+1]
	}
	s, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	direct := f.Listener.Addr().String()
	s.http.Transport = &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, _ := net.SplitHostPort(address); net.ParseIP(host) == nil {
				address = direct
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a server of this test
	}
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

func get(t *testing.T, s *Store, path, key string) (string, error) {
	t.Helper()
	values, err := s.Get(t.Context(), path, []string{key})
	if errs, ok := err.(config.KeyErrors); ok { //nolint:errorlint // Get returns no other
		return "", errs[key]
	}
	return values[key], err
}

func TestReferences(t *testing.T) {
	f := newFake(t, map[string]string{
		"mine/db-password": "p", "mine/db": `{"user":"u","port":1}`, "mine/db/0123abcd": `{"user":"old"}`, "other/db-password": "q",
		"mine/staging-db": `{"user":"s"}`, "mine/list": "[1]",
	})
	vault := []string{"vault.url", "https://mine.vault.azure.net/"}
	for _, tc := range []struct {
		name      string
		params    []string
		path, key string
		want, err string
	}{
		{"a vault by its name", nil, "mine", "db-password", "p", ""},
		{"a vault by its host", nil, "other.vault.azure.net", "db-password", "q", ""},
		{"a vault by its host, beside vault.url", vault, "other.vault.azure.net", "db-password", "q", ""},
		{"a whole secret of vault.url", vault, "", "db-password", "p", ""},
		{"a key of a secret of vault.url", vault, "db", "user", "u", ""},
		{"a number", vault, "db", "port", "1", ""},
		{"a version", vault, "db?version=0123abcd&ttl=30000", "user", "old", ""},
		{"a version of a whole secret", nil, "mine", "db?version=0123abcd", `{"user":"old"}`, ""},
		{"a prefix", append([]string{"secret.prefix", "staging-"}, vault...), "db", "user", "s", ""},
		{"no vault", nil, "", "db", "", "the reference names no vault: write ${keyvault:vault:db}"},
		{"no secret", nil, "mine", "", "", "names no secret"},
		{"a stage", vault, "", "db?stage=x", "", "have no stages"},
		{"not a name", nil, "mine", "../keys/x", "", "is not the name of a secret"},
		{"not a vault", nil, "mine.vault.azure.net@evil.example", "db", "", "is not a vault"},
		{"a path in a vault", nil, "evil.example/mine", "db", "", "is not a vault"},
		{"a key of a list", vault, "list", "user", "", "is not a JSON object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := get(t, f.store(t, tc.params...), tc.path, tc.key)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || config.IsPassing(err) {
					t.Errorf("%q, error %v; want %q", got, err, tc.err)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
	t.Run("no such key", func(t *testing.T) {
		if values, err := f.store(t, vault...).Get(t.Context(), "db", []string{"pasword"}); err != nil || len(values) != 0 {
			t.Errorf("%v, %v; want nothing: whoever asked knows what to say", values, err)
		}
	})
}

func TestOneRequestForASecret(t *testing.T) {
	f := newFake(t, map[string]string{"mine/db": `{"user":"u","password":"p"}`, "mine/other": "{}"})
	s := f.store(t, "vault.url", "https://mine.vault.azure.net")
	if _, err := s.Get(t.Context(), "db", []string{"user", "password"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), "other", []string{"x"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"mine/db", "mine/other"}, f.asked); diff != "" || f.tokens > 1 { // the SDK may hold a token of an earlier test
		t.Errorf("%d tokens, asked for (-want +got):\n%s", f.tokens, diff)
	}
}

func TestSignIn(t *testing.T) {
	f := newFake(t, map[string]string{"mine/db": "x"})
	f.identity = false
	client := []string{"tenant.id", tenant, "client.id", "id", "client.secret"}
	for _, tc := range []struct {
		name   string
		params []string
		env    map[string]string
		err    string
	}{
		{"client secret", append(client, "right"), nil, ""},
		{"under Lenses' names", []string{"azure.auth.method", "credentials", "azure.tenant.id", tenant, "azure.client.id", "id", "azure.secret.id", "right"}, nil, ""},
		{"environment", nil, map[string]string{"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": "id", "AZURE_CLIENT_SECRET": "right"}, ""},
		{"wrong secret", append(client, "wrong-secret"), nil, "signing in to Azure is refused (HTTP status 401): correct tenant.id"},
		{"no identity", []string{"client.id", "unassigned"}, nil, "or give the function a managed identity"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			got, err := get(t, f.store(t, tc.params...), "mine", "db")
			if tc.err == "" && (err != nil || got != "x") {
				t.Errorf("%q, %v", got, err)
			}
			if tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "wrong-secret") || config.IsPassing(err)) {
				t.Errorf("error %v, want %q", err, tc.err)
			}
		})
	}
}

// What can go wrong, what is said about it, and whether it may go away.
func TestFailures(t *testing.T) {
	f := newFake(t, map[string]string{"mine/denied": "!403 Forbidden", "mine/odd": "!409 Conflict", "mine/busy": "!429 Throttled", "mine/broken": "!503 ServiceUnavailable"})
	for _, tc := range []struct {
		secret  string
		want    string
		passing bool
		tries   int
	}{
		{"missing", "there is no secret mine.vault.azure.net/missing: create it", false, 1},
		{"denied", "may not be read (Forbidden): give the function's identity the role Key Vault Secrets User", false, 1},
		{"odd", "cannot be read (Conflict)", false, 1},
		{"busy", "cannot be read now (Throttled)", true, 2},
		{"broken", "cannot be read now (ServiceUnavailable)", true, 2},
	} {
		t.Run(tc.secret, func(t *testing.T) {
			f.asked = nil
			_, err := get(t, f.store(t, "retry.count", "2"), "mine", tc.secret)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "top-secret") || config.IsPassing(err) != tc.passing {
				t.Errorf("error %v (passing: %t), want %q (passing: %t)", err, config.IsPassing(err), tc.want, tc.passing)
			}
			if len(f.asked) != tc.tries {
				t.Errorf("asked %d times, want %d", len(f.asked), tc.tries)
			}
		})
	}
	t.Run("one try", func(t *testing.T) {
		f.asked = nil
		if _, err := get(t, f.store(t, "retry.count", "1"), "mine", "busy"); err == nil || len(f.asked) != 1 {
			t.Errorf("asked %d times: %v", len(f.asked), err)
		}
	})
	t.Run("no sign-in now", func(t *testing.T) {
		f.status = http.StatusServiceUnavailable
		defer func() { f.status = 0 }()
		s := f.store(t, "retry.count", "1", "tenant.id", tenant, "client.id", "id", "client.secret", "right")
		if _, err := get(t, s, "mine", "db"); err == nil || !config.IsPassing(err) || strings.Contains(err.Error(), "top-secret") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("out of reach", func(t *testing.T) {
		s := f.store(t, "retry.count", "1")
		f.Close()
		_, err := get(t, s, "mine", "db")
		if err == nil || !config.IsPassing(err) || !strings.Contains(err.Error(), "the vault mine.vault.azure.net is out of reach: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
	})
}

func TestParameters(t *testing.T) {
	for _, tc := range []struct{ key, value, want string }{
		{"vault.url", "http://mine.vault.azure.net", "https://name.vault.azure.net/"},
		{"vault.url", "mine", "https://name.vault.azure.net/"},
		{"credential.type", "ClientCertificate", "not supported; DefaultAzure and ClientSecret are"},
		{"credential.type", "ClientSecret", "needs tenant.id, client.id and client.secret"},
		{"azure.auth.method", "credentials", "needs tenant.id, client.id and client.secret"},
	} {
		if _, err := New(map[string]string{tc.key: tc.value}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s=%s: %v", tc.key, tc.value, err)
		}
	}
	classes := Provider().Classes
	for _, class := range []string{"io.confluent.csid.config.provider.azure.KeyVaultConfigProvider", "io.lenses.connect.secrets.providers.AzureSecretProvider"} {
		if !slices.Contains(classes, class) {
			t.Errorf("%s is not one of %v", class, classes)
		}
	}
}

// A token goes to a host that the reference names, and nowhere else.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{"mine|db", "a.b|c?version=1", "|x", "a@b.c|d", "a.b/c|d", "a.b?c|d", "a.b#c|d", "a.b:1|d"} {
		f.Add(seed)
	}
	s, err := New(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, key, _ := strings.Cut(text, "|")
		r, err := s.reference(path, key)
		if err != nil {
			return
		}
		if strings.ContainsAny(r.Store, "/@?#\\") || strings.ContainsAny(r.Secret, "/?#.") {
			t.Errorf("%q is the secret %q of %q", text, r.Secret, r.Store)
		}
	})
}
