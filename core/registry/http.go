package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/kafka"
)

// open chooses between HTTP and a registry in this process.
func open(s *convert.Registry) (backend, error) {
	scopes := map[string]bool{}
	mocks := 0
	for _, u := range s.URLs {
		if name, mock := strings.CutPrefix(u, "mock://"); mock {
			scopes[name] = true
			mocks++
		}
	}
	switch {
	case mocks > 0 && mocks < len(s.URLs):
		return nil, errors.New("registry: schema.registry.url: mock:// and other URLs cannot be mixed")
	case len(scopes) > 1:
		return nil, errors.New("registry: schema.registry.url: only one mock:// scope is allowed")
	}
	for scope := range scopes {
		return Mock(scope), nil
	}
	return openHTTP(s)
}

type remote struct{ client *sr.Client }

func openHTTP(s *convert.Registry) (*remote, error) {
	urls := make([]string, len(s.URLs))
	var fromURL *url.Userinfo
	for i, raw := range s.URLs {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("registry: schema.registry.url: URL %d is not http(s)://host", i+1) // it may hold a password
		}
		if fromURL == nil {
			fromURL = u.User
		}
		u.User = nil // so that no error shows it
		urls[i] = u.String()
	}
	client, err := httpClient(s)
	if err != nil {
		return nil, err
	}
	opts := []sr.ClientOpt{sr.URLs(urls...), sr.UserAgent("connectless"), sr.HTTPClient(client)}
	auth, err := authentication(s, fromURL)
	if err != nil {
		return nil, err
	}
	cl, err := sr.NewClient(append(opts, auth...)...)
	return &remote{cl}, err
}

func httpClient(s *convert.Registry) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	dialer := net.Dialer{Timeout: time.Duration(s.ConnectTimeout) * time.Millisecond, KeepAlive: 30 * time.Second}
	transport.DialContext = dialer.DialContext
	if s.ProxyHost != "" && s.ProxyPort > 0 {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: net.JoinHostPort(s.ProxyHost, strconv.Itoa(s.ProxyPort))})
	}
	if len(s.TLS) > 0 {
		props := make(map[string]string, len(s.TLS))
		for k, v := range s.TLS {
			props["ssl."+k] = v
		}
		var err error
		if transport.TLSClientConfig, err = kafka.TLSConfig(props); err != nil {
			return nil, fmt.Errorf("registry: schema.registry.ssl: %w", err)
		}
	}
	return &http.Client{Transport: transport, Timeout: time.Duration(s.ConnectTimeout+s.ReadTimeout) * time.Millisecond}, nil
}

// authentication is the client's options for a login. A bearer token comes before a user.
func authentication(s *convert.Registry, fromURL *url.Userinfo) ([]sr.ClientOpt, error) {
	headers := make(http.Header, len(s.Headers))
	for k, v := range s.Headers {
		headers.Set(k, v)
	}
	tokens := func(context.Context) (string, error) { return string(s.BearerToken), nil }
	switch s.BearerSource {
	case "OAUTHBEARER":
		o := &s.OAuth
		tokens = kafka.Tokens(o.Endpoint, o.ClientID, o.ClientSecret, o.Scope)
		if o.LogicalCluster != "" {
			headers.Set("target-sr-cluster", o.LogicalCluster)
		}
		if o.IdentityPool != "" {
			headers.Set("Confluent-Identity-Pool-Id", o.IdentityPool)
		}
	case "STATIC_TOKEN":
		if s.BearerToken == "" {
			return nil, errors.New("registry: bearer.auth.credentials.source=STATIC_TOKEN needs bearer.auth.token")
		}
	default:
		tokens = nil
	}
	opts := []sr.ClientOpt{sr.PreReq(func(r *http.Request) error {
		for k, v := range headers {
			r.Header[k] = v
		}
		if tokens == nil {
			return nil
		}
		token, err := tokens(r.Context())
		if err != nil {
			return connect.Retriable(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	})}
	if tokens != nil {
		return opts, nil
	}
	user, password, err := login(s, fromURL)
	if user != "" {
		opts = append(opts, sr.BasicAuth(user, password))
	}
	return opts, err
}

func login(s *convert.Registry, fromURL *url.Userinfo) (user, password string, err error) {
	switch s.BasicSource {
	case "USER_INFO":
		info := s.BasicUserInfo
		if info == "" {
			info = s.OldUserInfo
		}
		user, password, _ = strings.Cut(string(info), ":")
		return user, password, nil
	case "SASL_INHERIT":
		if user, password, err = kafka.JAASLogin(s.SASLJaas); err != nil || user == "" {
			return "", "", errors.New(`registry: basic.auth.credentials.source=SASL_INHERIT needs sasl.jaas.config with username="…" and password="…" beside schema.registry.url`)
		}
		return user, password, nil
	}
	if fromURL != nil {
		password, _ = fromURL.Password()
	}
	return fromURL.Username(), password, nil
}

func (r *remote) byID(ctx context.Context, id int) (Schema, error) {
	s, err := r.client.SchemaByID(ctx, id)
	found := fromWire(s)
	found.ID = id
	return found, classify(err)
}

func (r *remote) byVersion(ctx context.Context, subject string, version int) (Schema, error) {
	s, err := r.client.SchemaByVersion(ctx, subject, version)
	return fromSubject(s), classify(err)
}

func (r *remote) lookup(ctx context.Context, subject string, s Schema, normalize, deleted bool) (Schema, error) {
	if deleted {
		ctx = sr.WithParams(ctx, sr.ShowDeleted)
	}
	found, err := r.client.LookupSchema(normalized(ctx, normalize), subject, toWire(s))
	return fromSubject(found), classify(err)
}

func (r *remote) register(ctx context.Context, subject string, s Schema, normalize bool) (int, error) {
	id, err := r.client.RegisterSchema(normalized(ctx, normalize), subject, toWire(s), -1, -1)
	return id, classify(err)
}

func normalized(ctx context.Context, on bool) context.Context {
	if on {
		return sr.WithParams(ctx, sr.Normalize)
	}
	return ctx
}

func fromSubject(s sr.SubjectSchema) Schema {
	found := fromWire(s.Schema)
	found.ID, found.Version = s.ID, s.Version
	return found
}

func fromWire(s sr.Schema) Schema {
	found := Schema{Text: s.Schema, Type: s.Type.String()}
	for _, r := range s.References {
		found.References = append(found.References, Reference{r.Name, r.Subject, r.Version})
	}
	return found
}

func toWire(s Schema) sr.Schema {
	w := sr.Schema{Schema: s.Text}
	for _, r := range s.References {
		w.References = append(w.References, sr.SchemaReference{Name: r.Name, Subject: r.Subject, Version: r.Version})
	}
	return w
}
