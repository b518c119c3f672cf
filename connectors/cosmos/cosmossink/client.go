package cosmossink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/connect"
)

// client is the connection to one account, shared by all sinks of the process that name the same account, key and
// application. It is safe for concurrent use.
type client struct {
	transport  http.RoundTripper
	endpoint   *url.URL
	key        []byte
	userAgent  []string
	regions    []string
	maxRetries int
	id         clientID
	shared     bool

	lock       chan struct{} // guards what follows
	writeTo    *url.URL      // the endpoint of the region to write to; nil until known, then never changed
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
		return
	}
	pool.Lock()
	defer pool.Unlock()
	if pool.users[c]--; pool.users[c] > 0 {
		return
	}
	delete(pool.users, c)
	delete(pool.clients, c.id)
	if t, ok := c.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
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
	agent := "connectless-cosmos-sink/" + cosmos.Sink.Version
	if cfg.ApplicationName != "" {
		agent += " " + cfg.ApplicationName
	}
	c := &client{
		transport: transport, endpoint: &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host}, key: key, userAgent: []string{agent},
		regions: cfg.PreferredRegions, maxRetries: cfg.MaxRetries, id: identify(cfg), lock: make(chan struct{}, 1), containers: make(map[string]*container),
	}
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

// container is a container to write to and what is known about it.
type container struct {
	name          string
	link          string // as signatures name it
	path, rawPath string // as URLs name it
	docs          *url.URL
	post          signed

	lock chan struct{} // guards def
	def  *definition   // nil until read
}

// definition is the part of a container's definition that writing depends on. It is immutable.
type definition struct {
	paths [][]string // of the partition key, each split into names
	text  string     // tells whether it changed: the paths, with the container's resource id
}

func at(base *url.URL, path, rawPath string) *url.URL {
	return &url.URL{Scheme: base.Scheme, Host: base.Host, Path: path, RawPath: rawPath}
}

// acquire takes a lock whose holders wait for the network.
func acquire(ctx context.Context, lock chan struct{}) error {
	select {
	case lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return outOfTime(ctx)
	}
}

// container returns a container of the database. It asks the account for the region to write to, once, if the settings
// prefer some; nothing else needs the network.
func (c *client) container(ctx context.Context, k *call, database, name string) (*container, error) {
	if err := acquire(ctx, c.lock); err != nil {
		return nil, err
	}
	defer func() { <-c.lock }()
	if c.writeTo == nil {
		region, err := c.findRegion(ctx, k)
		if err != nil {
			return nil, err
		}
		c.writeTo = region
	}
	link := "dbs/" + database + "/colls/" + name
	ct := c.containers[link]
	if ct == nil {
		ct = &container{
			name: name, link: link, path: "/" + link, rawPath: "/dbs/" + url.PathEscape(database) + "/colls/" + url.PathEscape(name),
			lock: make(chan struct{}, 1),
		}
		ct.docs = at(c.writeTo, ct.path+"/docs", ct.rawPath+"/docs")
		c.containers[link] = ct
	}
	return ct, nil
}

// definition returns the container's definition, which is read once. known is a definition that was found wanting, nil
// for none: then it is read again, unless somebody else has done so already.
func (c *client) definition(ctx context.Context, k *call, database string, ct *container, known *definition) (*definition, error) {
	if err := acquire(ctx, ct.lock); err != nil {
		return nil, err
	}
	defer func() { <-ct.lock }()
	if ct.def != nil && (known == nil || known.text != ct.def.text) {
		return ct.def, nil
	}
	ct.def = nil
	def, err := c.readDefinition(ctx, k, database, ct)
	if err != nil {
		return nil, err
	}
	ct.def = def
	return def, nil
}

// findRegion returns the endpoint of the most preferred region that takes writes, the account's own if none is preferred.
func (c *client) findRegion(ctx context.Context, k *call) (*url.URL, error) {
	if len(c.regions) == 0 {
		return c.endpoint, nil
	}
	r, err := c.get(ctx, k, c.endpoint, "", "", "/", "")
	if err != nil {
		return nil, err
	}
	var account struct {
		WritableLocations []struct{ Name, DatabaseAccountEndpoint string }
	}
	if err := json.Unmarshal(r.body, &account); err != nil || !success(r.status) {
		return nil, connect.Fatal(fmt.Errorf("cosmossink: %s does not answer like a Cosmos DB account: %w", c.endpoint.Host, errorOf(&r)))
	}
	plain := func(region string) string { return strings.ToLower(strings.ReplaceAll(region, " ", "")) }
	for _, want := range c.regions {
		for _, have := range account.WritableLocations {
			u, err := url.Parse(have.DatabaseAccountEndpoint)
			if err == nil && u.Host != "" && plain(want) == plain(have.Name) {
				return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
			}
		}
	}
	return c.endpoint, nil
}

