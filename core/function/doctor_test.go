package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
)

// probed is a sink that finds something.
type probed struct {
	keeper
	findings []connect.Finding
	closed   *bool
}

func (p probed) Probe(ctx context.Context) []connect.Finding {
	if _, ok := ctx.Deadline(); !ok {
		return []connect.Finding{{Level: connect.LevelError, Message: "there is no deadline"}}
	}
	return p.findings
}

func (p probed) Close() error {
	*p.closed = true
	return nil
}

func TestDoctor(t *testing.T) {
	closed := false
	opens := func(s connect.Sink, err error) OpenSink {
		return func(_ context.Context, d config.Definer) (connect.Sink, error) {
			if got := string(d.(*settings).Secret); got != "hush" {
				t.Errorf("the sink was opened with the secret %q", got)
			}
			return s, err
		}
	}
	fine := connect.Finding{Level: connect.LevelOK, Subject: "memo", Message: "it answers"}
	slow := connect.Finding{Level: connect.LevelWarning, Subject: "paper", Message: "it is short", Remedy: "Buy some."}
	gone := connect.Finding{Level: connect.LevelError, Subject: "ink", Message: "there is none"}
	good := map[string]string{"memo.secret": "${env:CONNECTLESS_TEST_SECRET}"}
	t.Setenv("CONNECTLESS_TEST_SECRET", "hush")
	for _, tc := range []struct {
		name   string
		config map[string]string
		open   OpenSink
		code   int
		out    string
	}{
		{"all is well", good, opens(probed{keeper{}, []connect.Finding{fine}, &closed}, nil), 0, "ok       configuration: every key is good\nok       memo: it answers\n"},
		{"a warning is no failure", good, opens(probed{keeper{}, []connect.Finding{slow}, &closed}, nil), 0,
			"ok       configuration: every key is good\nwarning  paper: it is short\n         Buy some.\n"},
		{"an error", good, opens(probed{keeper{}, []connect.Finding{fine, gone}, &closed}, nil), 1,
			"ok       configuration: every key is good\nok       memo: it answers\nerror    ink: there is none\n"},
		{"no checks", good, opens(keeper{}, nil), 0, "ok       configuration: every key is good\nok       memo-sink: it has no checks of its own\n"},
		{"it does not open", good, opens(nil, errors.New("memo: locked")), 1, "ok       configuration: every key is good\nerror    memo-sink: memo: locked\n"},
		{"a wrong configuration", map[string]string{"memo.secret": "${env:CONNECTLESS_TEST_UNSET}", "tasks.max": "many"}, nil, 1,
			"error    configuration memo.secret: memo.secret: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			closed = false
			var out, errs bytes.Buffer
			c := command{def: memo, open: tc.open, out: &out, err: &errs}
			code := c.run(t.Context(), []string{"doctor", "--config", write(t, connector(tc.config))})
			if code != tc.code || !strings.HasPrefix(out.String(), tc.out) || strings.Contains(out.String()+errs.String(), "hush") {
				t.Errorf("exit %d, want %d; it printed\n%s%swant\n%s", code, tc.code, out.String(), errs.String(), tc.out)
			}
			if strings.Contains(tc.name, "error") && !closed {
				t.Error("the sink was not closed")
			}
		})
	}

	var out bytes.Buffer
	c := command{def: memo, open: opens(probed{keeper{}, []connect.Finding{slow}, &closed}, nil), out: &out}
	c.run(t.Context(), []string{"doctor", "--json", "--config", write(t, connector(good))})
	var got []connect.Finding
	for lines := json.NewDecoder(&out); lines.More(); {
		var f connect.Finding
		if err := lines.Decode(&f); err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	if diff := cmp.Diff([]connect.Finding{{Level: connect.LevelOK, Subject: "configuration", Message: "every key is good"}, slow}, got); diff != "" {
		t.Errorf("--json (-want +got):\n%s", diff)
	}
}
