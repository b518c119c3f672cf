package filesink

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/connectless/connectless/core/connect"
)

// suffix names the memory's file after the file it is about.
const suffix = ".connectless"

// keep bounds what is remembered of a partition, in records: two batches of the largest size a trigger sends.
const keep = 20000

// memory is what is known of a file: how long it is, and which records came last.
type memory struct {
	Size int64 `json:"size"`
	// Records are fingerprints of lines by "<topic>-<partition>" and offset.
	Records map[string]map[int64]uint64 `json:"records"`

	known bool // there was a memory
}

func readMemory(path string) (*memory, error) {
	m := &memory{Records: map[string]map[int64]uint64{}}
	b, err := os.ReadFile(path + suffix)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	m.Size = -1 // the file is cut to the size: one that is not there must not pass for 0
	err = json.Unmarshal(b, m)
	if err == nil && (m.Size < 0 || m.Records == nil) {
		err = errors.New("it has no size or no records")
	}
	if err != nil {
		return nil, fmt.Errorf("%s is broken (delete it to go on; the last batch may then be written twice): %w", path+suffix, err)
	}
	m.known = true
	return m, nil
}

// seen says whether the record's line is in the file already, and remembers it if it is not.
func (m *memory) seen(r *connect.Record, line []byte) bool {
	if r.Origin == nil {
		return false
	}
	partition := r.Origin.Topic + "-" + strconv.Itoa(int(r.Origin.Partition))
	offsets := m.Records[partition]
	if offsets == nil {
		offsets = map[int64]uint64{}
		m.Records[partition] = offsets
	}
	h := fnv.New64a()
	_, _ = h.Write(line) // never fails
	sum := h.Sum64()
	if was, ok := offsets[r.Origin.Offset]; ok && was == sum {
		return true
	}
	offsets[r.Origin.Offset] = sum
	if len(offsets) > keep {
		for o := range offsets {
			if o <= r.Origin.Offset-keep {
				delete(offsets, o)
			}
		}
	}
	return false
}

// write replaces the memory's file in one step.
func (m *memory) write(path string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+suffix+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path+suffix)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
