package cosmossink

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/connectless/connectless/connectors/cosmos"
	"github.com/connectless/connectless/core/connect"
)

// account is what is known once the account has been read. It is immutable.
type account struct {
	sdk *azcosmos.Client
	routing
}

// routing is how documents reach the account.
type routing struct {
	writeTo *url.URL
	several bool // regions take writes
}

// container is a container to write to and what is known about it.
type container struct {
	name          string
	path, rawPath string   // as URLs name it
	docs          *url.URL // nil until the definition has been read
	post          resource
	pace          *pacer

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

// container returns a container of the database.
func (c *client) container(database, name string) *container {
	c.mu.Lock()
	defer c.mu.Unlock()
	link := "dbs/" + database + "/colls/" + name
	ct := c.containers[link]
	if ct == nil {
		ct = &container{
			name: name, path: "/" + link, rawPath: "/dbs/" + url.PathEscape(database) + "/colls/" + url.PathEscape(name),
			post: resource{verb: "post", kind: "docs", link: link}, pace: newPacer(), lock: make(chan struct{}, 1),
		}
		c.containers[link] = ct
	}
	return ct
}

// definition returns the container's definition, which is read once. known is a definition that was found wanting, nil
// for none: then it is read again, unless somebody else has done so already. Documents can be sent once it has returned.
func (c *client) definition(ctx context.Context, database string, ct *container, known *definition) (*definition, error) {
	if err := acquire(ctx, ct.lock); err != nil {
		return nil, err
	}
	defer func() { <-ct.lock }()
	if ct.def != nil && (known == nil || known.text != ct.def.text) {
		return ct.def, nil
	}
	ct.def = nil
	def, err := c.readDefinition(ctx, database, ct)
	if err != nil {
		return nil, err
	}
	if ct.docs == nil {
		ct.docs = at(c.account.Load().writeTo, ct.path+"/docs", ct.rawPath+"/docs")
	}
	ct.def = def
	return def, nil
}

func (c *client) readDefinition(ctx context.Context, database string, ct *container) (*definition, error) {
	for _, name := range []string{database, ct.name} {
		if name == "." || name == ".." {
			return nil, connect.Fatal(fmt.Errorf("cosmossink: the name %q cannot be part of a URL", name))
		}
	}
	var properties *azcosmos.ContainerProperties
	err := c.get(ctx, "container "+ct.name, func(ctx context.Context, sdk *azcosmos.Client) error {
		container, err := sdk.NewContainer(database, ct.name)
		if err != nil {
			return err
		}
		r, err := container.Read(ctx, nil)
		properties = r.ContainerProperties
		return err
	})
	switch {
	case isMissing(err):
		return nil, c.missing(ctx, database, ct)
	case err != nil:
		return nil, err
	}
	paths := properties.PartitionKeyDefinition.Paths
	if len(paths) == 0 {
		return nil, connect.Fatal(fmt.Errorf("cosmossink: container %s has no partition key: containers of that old kind are not supported", ct.name))
	}
	def := &definition{text: properties.ResourceID + " " + strings.Join(paths, " ")}
	for _, p := range paths {
		def.paths = append(def.paths, splitPath(p))
	}
	return def, nil
}

// missing says which of the two is missing.
func (c *client) missing(ctx context.Context, database string, ct *container) error {
	err := c.get(ctx, "database "+database, func(ctx context.Context, sdk *azcosmos.Client) error {
		db, err := sdk.NewDatabase(database)
		if err != nil {
			return err
		}
		_, err = db.Read(ctx, nil)
		return err
	})
	if isMissing(err) {
		return connect.Fatal(fmt.Errorf("cosmossink: database %q does not exist in account %s: create it, with container %q in it", database, c.endpoint.Host, ct.name))
	}
	return connect.Fatal(fmt.Errorf("cosmossink: container %q does not exist in database %q of account %s: create it with the partition key the documents have", ct.name, database, c.endpoint.Host))
}

func isMissing(err error) bool {
	var e *serviceError
	return errors.As(err, &e) && e.status == http.StatusNotFound && e.sub != subSessionUnavailable
}

// get reads metadata, again where the failure is transient.
func (c *client) get(ctx context.Context, what string, read func(context.Context, *azcosmos.Client) error) error {
	timeout := patience
	if end, ok := ctx.Deadline(); ok {
		timeout = time.Until(end)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel() // also what the SDK does in the background: nothing may outlive the invocation
	ctx = context.WithValue(ctx, caller{}, ctx)
	try := retries{most: c.maxRetries}
	for {
		err := c.ask(ctx, read)
		if err == nil {
			return nil
		}
		var (
			answer *azcore.ResponseError
			none   noAnswer
			v      verdict
			r      reply
		)
		switch {
		case errors.As(err, &answer):
			r = replyOf(answer.RawResponse)
			v, err = classify(cosmos.Overwrite, r.status, r.sub), errorOf(&r)
		case ctx.Err() != nil:
			return outOfTime(ctx)
		case errors.As(err, &none):
			v, err = classifyTransport(none), none.error
		default:
			v, err = fatal, fmt.Errorf("it does not answer like a Cosmos DB account: %w", err)
		}
		err = fmt.Errorf("cosmossink: read %s from %s: %w", what, c.endpoint.Host, err)
		switch {
		case v == fatal || v == stale || v == refused:
			return connect.Fatal(fmt.Errorf("%w%s", err, hint(r.status)))
		case !try.wait(ctx, v, r.retryAfter):
			return connect.RetriableAfter(r.retryAfter, err)
		}
	}
}

// ask reads metadata once, with the SDK's client, which reads the account before anything else.
func (c *client) ask(ctx context.Context, read func(context.Context, *azcosmos.Client) error) error {
	if a := c.account.Load(); a != nil {
		return read(ctx, a.sdk)
	}
	if err := acquire(ctx, c.lock); err != nil {
		return err
	}
	defer func() { <-c.lock }()
	if a := c.account.Load(); a != nil {
		return read(ctx, a.sdk)
	}
	var seen atomic.Pointer[routing] // the SDK looks at the account in the background too, later
	seen.Store(&routing{writeTo: c.endpoint})
	sdk, err := c.newSDK(func(body []byte) { seen.Store(route(body, c.endpoint, c.regions)) })
	if err != nil {
		return err
	}
	// One that failed is of no more use: for five minutes it answers that it could not read the account.
	if err := read(ctx, sdk); err != nil {
		sdk.Close()
		return err
	}
	c.account.Store(&account{sdk: sdk, routing: *seen.Load()})
	return nil
}

func (c *client) newSDK(seen func(body []byte)) (*azcosmos.Client, error) {
	key, err := azcosmos.NewKeyCredential(base64.StdEncoding.EncodeToString(c.key))
	if err != nil {
		return nil, err
	}
	o := &azcosmos.ClientOptions{ClientOptions: c.options, PreferredRegions: c.regions}
	o.PerRetryPolicies = []policy.Policy{bound{seen}}
	return azcosmos.NewClientWithKey(at(c.endpoint, "/", "").String(), key, o)
}

// route finds out where to write from what the account answered, which the SDK keeps to itself: the most preferred region
// that takes writes, else the account's endpoint, which leads to one wherever it moves to.
func route(body []byte, endpoint *url.URL, regions []string) *routing {
	var answer struct {
		EnableMultipleWriteLocations bool
		WritableLocations            []struct{ Name, DatabaseAccountEndpoint string }
	}
	_ = json.Unmarshal(body, &answer) // the SDK reads it too, and reports it
	plain := func(region string) string { return strings.ToLower(strings.ReplaceAll(region, " ", "")) }
	for _, want := range regions {
		for _, have := range answer.WritableLocations {
			u, err := url.Parse(have.DatabaseAccountEndpoint)
			if err == nil && u.Host != "" && plain(want) == plain(have.Name) {
				return &routing{u, answer.EnableMultipleWriteLocations}
			}
		}
	}
	return &routing{endpoint, answer.EnableMultipleWriteLocations}
}

// replyOf is an answer that the SDK has made an error of.
func replyOf(resp *http.Response) reply {
	r := replyTo(resp)
	r.body, _ = runtime.Payload(resp) // it has been read
	return r
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
