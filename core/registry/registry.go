package registry

import (
	"context"
	"sync"
	"time"

	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
)

// Schema is a schema as a registry keeps it.
type Schema struct {
	ID         int
	Version    int    // in a subject; 0 where it was found by ID
	Type       string // AVRO, PROTOBUF or JSON
	Text       string
	References []Reference
}

// Reference says under which name a schema uses another one.
type Reference struct {
	Name    string
	Subject string
	Version int
}

// Latest is the version that stands for a subject's newest.
const Latest = -1

// backend is where schemas are: behind HTTP or in this process. Its errors are classified; see [Error].
type backend interface {
	byID(ctx context.Context, id int) (Schema, error)
	byVersion(ctx context.Context, subject string, version int) (Schema, error)
	lookup(ctx context.Context, subject string, s Schema, normalize, deleted bool) (Schema, error)
	register(ctx context.Context, subject string, s Schema, normalize bool) (id int, err error)
}

// Client asks a schema registry, and remembers its answers. It is safe for concurrent use.
//
// Errors carry the class that decides what becomes of the record (package connect): retriable when the registry cannot be
// reached, is busy or fails; fatal when it refuses the credentials; data for what it does not know or does not take.
// Where the registry answered, an error holds an [Error].
type Client struct {
	backend   backend
	normalize bool
	ttl       time.Duration // of latest versions; negative: for good

	mu       sync.RWMutex
	schemas  map[int]Schema
	versions map[versionKey]Schema
	known    map[textKey]Schema
	latest   map[string]aged
	asking   sync.Mutex // one question at a time: records come in droves that need the same answer
	now      func() time.Time

	perMap, maxLatest int // bounds

	// outage is why the registry could not be asked a moment ago, and until when that is taken for an answer: the other
	// records of a batch do not each wait for a registry that is away.
	outage error
	until  time.Time
}

type versionKey struct {
	subject string
	version int
}

// textKey is a schema in a subject; registered tells the answer to "take it" from that to "do you know it".
type textKey struct {
	subject, text string
	registered    bool
}

type aged struct {
	schema Schema
	read   time.Time
}

// New returns the client that the settings describe; normalize asks the registry to normalize schemas before it compares
// them. It connects to nothing. Errors are of the configuration.
func New(s *convert.Registry, normalize bool) (*Client, error) {
	b, err := open(s)
	if err != nil {
		return nil, err
	}
	c := &Client{backend: b, normalize: normalize, ttl: time.Duration(s.LatestCacheTTL) * time.Second, now: time.Now}
	c.perMap, c.maxLatest = max(1, s.MaxSchemasPerSubject)*subjects, max(1, s.LatestCacheSize)
	c.schemas, c.versions = map[int]Schema{}, map[versionKey]Schema{}
	c.known, c.latest = map[textKey]Schema{}, map[string]aged{}
	return c, nil
}

// subjects is how many subjects are thought of where the bound of remembered schemas is given for one.
const subjects = 16

// ByID returns the schema of an ID.
func (c *Client) ByID(ctx context.Context, id int) (Schema, error) {
	return remember(c, c.schemas, id, func() (Schema, error) { return c.backend.byID(ctx, id) })
}

// ByVersion returns a version of a subject's schema; for [Latest] the newest, which may be one that was read before: see
// latest.cache.ttl.sec.
func (c *Client) ByVersion(ctx context.Context, subject string, version int) (Schema, error) {
	if version != Latest {
		return remember(c, c.versions, versionKey{subject, version}, func() (Schema, error) { return c.backend.byVersion(ctx, subject, version) })
	}
	if s, ok := c.fresh(subject); ok {
		return s, nil
	}
	c.asking.Lock()
	defer c.asking.Unlock()
	if s, ok := c.fresh(subject); ok {
		return s, nil
	}
	s, err := c.ask(func() (Schema, error) { return c.backend.byVersion(ctx, subject, Latest) })
	if err == nil {
		c.mu.Lock()
		if len(c.latest) >= c.maxLatest {
			clear(c.latest)
		}
		c.latest[subject] = aged{s, c.now()}
		c.mu.Unlock()
	}
	return s, err
}

func (c *Client) fresh(subject string) (Schema, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	a, ok := c.latest[subject]
	return a.schema, ok && (c.ttl < 0 || c.now().Sub(a.read) < c.ttl)
}

// Lookup returns the ID and version that a schema has in a subject.
func (c *Client) Lookup(ctx context.Context, subject string, s Schema) (Schema, error) {
	return remember(c, c.known, textKey{subject, s.Text, false}, func() (Schema, error) {
		return c.backend.lookup(ctx, subject, s, c.normalize, false)
	})
}

// VersionOf returns the version that a schema found by ID has in a subject, deleted or not.
func (c *Client) VersionOf(ctx context.Context, subject string, s Schema) (int, error) {
	found, err := remember(c, c.versions, versionKey{subject, -s.ID - 1}, func() (Schema, error) {
		return c.backend.lookup(ctx, subject, s, false, true)
	})
	return found.Version, err
}

// Register makes sure that a subject has the schema, and returns its ID.
func (c *Client) Register(ctx context.Context, subject string, s Schema) (int, error) {
	found, err := remember(c, c.known, textKey{subject, s.Text, true}, func() (Schema, error) {
		id, err := c.backend.register(ctx, subject, s, c.normalize)
		return Schema{ID: id}, err
	})
	return found.ID, err
}

// pause is how long a registry that could not be asked is left alone.
const pause = time.Second

// ask asks, unless the registry has just been away. The caller holds c.asking.
func (c *Client) ask(question func() (Schema, error)) (Schema, error) {
	if c.outage != nil && c.now().Before(c.until) {
		return Schema{}, c.outage
	}
	s, err := question()
	c.outage = nil
	if connect.IsRetriable(err) {
		c.outage, c.until = err, c.now().Add(pause)
	}
	return s, err
}

// remember returns what is known of a key, or asks and remembers the answer. A full map is emptied.
func remember[K comparable](c *Client, known map[K]Schema, key K, ask func() (Schema, error)) (Schema, error) {
	find := func() (Schema, bool) {
		c.mu.RLock()
		defer c.mu.RUnlock()
		s, ok := known[key]
		return s, ok
	}
	if s, ok := find(); ok {
		return s, nil
	}
	c.asking.Lock()
	defer c.asking.Unlock()
	if s, ok := find(); ok {
		return s, nil
	}
	s, err := c.ask(ask)
	if err != nil {
		return s, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(known) >= c.perMap {
		clear(known)
	}
	known[key] = s
	return s, nil
}
