package avro

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/convert/avro/avroschema"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/registry"
)

// headSize is the length of what precedes the Avro data: a zero byte and the schema's ID.
const headSize = 5

// New returns the converter, configured for keys or for values, if class is AvroConverter's name (or one of its short
// forms); ok is false for another class. props are its own properties, without the prefix. It connects to nothing.
// Errors are ConfigExceptions.
func New(class string, props map[string]string, isKey bool) (c convert.Converter, ok bool, err error) {
	if !config.ClassMatches(class, convert.AvroConverter, "Converter") {
		return nil, false, nil
	}
	var s convert.Avro
	if err := parse(props, &s); err != nil {
		return nil, true, err
	}
	client, err := registry.New(&s.Registry, s.Normalize)
	if err != nil {
		return nil, true, data.Errorf(data.ConfigException, "%s", err)
	}
	strategy := s.ValueStrategy
	if isKey {
		strategy = s.KeyStrategy
	}
	return &converter{
		Serializer: s.Serializer,
		registry:   client,
		mapping:    &Mapping{AvroData: s.AvroData},
		strategy:   convert.SubjectStrategy(strategy),
		isKey:      isKey,
		latestFor:  time.Duration(s.LatestCacheTTL) * time.Second,
		reading:    plans[readKey, readPlan]{limit: max(1, s.CacheSize)},
		writing:    plans[writeKey, writePlan]{limit: max(1, s.CacheSize)},
	}, true, nil
}

type converter struct {
	convert.Serializer
	registry  *registry.Client
	mapping   *Mapping
	strategy  string
	isKey     bool
	latestFor time.Duration
	reading   plans[readKey, readPlan]
	writing   plans[writeKey, writePlan]
}

// plans remembers what was worked out for keys: the last one at hand, the others in a map that is emptied when full.
type plans[K comparable, P any] struct {
	limit int
	last  atomic.Pointer[planned[K, P]]
	mu    sync.RWMutex
	all   map[K]*planned[K, P]
}

type planned[K comparable, P any] struct {
	key  K
	plan *P
}

func (p *plans[K, P]) find(key K) *P {
	if last := p.last.Load(); last != nil && last.key == key {
		return last.plan
	}
	p.mu.RLock()
	found := p.all[key]
	p.mu.RUnlock()
	if found == nil {
		return nil
	}
	p.last.Store(found)
	return found.plan
}

func (p *plans[K, P]) store(key K, plan *P) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil || len(p.all) >= p.limit {
		p.all = make(map[K]*planned[K, P])
	}
	p.all[key] = &planned[K, P]{key, plan}
	p.last.Store(p.all[key])
}

// readKey is what decides how data is read: the subject, and so the schema's version, depends on the topic.
type readKey struct {
	id    int32
	topic string
}

// readPlan is how data of one schema ID is read.
type readPlan struct {
	schema *data.Schema
	root   *step
}

func (c *converter) ToConnect(a *data.Arena, topic string, b []byte) (*data.Schema, data.Value, error) {
	switch {
	case b == nil:
		return nil, data.Value{}, nil
	case len(b) > 0 && b[0] != 0:
		return nil, data.Value{}, reading(topic, serialization(nil, "Unknown magic byte!"))
	case len(b) < headSize:
		e := &data.Error{Class: "java.nio.BufferUnderflowException"}
		return nil, data.Value{}, e.Because(fmt.Errorf("%d bytes are no Avro data: it begins with five bytes that name its schema", len(b)))
	}
	key := readKey{int32(binary.BigEndian.Uint32(b[1:])), topic}
	plan := c.reading.find(key)
	if plan == nil {
		var err error
		if plan, err = c.planReading(key); err != nil {
			return nil, data.Value{}, err
		}
		c.reading.store(key, plan)
	}
	r := reader{a: a, b: b[headSize:], free: maxFree}
	var v data.Value
	if err := plan.root.decode(&r, &v); err != nil {
		if e := (*data.Error)(nil); errors.As(err, &e) {
			return nil, data.Value{}, err
		}
		return nil, data.Value{}, reading(topic, serialization(err, "Error deserializing Avro message for id %d", key.id))
	}
	return plan.schema, v, nil
}

