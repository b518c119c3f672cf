package secretsmanager

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

// fake is Secrets Manager: GetSecretValue of the JSON 1.1 protocol.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	secrets map[string]string // "name", "name@version" and "name#stage"; a value that begins with ! is an error code
	asked   []string
	refuse  int // requests to refuse before any is answered
	scopes  []string
}

func newFake(t *testing.T, secrets map[string]string) *fake {
	t.Helper()
	f := &fake{secrets: secrets}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "shh-secret-key")
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_REGION", "eu-north-1")
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var in struct{ SecretId, VersionId, VersionStage string }
	if err := json.Unmarshal(body, &in); err != nil || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue" {
		http.Error(w, "not GetSecretValue", http.StatusBadRequest)
		return
	}
	name := in.SecretId
	if in.VersionId != "" {
		name += "@" + in.VersionId
	}
	if in.VersionStage != "" {
		name += "#" + in.VersionStage
	}
	f.asked = append(f.asked, name)
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ = strings.Cut(scope, ",")
	f.scopes = append(f.scopes, scope)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fail := func(status int, code string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":"never shown: %s"}`, code, "top-secret-value")
	}
	if f.refuse > 0 {
		f.refuse--
		fail(400, "ThrottlingException")
		return
	}
	if !strings.HasPrefix(scope, "AKID/") {
		fail(400, "UnrecognizedClientException")
		return
	}
	value, ok := f.secrets[name]
	code, isCode := strings.CutPrefix(value, "!")
	switch {
	case !ok:
		fail(400, "ResourceNotFoundException")
	case isCode && code == "InternalServiceError":
		fail(500, code)
	case isCode:
		fail(400, code)
	case strings.HasPrefix(value, "\x00"):
		fmt.Fprintf(w, `{"Name":"x","SecretBinary":%q}`, base64.StdEncoding.EncodeToString([]byte(value)))
	default:
		text, _ := json.Marshal(value)
		fmt.Fprintf(w, `{"Name":"x","SecretString":%s}`, text)
	}
}

