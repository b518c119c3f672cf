package connectrest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/connectless/connectless/core/config"
)

// Config says where a Kafka Connect cluster is and how to sign in.
type Config struct {
	// URL of any worker, or of what balances between them; it may have a path. http or https.
	URL string
	// Username and Password are for HTTP basic authentication, Token for a bearer token.
	Username        string
	Password, Token config.Password
	// Headers are sent with every request.
	Headers map[string]config.Password
	// CACertificates are PEM; they take the place of the system's.
	CACertificates string
	// Insecure accepts any certificate.
	Insecure  bool
	UserAgent string
	// Transport carries the requests instead of a network; the settings of TLS have no effect then.
	Transport http.RoundTripper
}

// Client calls a cluster. It is safe for concurrent use.
type Client struct {
	base    string
	config  Config
	http    *http.Client
	secrets []string
	once    bool
}

// New checks the settings; it does not connect.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("connectrest: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("connectrest: %q is not the URL of a Kafka Connect worker, as http://localhost:8083 is", u.Redacted())
	case u.User != nil:
		return nil, errors.New("connectrest: user name and password do not belong into the URL, which is shown")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("connectrest: the URL %s has more than a path", c.URL)
	}
	if c.Transport == nil {
		if c.Transport, err = transport(&c); err != nil {
			return nil, err
		}
	}
	client := &Client{base: strings.TrimRight(c.URL, "/"), config: c, http: &http.Client{Transport: c.Transport}}
	secrets := []string{string(c.Password), string(c.Token)}
	for _, h := range c.Headers {
		secrets = append(secrets, string(h))
	}
	return client.Hiding(secrets...), nil
}

func transport(c *Config) (http.RoundTripper, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.Insecure} //nolint:gosec // the user asked for it
	if c.CACertificates != "" {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(c.CACertificates)) {
			return nil, errors.New("connectrest: there is no certificate in PEM form among the CA certificates")
		}
	}
	return t, nil
}

// URL is the cluster's address as it was given.
func (c *Client) URL() string { return c.base }

// Once returns a client that tries every call once, for those that must answer soon.
func (c *Client) Once() *Client {
	d := *c
	d.once = true
	return &d
}

// Hiding returns a client in whose errors and traces the values are hidden. A worker's messages quote configurations.
// Values of less than four bytes are no secrets, and hiding them would garble the messages.
func (c *Client) Hiding(values ...string) *Client {
	d := *c
	d.secrets = nil
	for _, v := range append(values, c.secrets...) {
		if len(v) >= 4 {
			d.secrets = append(d.secrets, v)
		}
	}
	return &d
}

func (c *Client) hide(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, "[hidden]")
	}
	return text
}

const maxAnswer = 64 << 20 // bytes

// call sends a request until it is answered with anything but a passing trouble, or ctx ends. out may be nil.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("connectrest: %s %s: %w", method, path, err)
		}
	}
	for pause := newPause(); ; {
		err := c.try(ctx, method, path, body, out)
		if err == nil || c.once || !passes(method, err) {
			return err
		}
		if !pause.wait(ctx) {
			return fmt.Errorf("%w (gave up: %w)", err, context.Cause(ctx))
		}
	}
}

func (c *Client) try(ctx context.Context, method, path string, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("connectrest: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	switch {
	case c.config.Token != "":
		req.Header.Set("Authorization", "Bearer "+string(c.config.Token))
	case c.config.Username != "" || c.config.Password != "":
		req.SetBasicAuth(c.config.Username, string(c.config.Password))
	}
	for name, value := range c.config.Headers {
		req.Header.Set(name, string(value))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return &UnreachableError{URL: c.base, Err: errors.New(c.hide(cause(err).Error())), sent: !dialing(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &UnreachableError{URL: c.base, Err: fmt.Errorf("the answer broke off: %w", err), sent: true}
	}
	if resp.StatusCode >= 300 {
		return c.refusal(method, path, resp.StatusCode, answer)
	}
	if out == nil || len(answer) == 0 {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return &Error{Method: method, Path: path, Status: resp.StatusCode, Message: "the answer is not Kafka Connect's: " + c.hide(err.Error())}
	}
	return nil
}

func (c *Client) refusal(method, path string, status int, answer []byte) error {
	var body struct {
		Message string `json:"message"`
	}
	e := &Error{Method: method, Path: path, Status: status}
	if json.Unmarshal(answer, &body) == nil {
		e.Message = c.hide(body.Message)
	}
	e.Message = cmp.Or(e.Message, http.StatusText(status))
	return e
}

// passes says whether the same request may succeed later and can do no harm twice.
func passes(method string, err error) bool {
	if u, ok := errors.AsType[*UnreachableError](err); ok {
		return !u.sent || method != http.MethodPost
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Status {
	case http.StatusConflict: // a rebalance; POST /connectors says the same of a name that is taken
		return method != http.MethodPost || e.Path != connectorsPath
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return method != http.MethodPost
	}
	return false
}

// cause takes off what net/http says about the request, which the error says itself.
func cause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// dialing says whether the connection could not be made, so that nothing was sent.
func dialing(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
