package cosmostest

import (
	"encoding/json"
	"fmt"
	"time"
)

// ContainerOptions configure [Server.AddContainer]. The zero value is one physical partition, unlimited.
type ContainerOptions struct {
	Partitions int // physical partitions, default 1
	Throughput int // request units per second, enforced; 0 is unlimited
	DefaultTTL int // defaultTtl property, kept only
}

// AddDatabase creates a database. One that exists already is no error.
func (s *Server) AddDatabase(id string) error {
	_, bad := s.addDatabase(id)
	if bad != nil && bad.status != 409 {
		return fmt.Errorf("cosmostest: add database %s: %s", id, bad.message)
	}
	return nil
}

// AddContainer creates a container, and its database if need be. One path makes a partition key of kind Hash, two or
// three a hierarchical one, of version 2. A container that exists already is an error.
func (s *Server) AddContainer(db, id string, o ContainerOptions, paths ...string) error {
	if err := s.AddDatabase(db); err != nil {
		return err
	}
	props := map[string]any{"id": id, "partitionKey": map[string]any{"paths": paths, "version": 2}}
	if o.DefaultTTL != 0 {
		props["defaultTtl"] = o.DefaultTTL
	}
	body, err := json.Marshal(props)
	if err != nil {
		return fmt.Errorf("cosmostest: add container %s/%s: %w", db, id, err)
	}
	parsed, bad := parseContainer(body)
	if bad == nil {
		_, bad = s.addContainer(db, parsed, offer{manual: o.Throughput, enforced: o.Throughput > 0}, max(1, o.Partitions))
	}
	if bad != nil {
		return fmt.Errorf("cosmostest: add container %s/%s: %s", db, id, bad.message)
	}
	return nil
}

// SplitPartition splits a physical partition in two, as the service does when one grows: requests that name it get
// 410 with substatus 1002 from now on.
func (s *Server) SplitPartition(db, coll, id string) error {
	c := s.container(db, coll)
	if c == nil {
		return fmt.Errorf("cosmostest: no container %s/%s", db, coll)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.split(id); err != nil {
		return fmt.Errorf("cosmostest: %w", err)
	}
	return nil
}

// Partitions lists the ids of a container's physical partitions in the order of their keys, nil for no container.
func (s *Server) Partitions(db, coll string) []string {
	c := s.container(db, coll)
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var ids []string
	for _, p := range c.parts {
		ids = append(ids, p.id)
	}
	return ids
}

// Document is a stored item.
type Document struct {
	ID           string
	PartitionKey string          // a JSON array, as in the header
	Body         json.RawMessage // what the client wrote, compact, without system properties
	ETag         string          // with its quotes
	Modified     time.Time
	LSN          int64
	Partition    string // physical
}

// Documents returns all items of a container in the order they were created, nil for no container. The bodies are the
// server's own: do not change them.
func (s *Server) Documents(db, coll string) []Document {
	c := s.container(db, coll)
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	docs := make([]Document, 0, len(c.items))
	for _, it := range c.order {
		if v := it.v; v != nil {
			docs = append(docs, Document{
				ID: it.key.id, PartitionKey: keyJSON(it.key.pk), Body: v.body, ETag: v.quotedETag(),
				Modified: time.Unix(v.ts, 0), LSN: v.lsn, Partition: c.partitionOf(it.epk).id,
			})
		}
	}
	return docs
}

// Count is the number of items in a container.
func (s *Server) Count(db, coll string) int {
	c := s.container(db, coll)
	if c == nil {
		return 0
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.items)
}
