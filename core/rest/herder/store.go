package herder

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/connectless/connectless/core/rest"
)

// A record is what is kept of a connector. It is never changed, only replaced.
type record struct {
	Name       string            `json:"name"`
	Config     map[string]string `json:"config"`
	State      rest.State        `json:"state"`            // target: RUNNING, PAUSED or STOPPED
	Generation int               `json:"generation"`       // of Config; no two have the same
	Topics     []string          `json:"topics,omitempty"` // used, sorted
}

// records are the connectors by name. The map is never changed, only replaced.
type records map[string]*record

// with returns a copy with r in it.
func (rs records) with(r *record) records {
	c := rs.without(r.Name)
	c[r.Name] = r
	return c
}

func (rs records) without(name string) records {
	c := make(records, len(rs)+1)
	maps.Copy(c, rs)
	delete(c, name)
	return c
}

// A store keeps the connectors in one document, which is replaced as a whole: after a crash it is the old one or the new
// one. It holds passwords as they were given, so only its owner may read it.
type store struct{ dir string } // "": in memory only

const (
	storeFile    = "connectors.json"
	storeTemp    = "connectors-*.tmp"
	storeVersion = 1
)

type document struct {
	Version    int       `json:"version"`
	Connectors []*record `json:"connectors"` // by name
}

// load reads the document; none is no connectors. What a crash left of a write is removed.
func (s store) load() (records, error) {
	rs := records{}
	if s.dir == "" {
		return rs, nil
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("herder: data directory: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(s.dir, storeTemp))
	if err != nil {
		return nil, fmt.Errorf("herder: data directory: %w", err)
	}
	for _, file := range left {
		if err := os.Remove(file); err != nil {
			return nil, fmt.Errorf("herder: data directory: %w", err)
		}
	}
	file := filepath.Join(s.dir, storeFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return rs, nil
	}
	if err != nil {
		return nil, fmt.Errorf("herder: read connectors: %w", err)
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("herder: %s is damaged: %w", file, err)
	}
	if doc.Version != storeVersion {
		return nil, fmt.Errorf("herder: %s has version %d, this program reads version %d", file, doc.Version, storeVersion)
	}
	for i, r := range doc.Connectors {
		if r == nil || r.Name == "" {
			return nil, fmt.Errorf("herder: %s is damaged: connector %d has no name", file, i+1)
		}
		rs[r.Name] = r
	}
	return rs, nil
}

// save replaces the document. When it returns, the new one survives a crash of the machine.
func (s store) save(rs records) error {
	if s.dir == "" {
		return nil
	}
	doc := document{Version: storeVersion, Connectors: []*record{}}
	for _, name := range slices.Sorted(maps.Keys(rs)) {
		doc.Connectors = append(doc.Connectors, rs[name])
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("herder: write connectors: %w", err)
	}
	if err := s.replace(append(text, '\n')); err != nil {
		return fmt.Errorf("herder: write connectors: %w", err)
	}
	return nil
}

func (s store) replace(text []byte) (err error) {
	f, err := os.CreateTemp(s.dir, storeTemp) // readable by its owner only
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // else the next start does it
		}
	}()
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), filepath.Join(s.dir, storeFile)); err != nil {
		return err
	}
	return syncDir(s.dir)
}

// syncDir makes a rename last. Windows has no such thing.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
