package function

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// Whatever the lines are, preview says for each what becomes of it, or which line it cannot read.
func FuzzPreview(f *testing.F) {
	for _, in := range []string{
		`{"a":1,"b":2}`, `{"topic":"t","partition":2,"offset":7,"timestamp":5,"key":"k","value":{"a":1.50},"headers":{"h":"x","n":null}}`,
		`{"key_base64":"aw==","value":null}`, `{"value_base64":"%"}`, `[1]`, "{\"a\":1}\r\n\n{\"a\":2}", `{"partition":-1}`, `{"offset":1e99,"value":1}`,
		`{"value":1,"value_base64":""}`, `{"headers":[1],"value":2}`, `{"key":{"a":[null]},"value":"\ud800"}`,
	} {
		f.Add(in)
	}
	path := write(f, connector(map[string]string{"errors.tolerance": "all"}))
	f.Fuzz(func(t *testing.T, in string) {
		var out, errs bytes.Buffer
		c := command{def: memo, in: strings.NewReader(in), out: &out, err: &errs}
		code := c.run(t.Context(), []string{"preview", "--config", path})
		if code != exitOK && (code != exitFault || !strings.Contains(errs.String(), "line ")) {
			t.Errorf("exit %d: %s", code, &errs)
		}
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) {
				t.Errorf("it printed %s", line)
			}
		}
	})
}