func (c *client) readDefinition(ctx context.Context, k *call, database string, ct *container) (*definition, error) {
	r, err := c.get(ctx, k, c.writeTo, "colls", ct.link, ct.path, ct.rawPath)
	if err != nil {
		return nil, err
	}
	if r.status == http.StatusNotFound {
		return nil, c.missing(ctx, k, database, ct)
	}
	if !success(r.status) {
		return nil, connect.Fatal(fmt.Errorf("cosmossink: read container %s: %w", ct.name, errorOf(&r)))
	}
	var body struct {
		RID          string `json:"_rid"`
		PartitionKey struct{ Paths []string }
	}
	if err := json.Unmarshal(r.body, &body); err != nil {
		return nil, connect.Fatal(fmt.Errorf("cosmossink: %s does not answer like a Cosmos DB account: %w", c.endpoint.Host, err))
	}
	if len(body.PartitionKey.Paths) == 0 {
		return nil, connect.Fatal(fmt.Errorf("cosmossink: container %s has no partition key: containers of that old kind are not supported", ct.name))
	}
	def := &definition{text: body.RID + " " + strings.Join(body.PartitionKey.Paths, " ")}
	for _, p := range body.PartitionKey.Paths {
		def.paths = append(def.paths, splitPath(p))
	}
	return def, nil
}

// missing says which of the two is missing.
func (c *client) missing(ctx context.Context, k *call, database string, ct *container) error {
	r, err := c.get(ctx, k, c.writeTo, "dbs", "dbs/"+database, "/dbs/"+database, "/dbs/"+url.PathEscape(database))
	if err == nil && r.status == http.StatusNotFound {
		return connect.Fatal(fmt.Errorf("cosmossink: database %q does not exist in account %s: create it, with container %q in it", database, c.endpoint.Host, ct.name))
	}
	return connect.Fatal(fmt.Errorf("cosmossink: container %q does not exist in database %q of account %s: create it with the partition key the documents have", ct.name, database, c.endpoint.Host))
}

// get reads metadata, again where the failure is transient. The answers it returns are successes and refusals.
func (c *client) get(ctx context.Context, k *call, base *url.URL, resourceType, link, path, rawPath string) (reply, error) {
	try := retries{most: c.maxRetries}
	for {
		r, err := k.do(ctx, http.MethodGet, at(base, path, rawPath), asPlain, sign(c.key, time.Now(), "get", resourceType, link), "", nil)
		var v verdict
		if err == nil {
			if v = classify(cosmos.Overwrite, r.status, r.sub); v == done || v == stale || v == refused {
				return r, nil
			}
			err = errorOf(&r)
		} else if v = classifyTransport(err); ctx.Err() != nil {
			return reply{}, outOfTime(ctx)
		}
		err = fmt.Errorf("cosmossink: read %s from %s: %w", path, base.Host, err)
		switch {
		case v == fatal:
			return reply{}, connect.Fatal(fmt.Errorf("%w%s", err, hint(r.status)))
		case !try.wait(ctx, v, r.retryAfter):
			return reply{}, connect.RetriableAfter(r.retryAfter, err)
		}
	}
}

// hint says what to look at.
func hint(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return ": check the account key and the clock of this machine"
	case http.StatusForbidden:
		return ": check the account's firewall and whether it allows keys"
	}
	return ""
}

func outOfTime(ctx context.Context) error {
	return connect.Retriable(fmt.Errorf("cosmossink: no time left: %w", context.Cause(ctx)))
}

// splitPath splits a partition key path, /a/"b c", into names.
func splitPath(p string) []string {
	var names []string
	for rest := strings.TrimPrefix(p, "/"); rest != ""; {
		var name string
		if rest[0] == '"' {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return append(names, rest[1:])
			}
			name, rest = rest[1:1+end], strings.TrimPrefix(rest[2+end:], "/")
		} else {
			name, rest, _ = strings.Cut(rest, "/")
		}
		names = append(names, name)
	}
	return names
}
