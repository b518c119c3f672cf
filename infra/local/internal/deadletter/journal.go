package deadletter

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Journal is a file of what was replayed, a JSON line for each original record, so that no record is replayed twice by
// mistake. It is for one process at a time.
type Journal struct {
	file    *os.File
	cluster string
	topic   string
	done    map[Identity]bool
}

// entry is a line. Cluster and topic of the letters are in it because the same file may be used for several.
type entry struct {
	Time     time.Time `json:"time"`
	Cluster  string    `json:"cluster"`
	Topic    string    `json:"dead_letter_topic"`
	Original Position  `json:"original"`
	Identity string    `json:"identity"`
	To       string    `json:"to"`
}

// OpenJournal reads what path says of a topic of a cluster. The file need not exist: it is made by the first record that
// is replayed, unless readOnly.
func OpenJournal(path, cluster, topic string, readOnly bool) (*Journal, error) {
	j := &Journal{cluster: cluster, topic: topic, done: map[Identity]bool{}}
	if path == "" {
		return j, nil
	}
	if err := j.load(path); err != nil {
		return nil, err
	}
	if readOnly {
		return j, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("deadletter: journal: %w", err)
	}
	j.file = f
	return j, nil
}

func (j *Journal) load(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deadletter: journal: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var e entry
		id, err := []byte(nil), json.Unmarshal(lines.Bytes(), &e)
		if err == nil {
			id, err = hex.DecodeString(e.Identity)
		}
		if err == nil && len(id) != len(Identity{}) {
			err = errors.New("no identity")
		}
		if err != nil { // such as a line that was cut off when the machine stopped: what it said may come again
			return fmt.Errorf("deadletter: journal %s, line %d: %w; remove the line, or name another file", path, n, err)
		}
		if e.Cluster == j.cluster && e.Topic == j.topic {
			j.done[Identity(id)] = true
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("deadletter: journal %s: %w", path, err)
	}
	return nil
}

// Has says whether the record was replayed before.
func (j *Journal) Has(id Identity) bool { return j.done[id] }

// Add writes down that a record was replayed, and to where.
func (j *Journal) Add(l *Letter, to string) error {
	id := l.Identity()
	j.done[id] = true
	if j.file == nil {
		return nil
	}
	at := l.Origin
	if !l.Known {
		at = l.At
	}
	line, err := json.Marshal(entry{time.Now().UTC(), j.cluster, j.topic, at, hex.EncodeToString(id[:]), to})
	if err != nil {
		return fmt.Errorf("deadletter: journal: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("deadletter: journal: %w", err)
	}
	return nil
}

// Close writes it all to disk.
func (j *Journal) Close() error {
	if j.file == nil {
		return nil
	}
	if err := errors.Join(j.file.Sync(), j.file.Close()); err != nil {
		return fmt.Errorf("deadletter: journal: %w", err)
	}
	return nil
}