func (c *converter) planReading(key readKey) (*readPlan, error) {
	ctx := context.Background() // bounded by the client's timeouts
	written, err := c.registry.ByID(ctx, int(key.id))
	if err != nil {
		return nil, reading(key.topic, serialization(err, "Error retrieving Avro schema for id %d", key.id))
	}
	s, err := c.parse(ctx, written)
	if err != nil {
		return nil, reading(key.topic, serialization(err, "Error retrieving Avro schema for id %d", key.id))
	}
	subject, err := c.subject(key.topic, s)
	if err != nil {
		return nil, reading(key.topic, err)
	}
	version, err := c.registry.VersionOf(ctx, subject, written)
	if err != nil {
		return nil, reading(key.topic, serialization(err, "Error retrieving Avro schema version for id %d", key.id))
	}
	plan := &readPlan{}
	if !s.Equal(anything()) {
		v := int32(version)
		if plan.schema, err = c.mapping.ToConnect(s, &v); err != nil {
			return nil, err
		}
	}
	plan.root = c.mapping.compileDecoder(s, plan.schema)
	return plan, nil
}

// parse reads a schema after those that it refers to.
func (c *converter) parse(ctx context.Context, s registry.Schema) (*avroschema.Schema, error) {
	var known []*avroschema.Schema
	seen := map[registry.Reference]bool{}
	var follow func(refs []registry.Reference) error
	follow = func(refs []registry.Reference) error {
		for _, ref := range refs {
			ref.Name = ""
			if seen[ref] {
				continue
			}
			seen[ref] = true
			of, err := c.registry.ByVersion(ctx, ref.Subject, ref.Version)
			if err != nil {
				return fmt.Errorf("schema %d refers to version %d of %s: %w", s.ID, ref.Version, ref.Subject, err)
			}
			if err := follow(of.References); err != nil {
				return err
			}
			parsed, err := avroschema.Parse([]byte(of.Text), avroschema.Options{Known: known})
			if err != nil {
				return err
			}
			known = append(known, parsed)
		}
		return nil
	}
	if s.Type != "" && s.Type != "AVRO" {
		return nil, fmt.Errorf("schema %d is of type %s, not AVRO", s.ID, s.Type)
	}
	if err := follow(s.References); err != nil {
		return nil, err
	}
	return avroschema.Parse([]byte(s.Text), avroschema.Options{Known: known})
}

// subject is the name under which the registry keeps a topic's schemas.
func (c *converter) subject(topic string, s *avroschema.Schema) (string, error) {
	what := "value"
	if c.isKey {
		what = "key"
	}
	if c.strategy == convert.TopicNameStrategy {
		return topic + "-" + what, nil
	}
	if !s.Kind.Named() {
		return "", serialization(nil, "In configuration %s.subject.name.strategy = %s, the message %s must only be a record schema", what, c.strategy, what)
	}
	if c.strategy == convert.TopicRecordNameStrategy {
		return topic + "-" + s.Name.Full(), nil
	}
	return s.Name.Full(), nil
}

// writeKey is what decides how data is written. A schema that is known is the same pointer.
type writeKey struct {
	schema *data.Schema
	topic  string
}

// writePlan is how values of one Connect schema are written.
type writePlan struct {
	root  encoder
	own   *avroschema.Schema
	id    atomic.Int32 // once it is known
	until time.Time    // when the latest version has to be asked for again; zero for never
}