func (f *fake) store(t *testing.T, params ...string) *Store {
	t.Helper()
	m := map[string]string{"endpoint.override": f.URL}
	for i := 0; i < len(params); i += 2 {
		m[params[i]] = params[i+1]
	}
	s, err := New(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:db-AbCdEf"

// catalog has the provider and nothing else: the references are read by Kafka's pattern.
func resolve(t *testing.T, f *fake, worker map[string]string, value string) (string, error) {
	t.Helper()
	w := map[string]string{"config.providers": "sm", "config.providers.sm.class": "com.amazonaws.kafka.config.providers.SecretsManagerConfigProvider",
		"config.providers.sm.param.endpoint.override": f.URL, "key.converter": "x", "value.converter": "x"}
	for k, v := range worker {
		w["config.providers.sm.param."+k] = v
	}
	c := &config.Catalog{Providers: []config.ProviderPlugin{Provider()},
		Connectors: []config.Connector{{Name: "c", Kind: "sink", Config: func(string) config.Definer { return none{} }}}}
	props := map[string]string{"name": "n", "connector.class": "c", "topics": "t", "a": value}
	v := c.Judge(w, props, config.Options{References: c.Resolve(t.Context(), w, props)})
	var ps config.Problems
	for _, p := range v.Problems {
		if p.Key == "a" && p.Severity == config.Error {
			ps = append(ps, p)
		}
	}
	return v.Effective.Connector["a"], ps.Err()
}

type none struct{}

func (none) Define(*config.Def) {}

func TestReferences(t *testing.T) {
	f := newFake(t, map[string]string{
		"db": `{"user":"u","password":"p:w\"d","port":5432,"nested":{"a":[1]},"nothing":null}`, "db@v1": `{"user":"old"}`, "db#AWSPREVIOUS": `{"user":"before"}`,
		"plain": "just text", "binary": "\x00\xff", arn: `{"user":"elsewhere"}`, "prod/db": `{"user":"prod"}`, "list": "[1]",
	})
	for _, tc := range []struct {
		name, value string
		params      map[string]string
		want, err   string
	}{
		{"a key", "${sm:db:user}", nil, "u", ""},
		{"several in one value", "${sm:db:user}/${sm:db:password}@${sm:db:port}", nil, `u/p:w"d@5432`, ""},
		{"a key that is an object", "${sm:db:nested}", nil, `{"a":[1]}`, ""},
		{"a whole secret", "${sm:plain}", nil, "just text", ""},
		{"a whole JSON secret", "${sm:db@v1}", nil, `{"user":"old"}`, ""},
		{"a version behind the key", "${sm:db:user?versionid=v1}", nil, "old", ""},
		{"a version behind the secret", "${sm:db?version=v1:user}", nil, "old", ""},
		{"a stage", "${sm:db:user?versionstage=AWSPREVIOUS&ttl=60000}", nil, "before", ""},
		{"a time to live", "${sm:plain?ttl=1000}", nil, "just text", ""},
		{"no such option", "${sm:db:user?color=red}", nil, "", `there is no option "color"`},
		{"an ARN", "${sm:" + arn + ":user}", nil, "elsewhere", ""},
		{"a whole ARN", "${sm:" + arn + "}", nil, `{"user":"elsewhere"}`, ""},
		{"an ARN as Java's providers want it", "${sm:" + strings.ReplaceAll(arn, ":", "%3A") + ":user}", nil, "elsewhere", ""},
		{"half an ARN", "${sm:arn:aws:secretsmanager:x}", nil, "", "is not the ARN of a secret"},
		{"a broken encoding", "${sm:a%3:user}", nil, "", "is no encoded character"},
		{"a prefix", "${sm:db:user}", map[string]string{"secret.prefix": "prod/"}, "prod", ""},
		{"no name", "${sm:}", nil, "", "names no secret"},
		{"no such key", "${sm:db:pasword}", nil, "", "there is no pasword; add the key to that secret's JSON object"},
		{"a key that is null", "${sm:db:nothing}", nil, "", "there is no nothing"},
		{"a key of text", "${sm:plain:user}", nil, "", "is not a JSON object, so it has no key user"},
		{"a key of a list", "${sm:list:user}", nil, "", "is not a JSON object"},
		{"binary", "${sm:binary}", nil, "", "is binary: refer to all of it, with the parameter RawSecretEncoding=base64"},
		{"binary in base64", "${sm:binary}", map[string]string{"RawSecretEncoding": "base64"}, "AP8=", ""},
		{"text in base64", "${sm:plain}", map[string]string{"RawSecretEncoding": "base64"}, "anVzdCB0ZXh0", ""},
		{"a key while wholes are in base64", "${sm:db:user}", map[string]string{"RawSecretEncoding": "base64"}, "u", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			value := strings.ReplaceAll(tc.value, "${sm:db@v1}", "${sm:db?versionid=v1}")
			got, err := resolve(t, f, tc.params, value)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "just text") || strings.Contains(err.Error(), "p:w") || config.IsPassing(err) {
					t.Errorf("error %v, want %q and nothing of the secret", err, tc.err)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
	t.Run("under its own name, undeclared", func(t *testing.T) {
		t.Setenv("AWS_REGION", "")
		t.Setenv("AWS_DEFAULT_REGION", "")
		if _, err := resolve(t, f, nil, "${secretsmanager:db:user}"); err == nil || !strings.Contains(err.Error(), "no region is known") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("one error does not spoil the others", func(t *testing.T) {
		values, err := f.store(t).Get(t.Context(), "", []string{"plain", "missing"})
		var errs config.KeyErrors
		if !errors.As(err, &errs) || len(errs) != 1 || errs["missing"] == nil || values["plain"] != "just text" {
			t.Errorf("%v, %v", values, err)
		}
	})
}

func TestOneRequestForASecret(t *testing.T) {
	f := newFake(t, map[string]string{"db": `{"user":"u","password":"p"}`, "other": "o"})
	if _, err := f.store(t).Get(t.Context(), "db", []string{"user", "password", "user?versionid="}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"db"}, f.asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// A secret that was replaced is seen when the references are looked up again, through the same store.
func TestRotation(t *testing.T) {
	f := newFake(t, map[string]string{"db": `{"password":"first"}`})
	synctest.Test(t, func(t *testing.T) {
		// The clock of the cache is virtual; the requests are answered without a network, which it would not wait for.
		s := f.store(t)
		s.http = doer(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			f.ServeHTTP(w, r)
			return w.Result(), nil
		})
		for _, want := range []string{"first", "second"} {
			values, err := s.Get(t.Context(), "db", []string{"password"})
			if err != nil || values["password"] != want {
				t.Errorf("%v, %v; want %s", values, err, want)
			}
			f.secrets["db"] = `{"password":"second"}`
			time.Sleep(time.Minute)
		}
	})
}

func TestRegions(t *testing.T) {
	f := newFake(t, map[string]string{"db": "x", arn: "x"})
	for _, tc := range []struct{ env, param, secret, want string }{
		{"eu-north-1", "", "db", "eu-north-1"},
		{"eu-north-1", "sa-east-1", "db", "sa-east-1"},
		{"eu-north-1", "sa-east-1", strings.TrimPrefix(arn, "arn:"), "us-west-2"},
	} {
		t.Setenv("AWS_REGION", tc.env)
		path := ""
		if strings.HasPrefix(tc.secret, "aws:") {
			path = "arn"
		}
		f.scopes = nil
		if _, err := f.store(t, "region", tc.param).Get(t.Context(), path, []string{tc.secret}); err != nil || !strings.Contains(f.scopes[0], "/"+tc.want+"/secretsmanager/") {
			t.Errorf("%+v: %v, signed for %v", tc, err, f.scopes)
		}
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := f.store(t).Get(t.Context(), "", []string{"db"}); err == nil || !strings.Contains(err.Error(), "set AWS_REGION") {
		t.Errorf("without a region: %v", err)
	}
}

// What can go wrong, what is said about it, and whether it may go away.
func TestFailures(t *testing.T) {
	f := newFake(t, map[string]string{
		"denied": "!AccessDeniedException", "key": "!DecryptionFailure", "gone": "!InvalidRequestException", "odd": "!SomethingNewException",
		"expired": "!ExpiredTokenException", "broken": "!InternalServiceError",
	})
	for _, tc := range []struct {
		secret  string
		want    string
		passing bool
		tries   int
	}{
		{"missing", "there is no secret eu-north-1/missing: create it", false, 1},
		{"denied", "may not be read: allow the function's role secretsmanager:GetSecretValue", false, 1},
		{"key", "kms:Decrypt", false, 1},
		{"gone", "marked for deletion", false, 1},
		{"expired", "credentials are refused (ExpiredTokenException)", false, 1},
		{"odd", "cannot be read (SomethingNewException)", false, 1},
		{"broken", "cannot be read now (InternalServiceError)", true, 2},
	} {
		t.Run(tc.secret, func(t *testing.T) {
			f.asked = nil
			_, err := f.store(t, "retry.count", "2").Get(t.Context(), "", []string{tc.secret})
			var errs config.KeyErrors
			if !errors.As(err, &errs) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "top-secret") || config.IsPassing(errs[tc.secret]) != tc.passing {
				t.Errorf("error %v (passing: %t), want %q (passing: %t)", err, config.IsPassing(errs[tc.secret]), tc.want, tc.passing)
			}
			if len(f.asked) != tc.tries {
				t.Errorf("asked %d times, want %d", len(f.asked), tc.tries)
			}
		})
	}
	t.Run("throttled for a moment", func(t *testing.T) {
		f.secrets["db"] = "x"
		f.refuse = 2
		if values, err := f.store(t).Get(t.Context(), "", []string{"db"}); err != nil || values["db"] != "x" {
			t.Errorf("%v, %v", values, err)
		}
	})
	t.Run("throttled", func(t *testing.T) {
		f.refuse = 100
		defer func() { f.refuse = 0 }()
		if _, err := f.store(t).Get(t.Context(), "", []string{"db"}); err == nil || !config.IsPassing(err.(config.KeyErrors)["db"]) || !strings.Contains(err.Error(), "ThrottlingException") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("wrong credentials", func(t *testing.T) {
		_, err := f.store(t, "aws.access.key", "WRONG", "aws.secret.key", "not-shown").Get(t.Context(), "", []string{"db"})
		if err == nil || !strings.Contains(err.Error(), "the AWS credentials are refused (UnrecognizedClientException)") || strings.Contains(err.Error(), "not-shown") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		if _, err := f.store(t).Get(t.Context(), "", []string{"db"}); err == nil || !strings.Contains(err.Error(), "give the function a role") || config.IsPassing(err.(config.KeyErrors)["db"]) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("out of reach", func(t *testing.T) {
		away := httptest.NewServer(f)
		away.Close()
		_, err := f.store(t, "endpoint.override", away.URL).Get(t.Context(), "", []string{"db"})
		if err == nil || !strings.Contains(err.Error(), "Secrets Manager in eu-north-1 is out of reach: ") || !config.IsPassing(err.(config.KeyErrors)["db"]) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		stop := make(chan struct{})
		stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
		defer stuck.Close()
		defer close(stop)
		_, err := f.store(t, "endpoint.override", stuck.URL, "timeout.seconds", "1", "retry.count", "1").Get(t.Context(), "", []string{"db"})
		if err == nil || !config.IsPassing(err.(config.KeyErrors)["db"]) {
			t.Errorf("error %v", err)
		}
	})
}

func TestParameters(t *testing.T) {
	for _, tc := range []struct{ key, value, want string }{
		{"retry.count", "0", "retry.count"},
		{"aws.access.key", "AK", "belong together"},
		{"RawSecretEncoding", "hex", "RawSecretEncoding"},
	} {
		if _, err := New(map[string]string{tc.key: tc.value}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s=%s: %v", tc.key, tc.value, err)
		}
	}
	classes := Provider().Classes
	for _, class := range []string{"com.amazonaws.kafka.config.providers.SecretsManagerConfigProvider", "io.confluent.csid.config.provider.aws.SecretsManagerConfigProvider"} {
		if !slices.Contains(classes, class) {
			t.Errorf("%s is not one of %v", class, classes)
		}
	}
}

// A reference is read without a panic, and what it names is never less than the whole of what was written.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{"db|user", "arn|aws:secretsmanager:r:1:secret:n:k", "|plain?ttl=1", "a%3Ab|k?versionid=1&versionstage=x", "arn|", "?=|?="} {
		f.Add(seed)
	}
	s, err := New(map[string]string{"secret.prefix": "p/"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, key, _ := strings.Cut(text, "|")
		r, err := s.reference(path, key)
		if err != nil {
			return
		}
		if r.Whole && r.Key != "" {
			t.Errorf("%q is a whole secret with the key %q", text, r.Key)
		}
		if r.Secret != "" && !strings.HasPrefix(r.Secret, "arn:") && !strings.HasPrefix(r.Secret, "p/") {
			t.Errorf("%q names %q without the prefix", text, r.Secret)
		}
	})
}
