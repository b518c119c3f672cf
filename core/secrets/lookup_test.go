package secrets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/config"
)

func whole(key string) (Reference, error) {
	return Reference{Name: Name{Secret: key}, Whole: true}, nil
}

// Clients that open together ask once; what was replaced is seen by those that open a moment later.
func TestCache(t *testing.T) {
	reads := 0
	c := NewCache(func(context.Context, Name) (string, error) {
		reads++
		return strings.Repeat("x", reads), nil
	})
	now := time.Unix(0, 0)
	c.now = func() time.Time { return now }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if values, err := c.Get(t.Context(), []string{"a"}, whole); err != nil || values["a"] != "x" {
				t.Errorf("%v, %v", values, err)
			}
		})
	}
	wg.Wait()
	now = now.Add(fresh)
	if values, err := c.Get(t.Context(), []string{"a"}, whole); err != nil || values["a"] != "xx" || reads != 2 {
		t.Errorf("after a moment: %v, %v, %d reads", values, err, reads)
	}
}

type store struct{}

func (*store) Get(context.Context, string, []string) (map[string]string, error) { return nil, nil }

func TestPerProcess(t *testing.T) {
	opened := 0
	open := PerProcess(func(params map[string]string) (*store, error) {
		if params["a"] == "" {
			return nil, errors.New("no a")
		}
		opened++
		return new(store), nil
	})
	for _, a := range []string{"1", "1", "2", "1"} {
		if s, err := open(map[string]string{"a": a, "b": "x"}); err != nil || s == nil {
			t.Errorf("%v, %v", s, err)
		}
	}
	if _, err := open(nil); err == nil || opened != 2 {
		t.Errorf("%d stores, %v; want one for each set of parameters", opened, err)
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	down := true
	c := NewCache(func(context.Context, Name) (string, error) {
		if down {
			return "", config.Passing(errors.New("away"))
		}
		return "v", nil
	})
	if _, err := c.Get(t.Context(), []string{"a"}, whole); err == nil || !config.IsPassing(err.(config.KeyErrors)["a"]) {
		t.Errorf("error %v", err)
	}
	down = false
	if values, err := c.Get(t.Context(), []string{"a"}, whole); err != nil || values["a"] != "v" {
		t.Errorf("%v, %v", values, err)
	}
}

func TestOptions(t *testing.T) {
	for _, tc := range []struct {
		text, want string
		name       Name
		err        string
	}{
		{"a", "a", Name{}, ""},
		{"a?versionid=1", "a", Name{Version: "1"}, ""},
		{"a?VersionStage=B&ttl=5", "a", Name{Stage: "B"}, ""},
		{"really?", "really?", Name{}, ""},
		{"a?x=1", "", Name{}, `there is no option "x"`},
		{"a?version=%zz", "", Name{}, "not of the form"},
	} {
		var n Name
		got, err := Options(tc.text, &n)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: %v, want %s", tc.text, err, tc.err)
			}
			continue
		}
		if diff := cmp.Diff(tc.name, n); diff != "" || err != nil || got != tc.want {
			t.Errorf("%s is %q, %v (-want +got):\n%s", tc.text, got, err, diff)
		}
	}
}

// Unreachable keeps how a connection failed, and neither requests nor more than a line.
func TestUnreachable(t *testing.T) {
	err := Unreachable("the store", fmt.Errorf("GET https://host/?token=x: %w", errors.New("connection refused\nmore")))
	if !config.IsPassing(err) || err.Error() != "the store is out of reach: connection refused" {
		t.Errorf("error %q", err)
	}
}

func FuzzOptions(f *testing.F) {
	f.Add("name?version=1&ttl=2")
	f.Add("a?b=c?d=e")
	f.Fuzz(func(t *testing.T, text string) {
		var n Name
		got, err := Options(text, &n)
		if err == nil && !strings.HasPrefix(text, got) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