func (c *converter) FromConnect(dst []byte, topic string, s *data.Schema, v *data.Value) ([]byte, bool, error) {
	if v.IsNull() && (s == nil || s.Optional()) {
		return dst, true, nil
	}
	key := writeKey{s, topic}
	plan := c.writing.find(key)
	if plan == nil || !plan.until.IsZero() && time.Now().After(plan.until) {
		var err error
		if plan, err = c.planWriting(key); err != nil {
			return dst, false, err
		}
		c.writing.store(key, plan)
	}
	start := len(dst)
	w := writer{dst: append(dst, 0, 0, 0, 0, 0), ignoreDefaults: c.mapping.IgnoreDefaultNullable}
	var err error
	if s == nil {
		err = w.anything(v)
	} else {
		err = w.value(&plan.root, v)
	}
	if err != nil {
		if u := (*unwritable)(nil); errors.As(err, &u) {
			err = writing(topic, serialization(err, "Error serializing Avro message"))
		}
		return w.dst[:start], false, err
	}
	id, err := c.idOf(plan, topic)
	if err != nil {
		return w.dst[:start], false, err
	}
	binary.BigEndian.PutUint32(w.dst[start+1:], uint32(id))
	return w.dst, false, nil
}

// idOf registers or looks up a plan's schema the first time that a value could be written with it.
func (c *converter) idOf(plan *writePlan, topic string) (int32, error) {
	if id := plan.id.Load(); id != 0 {
		return id, nil
	}
	subject, err := c.subject(topic, plan.own)
	if err != nil {
		return 0, writing(topic, err)
	}
	text, err := plan.own.AppendJSON(nil)
	if err != nil {
		return 0, writing(topic, serialization(err, "Error serializing Avro message"))
	}
	ctx, own := context.Background(), registry.Schema{Text: string(text)}
	var id int
	if c.AutoRegister {
		id, err = c.registry.Register(ctx, subject, own)
	} else {
		var known registry.Schema
		known, err = c.registry.Lookup(ctx, subject, own)
		id = known.ID
	}
	if err != nil {
		what := "Error retrieving Avro schema"
		if c.AutoRegister {
			what = "Error registering Avro schema"
		}
		return 0, writing(topic, serialization(err, "%s%s", what, text))
	}
	plan.id.Store(int32(id))
	return int32(id), nil
}

func (c *converter) planWriting(key writeKey) (*writePlan, error) {
	own, err := c.mapping.FromConnect(key.schema)
	if err != nil {
		return nil, err
	}
	plan := &writePlan{own: own}
	target := own
	if !c.AutoRegister && (c.UseSchemaID >= 0 || c.UseLatest) {
		var given registry.Schema
		if given, target, err = c.given(key.topic, own); err != nil {
			return nil, writing(key.topic, err)
		}
		plan.id.Store(int32(given.ID))
		if c.UseSchemaID < 0 && c.latestFor >= 0 {
			plan.until = time.Now().Add(c.latestFor)
		}
	}
	if key.schema == nil {
		if !target.Equal(anything()) {
			return nil, writing(key.topic, serialization(nil, "a value without a schema can only be written as %s", anything().Name.Full()))
		}
		return plan, nil
	}
	plan.root = c.mapping.compileEncoder(key.schema, own, target)
	if target.Kind == avroschema.Bytes && plan.root.op == opBytes {
		plan.root.op = opRest // Confluent's serializer writes bytes without their length when they are all there is
	}
	return plan, nil
}

// given is the schema that the configuration names to write with: an ID's or the latest version.
func (c *converter) given(topic string, own *avroschema.Schema) (registry.Schema, *avroschema.Schema, error) {
	ctx := context.Background()
	var s registry.Schema
	var err error
	strict, key := c.IDStrict, "id.compatibility.strict"
	if c.UseSchemaID >= 0 {
		s, err = c.registry.ByID(ctx, c.UseSchemaID)
	} else {
		strict, key = c.LatestStrict, "latest.compatibility.strict"
		var subject string
		if subject, err = c.subject(topic, own); err == nil {
			s, err = c.registry.ByVersion(ctx, subject, registry.Latest)
		}
	}
	if err != nil {
		return s, nil, serialization(err, "Error retrieving the schema to write with")
	}
	target, err := c.parse(ctx, s)
	if err != nil {
		return s, nil, serialization(err, "Error retrieving the schema to write with")
	}
	if why := avroschema.CanRead(target, own); why != nil && strict {
		return s, nil, serialization(why, "Incompatible schema %s for schema %s. Set %s=false to disable this check", s.Text, own, key)
	}
	return s, target, nil
}
