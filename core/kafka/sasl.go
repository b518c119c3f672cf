package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/aws"
	"github.com/twmb/franz-go/pkg/sasl/oauth"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/connectless/connectless/core/config"
)

// SASL is the sasl.* part of a client's configuration.
type SASL struct {
	Mechanism     string
	JAAS          config.Password
	TokenEndpoint string
	ClientID      string
	ClientSecret  config.Password
	Scope         string
	Encode        bool
}

func (s *SASL) define(d *config.Def) {
	d.String(&s.Mechanism, "sasl.mechanism", "GSSAPI", "How to log in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM.")
	d.Password(&s.JAAS, "sasl.jaas.config", "", "Login module and its options, as a line of a JAAS file.")
	d.String(&s.TokenEndpoint, "sasl.oauthbearer.token.endpoint.url", "", "Where OAUTHBEARER tokens are fetched with client credentials.")
	d.String(&s.ClientID, "sasl.oauthbearer.client.credentials.client.id", "", "Client id for the token endpoint; else clientId of sasl.jaas.config.")
	d.Password(&s.ClientSecret, "sasl.oauthbearer.client.credentials.client.secret", "", "Client secret for the token endpoint; else clientSecret of sasl.jaas.config.")
	d.String(&s.Scope, "sasl.oauthbearer.scope", "", "Scope of the token; else scope of sasl.jaas.config.")
	d.Bool(&s.Encode, "sasl.oauthbearer.header.urlencode", false, "Whether client id and secret are URL-encoded in the request to the token endpoint, as RFC 6749 has it.")
}

// check says what a mechanism lacks, before anything is connected.
func (s *SASL) check() (key string, err error) {
	jaas, err := parseJAAS(string(s.JAAS))
	if err != nil {
		return "sasl.jaas.config", fmt.Errorf("sasl.jaas.config: invalid value [hidden]: %w", err)
	}
	switch s.Mechanism {
	case "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512":
		if jaas["username"] == "" || jaas["password"] == "" {
			return "sasl.jaas.config", fmt.Errorf(`sasl.mechanism %s needs sasl.jaas.config with username="…" and password="…"`, s.Mechanism)
		}
	case "OAUTHBEARER":
		if s.TokenEndpoint == "" {
			return "sasl.oauthbearer.token.endpoint.url", errors.New("sasl.mechanism OAUTHBEARER needs sasl.oauthbearer.token.endpoint.url")
		}
		if s.clientID(jaas) == "" {
			return "sasl.jaas.config", errors.New(`sasl.mechanism OAUTHBEARER needs clientId="…" and clientSecret="…" in sasl.jaas.config`)
		}
	case "AWS_MSK_IAM":
	case "GSSAPI":
		return "sasl.mechanism", errors.New("sasl.mechanism GSSAPI (Kerberos) is not supported; use SCRAM-SHA-512, PLAIN, OAUTHBEARER or AWS_MSK_IAM")
	default:
		return "sasl.mechanism", fmt.Errorf("sasl.mechanism %s is not supported; use SCRAM-SHA-512, SCRAM-SHA-256, PLAIN, OAUTHBEARER or AWS_MSK_IAM", s.Mechanism)
	}
	return "", nil
}

func (s *SASL) clientID(jaas map[string]string) string {
	if s.ClientID != "" {
		return s.ClientID
	}
	return jaas["clientId"]
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	jaas, err := parseJAAS(string(s.JAAS))
	if err != nil {
		return nil, err
	}
	user, pass := jaas["username"], jaas["password"]
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: user, Pass: pass}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: user, Pass: pass, IsToken: jaas["tokenauth"] == "true"}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: user, Pass: pass, IsToken: jaas["tokenauth"] == "true"}.AsSha512Mechanism(), nil
	case "OAUTHBEARER":
		t := &tokens{url: s.TokenEndpoint, id: s.clientID(jaas), secret: string(s.ClientSecret), scope: s.Scope, encode: s.Encode}
		if t.secret == "" {
			t.secret = jaas["clientSecret"]
		}
		if t.scope == "" {
			t.scope = jaas["scope"]
		}
		extensions := map[string]string{}
		for k, v := range jaas {
			if name, ok := strings.CutPrefix(k, "extension_"); ok {
				extensions[name] = v
			}
		}
		return oauth.Oauth(func(ctx context.Context) (oauth.Auth, error) {
			token, err := t.token(ctx)
			return oauth.Auth{Token: token, Extensions: extensions}, err
		}), nil
	case "AWS_MSK_IAM":
		return aws.ManagedStreamingIAM(func(context.Context) (aws.Auth, error) {
			// Lambda keeps these of the function's role fresh; Azure and a workstation set them by hand.
			a := aws.Auth{AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"), SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
			if a.AccessKey == "" || a.SecretKey == "" {
				return a, errors.New("kafka: AWS_MSK_IAM needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
			}
			return a, nil
		}), nil
	}
	return nil, fmt.Errorf("kafka: sasl.mechanism %s is not supported", s.Mechanism)
}

// parseJAAS reads one entry of a JAAS file: a login module, a control flag, and options, which it returns:
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";
func parseJAAS(line string) (map[string]string, error) {
	options := map[string]string{}
	line = strings.TrimSpace(line)
	if line == "" {
		return options, nil
	}
	line, ok := strings.CutSuffix(line, ";")
	if !ok {
		return nil, errors.New("a login module's line ends with a semicolon")
	}
	for words := 0; ; words++ {
		line = strings.TrimLeft(line, " \t\r\n")
		if line == "" {
			if words < 2 {
				return nil, errors.New("expected a login module and a control flag such as required")
			}
			return options, nil
		}
		if words < 2 {
			end := strings.IndexAny(line, " \t\r\n")
			if end < 0 {
				end = len(line)
			}
			line = line[end:]
			continue
		}
		name, rest, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(strings.TrimSpace(name), " \t\r\n\"") {
			return nil, errors.New(`expected options of the form name="value"`)
		}
		value, rest, err := jaasValue(strings.TrimLeft(rest, " \t\r\n"))
		if err != nil {
			return nil, err
		}
		options[strings.TrimSpace(name)] = value
		line = rest
	}
}

func jaasValue(s string) (value, rest string, err error) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		end := strings.IndexAny(s, " \t\r\n")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", errors.New("a quoted value without its closing quote")
}

// tokens fetches OAUTHBEARER tokens with client credentials (RFC 6749, 4.4) and keeps one until it is nearly stale.
type tokens struct {
	url, id, secret, scope string
	encode                 bool // id and secret, which Java's clients do on request only

	mu    sync.Mutex
	held  string
	until time.Time
}

func (t *tokens) token(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held != "" && time.Now().Before(t.until) {
		return t.held, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.scope != "" {
		form.Set("scope", t.scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("kafka: token endpoint: %w", err)
	}
	if t.encode {
		req.SetBasicAuth(url.QueryEscape(t.id), url.QueryEscape(t.secret))
	} else {
		req.SetBasicAuth(t.id, t.secret)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("kafka: token endpoint: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("kafka: token endpoint: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("kafka: token endpoint answered %s", resp.Status)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.AccessToken == "" {
		return "", errors.New("kafka: token endpoint answered without an access_token")
	}
	t.held = answer.AccessToken
	t.until = time.Now().Add(time.Duration(answer.ExpiresIn) * time.Second * 4 / 5)
	return t.held, nil
}
