package cosmossink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/connectless/connectless/connectors/cosmos"
)

// client is the connection to one account, shared by all sinks of the process that name the same account, key and
// application. It is safe for concurrent use.
type client struct {
	transport  http.RoundTripper
	options    policy.ClientOptions // of both pipelines, the SDK's for metadata and
	writes     runtime.Pipeline     // ours
	endpoint   *url.URL
	key        []byte
	regions    []string
	maxRetries int
	id         clientID
	shared     bool

	lock    chan struct{}           // held while the account is being read
	account atomic.Pointer[account] // nil until then, then never changed

	mu         sync.Mutex // guards what follows
	containers map[string]*container
}

// clientID is what sinks must have in common to share a client.
type clientID struct {
	endpoint, key, application, regions string
	maxRetries                          int
}

// pool holds the shared clients of the process: a function opens a sink per lane, and connections are few and dear.
var pool struct {
	sync.Mutex
	clients map[clientID]*client
	users   map[*client]int
}

// lease returns the shared client for the settings, or one of its own over a given transport.
func lease(cfg *cosmos.SinkConfig, transport http.RoundTripper) (*client, error) {
	if transport != nil {
		return newClient(cfg, transport)
	}
	id := identify(cfg)
	pool.Lock()
	defer pool.Unlock()
	c := pool.clients[id]
	if c == nil {
		var err error
		if c, err = newClient(cfg, newTransport(nil)); err != nil {
			return nil, err
		}
		c.shared = true
		if pool.clients == nil {
			pool.clients, pool.users = make(map[clientID]*client), make(map[*client]int)
		}
		pool.clients[id] = c
		if c.endpoint.Scheme == "https" {
			// Reading the system's certificates takes as long as the rest of a cold start: begin while the first event is
			// still on its way. The first handshake would do it otherwise.
			go func() { _, _ = x509.SystemCertPool() }()
		}
	}
	pool.users[c]++
	return c, nil
}

// release gives the client back; the last user closes its connections.
func (c *client) release() {
	if !c.shared {
		c.close()
		return
	}
	pool.Lock()
	defer pool.Unlock()
	if pool.users[c]--; pool.users[c] > 0 {
		return
	}
	delete(pool.users, c)
	delete(pool.clients, c.id)
	c.close()
	if t, ok := c.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// close lets go of what the SDK keeps for the process.
func (c *client) close() {
	if a := c.account.Load(); a != nil {
		a.sdk.Close()
	}
}

func identify(cfg *cosmos.SinkConfig) clientID {
	return clientID{cfg.Endpoint, string(cfg.Key), cfg.ApplicationName, strings.Join(cfg.PreferredRegions, ","), cfg.MaxRetries}
}

func newClient(cfg *cosmos.SinkConfig, transport http.RoundTripper) (*client, error) {
	endpoint, err := url.Parse(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("cosmossink: endpoint: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(cfg.Key)))
	if err != nil {
		return nil, errors.New("cosmossink: the account key is not base64")
	}
	c := &client{
		transport: transport, options: clientOptions(transport, cfg.ApplicationName), endpoint: &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host},
		key: key, regions: cfg.PreferredRegions, maxRetries: cfg.MaxRetries, id: identify(cfg), lock: make(chan struct{}, 1), containers: make(map[string]*container),
	}
	c.writes = newPipeline(key, c.options)
	return c, nil
}

// newTransport is for a function: few connections that outlive an invocation, HTTP/1.1 only (one stalled stream must
// not stall the others), no compression. dial is for tests.
func newTransport(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Transport {
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		TLSHandshakeTimeout: 5 * time.Second,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxIdleConns:        2 * defaultConcurrency,
		MaxIdleConnsPerHost: 2 * defaultConcurrency,
		IdleConnTimeout:     time.Minute,
		// A connection that died while the function was frozen gives no answer at all; the request is sent again on
		// another one well before the invocation's time is up.
		ResponseHeaderTimeout: 15 * time.Second,
		DisableCompression:    true,
	}
}
