// Command examplesink is the example of the README: a whole connector, which writes each record to a file of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/function"
)

type settings struct{ Dir string }

func (s *settings) Define(d *config.Def) {
	d.String(&s.Dir, "files.dir", "", "Directory to write to. It must exist.", config.Required())
}

type sink struct{ dir string }

// Put returns when what it does not report as failed is written. A record that comes again overwrites its own file.
func (s *sink) Put(_ context.Context, batch []*connect.Record) error {
	var failed connect.BatchError
	for i, r := range batch {
		name := fmt.Sprintf("%s-%d-%d.json", r.Origin.Topic, r.Origin.Partition, r.Origin.Offset)
		if err := os.WriteFile(filepath.Join(s.dir, name), r.Value.AppendJSON(nil), 0o644); err != nil {
			failed.Fail(i, connect.Retriable(err))
		}
	}
	return failed.ErrOrNil()
}

func main() {
	function.Sink(connect.Definition{
		Name: "files-sink", Kind: connect.SinkKind, Doc: "Writes each record to a file of its own.",
		Config: func(string) config.Definer { return &settings{} },
	}, func(_ context.Context, c config.Definer) (connect.Sink, error) {
		return &sink{c.(*settings).Dir}, nil
	})
}
