package registry

import (
	"context"
	"net/http"
	"sync"

	"github.com/connectless/connectless/core/connect"
)

// InProcess is a registry in this process. It gives a schema the same ID in every subject, and takes every schema. It is
// safe for concurrent use.
type InProcess struct {
	mu       sync.Mutex
	texts    []string         // by ID-1
	subjects map[string][]int // IDs by version-1
}

var scopes sync.Map // of *InProcess by name: what mock://name means in every client of this process

// Mock returns the registry that mock://scope is.
func Mock(scope string) *InProcess {
	m, _ := scopes.LoadOrStore(scope, &InProcess{subjects: map[string][]int{}})
	return m.(*InProcess)
}

// Register adds a schema to a subject, unless it has it.
func (m *InProcess) Register(subject, text string) (id, version int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, t := range m.texts {
		if t == text {
			id = i + 1
		}
	}
	if id == 0 {
		m.texts = append(m.texts, text)
		id = len(m.texts)
	}
	for i, has := range m.subjects[subject] {
		if has == id {
			return id, i + 1
		}
	}
	m.subjects[subject] = append(m.subjects[subject], id)
	return id, len(m.subjects[subject])
}

func notFound(code int, what string) error {
	return connect.DataError(&Error{Status: http.StatusNotFound, Code: code, Message: what})
}

func (m *InProcess) schema(id, version int) Schema {
	return Schema{ID: id, Version: version, Type: "AVRO", Text: m.texts[id-1]}
}

func (m *InProcess) byID(_ context.Context, id int) (Schema, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id < 1 || id > len(m.texts) {
		return Schema{}, notFound(40403, "Schema not found")
	}
	return m.schema(id, 0), nil
}

func (m *InProcess) byVersion(_ context.Context, subject string, version int) (Schema, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := m.subjects[subject]
	if len(ids) == 0 {
		return Schema{}, notFound(40401, "Subject not found")
	}
	if version == Latest {
		version = len(ids)
	}
	if version < 1 || version > len(ids) {
		return Schema{}, notFound(40402, "Version not found")
	}
	return m.schema(ids[version-1], version), nil
}

func (m *InProcess) lookup(_ context.Context, subject string, s Schema, _, _ bool) (Schema, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := m.subjects[subject]
	if len(ids) == 0 {
		return Schema{}, notFound(40401, "Subject not found")
	}
	for i, id := range ids {
		if m.texts[id-1] == s.Text {
			return m.schema(id, i+1), nil
		}
	}
	return Schema{}, notFound(40403, "Schema not found")
}

func (m *InProcess) register(_ context.Context, subject string, s Schema, _ bool) (int, error) {
	id, _ := m.Register(subject, s.Text)
	return id, nil
}
