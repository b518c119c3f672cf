package filesink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/connectless/connectless/connectors/file"
	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// Open opens a sink with the settings of the definition file.Sink. It touches the file only when it writes.
func Open(_ context.Context, settings config.Definer) (connect.Sink, error) {
	c, ok := settings.(*file.SinkConfig)
	if !ok {
		return nil, connect.Fatal(fmt.Errorf("filesink: settings of type %T are not those of the file sink", settings))
	}
	return &sink{path: c.File}, nil
}

type sink struct {
	path string
	buf  []byte
}

// Put appends the lines of all records that are not known to be in the file, and returns when they are on disk.
func (s *sink) Put(ctx context.Context, batch []*connect.Record) error {
	if len(batch) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return connect.Retriable(fmt.Errorf("filesink: %w", err))
	}
	if s.path == "" {
		_, err := os.Stdout.Write(s.lines(batch, nil))
		return classify(err)
	}
	return classify(s.append(batch))
}

// lines renders the records that skip does not name, one after another.
func (s *sink) lines(batch []*connect.Record, skip func(*connect.Record, []byte) bool) []byte {
	s.buf = s.buf[:0]
	for _, r := range batch {
		start := len(s.buf)
		s.buf = r.Value.AppendText(s.buf)
		s.buf = append(s.buf, '\n')
		if skip != nil && skip(r, s.buf[start:]) {
			s.buf = s.buf[:start]
		}
	}
	return s.buf
}

// append writes a batch under the file's lock. Whatever fails, the file is as long as before.
func (s *sink) append(batch []*connect.Record) (err error) {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := lock(f); err != nil {
		return fmt.Errorf("lock %s: %w", s.path, err)
	}
	m, err := readMemory(s.path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if m.known && m.Size < size { // a process was killed between the lines and their memory
		size = m.Size
		if err := f.Truncate(size); err != nil {
			return err
		}
	}
	lines := s.lines(batch, m.seen)
	if _, err := f.WriteAt(lines, size); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	m.Size = size + int64(len(lines))
	return m.write(s.path)
}

// Close has nothing to close: the file is open only while it is written to.
func (s *sink) Close() error { return nil }

// classify tells what somebody must mend from what may go away. A full disk may: space can be made.
func classify(err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("filesink: %w", err)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EISDIR) {
		return connect.Fatal(err)
	}
	return connect.Retriable(err)
}

var _ connect.Sink = (*sink)(nil)
