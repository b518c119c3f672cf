package herder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/rest"
	"github.com/connectless/connectless/core/rest/herder"
)

// sink is the configuration of a sink, with more settings from pairs.
func sink(pairs ...string) string {
	config := map[string]string{"connector.class": "x.ProbeSink", "topics": "rt", "log": "probe.log"}
	for i := 0; i < len(pairs); i += 2 {
		config[pairs[i]] = pairs[i+1]
	}
	text, _ := json.Marshal(config)
	return string(text)
}

// want makes a call and checks its status; the answer is the body.
func (c *client) want(code int, method, path, body string) string {
	c.t.Helper()
	w := c.do(method, path, body)
	if w.Code != code {
		c.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, code, w.Body)
	}
	return w.Body.String()
}

// states is the state of a connector and of its tasks, with their traces.
func (c *client) states(name string) string {
	c.t.Helper()
	var s rest.Status
	if err := json.Unmarshal([]byte(c.want(200, "GET", "/connectors/"+name+"/status", "")), &s); err != nil {
		c.t.Fatal(err)
	}
	return statesOf(s)
}

func statesOf(s rest.Status) string {
	all := []string{strings.TrimSpace(string(s.Connector.State) + " " + s.Connector.Trace)}
	for _, t := range s.Tasks {
		all = append(all, strings.TrimSpace(string(t.State)+" "+t.Trace))
	}
	return strings.Join(all, ", ")
}

func (r *runner) took() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// What users do to a connector, what the Runner is told, and what status says then.
func TestChanges(t *testing.T) {
	type does struct {
		method, path, body string
		code               int
		told               string // calls of the Runner
		states             string // of c afterwards; "" for none
	}
	const c = "/connectors/c"
	create := func(state string) string {
		return fmt.Sprintf(`{"name": "c", "config": %s, "initial_state": %q}`, sink("tasks.max", "2"), state)
	}
	for _, tc := range []struct {
		name string
		do   []does
	}{
		{"created and deleted", []does{
			{"POST", "/connectors", create("running"), 201, "start c", "RUNNING, RUNNING, RUNNING"},
			{"DELETE", c, "", 204, "stop c", ""},
		}},
		{"created paused", []does{
			{"POST", "/connectors", create("PAUSED"), 201, "start c", "PAUSED, PAUSED, PAUSED"},
			{"PUT", c + "/pause", "", 202, "", "PAUSED, PAUSED, PAUSED"},
			{"PUT", c + "/resume", "", 202, "resume c", "RUNNING, RUNNING, RUNNING"},
			{"PUT", c + "/pause", "", 202, "pause c", "PAUSED, PAUSED, PAUSED"},
			{"PUT", c + "/stop", "", 204, "stop c", "STOPPED"},
			{"PUT", c + "/pause", "", 202, "start c", "PAUSED, PAUSED, PAUSED"},
		}},
		{"created stopped", []does{
			{"POST", "/connectors", create("STOPPED"), 201, "", "STOPPED"},
			{"PUT", c + "/stop", "", 204, "", "STOPPED"},
			{"POST", c + "/restart?includeTasks=true", "", 202, "", "STOPPED"},
			{"POST", c + "/tasks/0/restart", "", 404, "", "STOPPED"},
			{"PUT", c + "/config", sink("tasks.max", "1"), 200, "", "STOPPED"},
			{"PUT", c + "/resume", "", 202, "start c", "RUNNING, RUNNING"},
		}},
		{"configured anew", []does{
			{"PUT", c + "/config", sink(), 201, "start c", "RUNNING, RUNNING"},
			{"PUT", c + "/config", sink(), 200, "", "RUNNING, RUNNING"},
			{"PUT", c + "/config", sink("name", "c"), 200, "", "RUNNING, RUNNING"},
			{"PUT", c + "/config", sink("tasks.max", "3"), 200, "stop c, start c", "RUNNING, RUNNING, RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{"tasks.max": 2, "errors.log.enable": true}`, 200, "stop c, start c", "RUNNING, RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{"tasks.max": null}`, 200, "stop c, start c", "RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{}`, 200, "", "RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{"name": null}`, 200, "", "RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{"name": "d"}`, 400, "", "RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{"tasks.max": "none"}`, 400, "", "RUNNING, RUNNING"},
			{"PATCH", c + "/config", `{"value.converter": "no.Such"}`, 400, "", "RUNNING, RUNNING"},
		}},
		{"restarted", []does{
			{"POST", "/connectors", create("RUNNING"), 201, "start c", "RUNNING, RUNNING, RUNNING"},
			{"POST", c + "/restart", "", 204, "stop c, start c", "RUNNING, RUNNING, RUNNING"},
			{"POST", c + "/restart?onlyFailed=true", "", 202, "", "RUNNING, RUNNING, RUNNING"},
			{"POST", c + "/tasks/1/restart", "", 204, "restart [1] c", "RUNNING, RUNNING, RUNNING"},
			{"POST", c + "/tasks/-1/restart", "", 404, "", "RUNNING, RUNNING, RUNNING"},
			{"POST", c + "/tasks/one/restart", "", 404, "", "RUNNING, RUNNING, RUNNING"},
			{"POST", "/connectors/other/tasks/0/restart", "", 404, "", "RUNNING, RUNNING, RUNNING"},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRunner(t)
			h, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
			for _, d := range tc.do {
				api.want(d.code, d.method, d.path, d.body)
				settled(t, h)
				if told := strings.Join(r.took(), ", "); told != d.told {
					t.Errorf("%s %s: the Runner was told %q, want %q", d.method, d.path, told, d.told)
				}
				if d.states == "" {
					api.want(404, "GET", c+"/status", "")
				} else if states := api.states("c"); states != d.states {
					t.Errorf("%s %s: states %q, want %q", d.method, d.path, states, d.states)
				}
			}
		})
	}
}

func settled(t testing.TB, h *herder.Herder) {
	t.Helper()
	if err := h.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A connector that does not start is FAILED until somebody does something about it.
func TestStartFails(t *testing.T) {
	r := newRunner(t)
	broken := true
	r.fail = func(_ context.Context, method, _ string) error {
		if broken && method == "start" {
			return errors.New("no such container")
		}
		return nil
	}
	h, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	api.want(201, "PUT", "/connectors/c/config", sink())
	expect := func(what, states, told string) {
		t.Helper()
		settled(t, h)
		if got := api.states("c"); got != states {
			t.Errorf("%s: states %q, want %q", what, got, states)
		}
		if got := strings.Join(r.took(), ", "); got != told {
			t.Errorf("%s: the Runner was told %q, want %q", what, got, told)
		}
	}
	const failed = "FAILED no such container"
	expect("created", failed, "start c")
	api.want(202, "PUT", "/connectors/c/resume", "")
	expect("resumed", failed, "")
	api.want(202, "PUT", "/connectors/c/pause", "")
	expect("paused", failed, "")
	api.want(204, "PUT", "/connectors/c/stop", "")
	expect("stopped", "STOPPED", "")
	api.want(202, "PUT", "/connectors/c/resume", "")
	expect("resumed after a stop", failed, "start c")
	api.want(204, "POST", "/connectors/c/restart", "")
	expect("restarted", failed, "start c")
	api.want(202, "POST", "/connectors/c/restart?onlyFailed=true", "")
	expect("what has failed restarted", failed, "start c")
	api.want(200, "PUT", "/connectors/c/config", sink())
	expect("put again", failed, "start c")
	broken = false
	api.want(200, "PUT", "/connectors/c/config", sink())
	expect("put once more", "RUNNING, RUNNING", "start c")
}

// What the Runner says of tasks is what status says, and only what failed is restarted when that is asked for.
func TestTasksFail(t *testing.T) {
	r := newRunner(t)
	_, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	api.want(201, "PUT", "/connectors/c/config", sink("tasks.max", "3"))
	r.ails("c", nil, herder.Health{Trace: "retrying: 429"}, herder.Health{Failed: true, Trace: "401"})
	if got, want := api.states("c"), "RUNNING, RUNNING retrying: 429, FAILED 401, RUNNING"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}
	if got := api.want(200, "GET", "/connectors/c/tasks/1/status", ""); !strings.Contains(got, `"trace":"401"`) {
		t.Errorf("status of the task: %s", got)
	}
	r.took()
	var s rest.Status
	if err := json.Unmarshal([]byte(api.want(202, "POST", "/connectors/c/restart?includeTasks=true&onlyFailed=true", "")), &s); err != nil {
		t.Fatal(err)
	}
	if got, want := statesOf(s), "RUNNING, RUNNING retrying: 429, RESTARTING, RUNNING"; got != want {
		t.Errorf("the answer says %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"restart [1] c"}, r.took()); diff != "" {
		t.Errorf("the Runner was told (-want +got):\n%s", diff)
	}
	if got, want := api.states("c"), "RUNNING, RUNNING retrying: 429, RUNNING, RUNNING"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}

	r.ails("c", []herder.Health{{Failed: true, Trace: "no access"}})
	if got, want := api.states("c"), "FAILED no access, RUNNING, RUNNING, RUNNING"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}
	api.want(202, "POST", "/connectors/c/restart?onlyFailed=true", "")
	if got, want := api.states("c"), "RUNNING, RUNNING, RUNNING, RUNNING"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}
}

func TestPauseFails(t *testing.T) {
	r := newRunner(t)
	broken := true
	r.fail = func(_ context.Context, method, _ string) error {
		if broken && method == "pause" {
			return errors.New("the mapping is busy")
		}
		return nil
	}
	_, api := serve(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	api.want(201, "PUT", "/connectors/c/config", sink())
	api.want(202, "PUT", "/connectors/c/pause", "")
	if got, want := api.states("c"), "FAILED the mapping is busy, PAUSED"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}
	broken = false
	api.want(202, "PUT", "/connectors/c/pause", "")
	if got, want := api.states("c"), "PAUSED, PAUSED"; got != want {
		t.Errorf("states %q, want %q", got, want)
	}
}

// An answer waits a moment for a slow start, and no longer. Of what is asked for meanwhile the newest is done.
func TestNewestWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		r.fail = func(ctx context.Context, method, _ string) error {
			if method == "start" {
				time.Sleep(time.Minute)
			}
			return nil
		}
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
		defer closeHerder(t, h)
		api := &client{t, handler(h)}
		begin := time.Now()
		api.want(201, "PUT", "/connectors/c/config", sink())
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("the answer took %v", took)
		}
		if got, want := api.states("c"), "UNASSIGNED"; got != want {
			t.Errorf("states %q, want %q", got, want)
		}
		for i := range 5 {
			api.want(200, "PUT", "/connectors/c/config", sink("tasks.max", fmt.Sprint(i+2)))
		}
		settled(t, h)
		if diff := cmp.Diff([]string{"start c", "stop c", "start c"}, r.took()); diff != "" {
			t.Errorf("the Runner was told (-want +got):\n%s", diff)
		}
		if got, want := strings.Count(api.states("c"), ","), 6; got != want {
			t.Errorf("%d tasks, want %d", got, want)
		}
	})
}

// Who changes a configuration and then asks how the connector is, is never told of the one before.
func TestStatusIsOfTheNewConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r, Patience: -1})
		defer closeHerder(t, h)
		api := &client{t, handler(h)}
		api.want(201, "PUT", "/connectors/c/config", sink("tasks.max", "2"))
		settled(t, h)
		r.fail = func(_ context.Context, method, _ string) error {
			time.Sleep(time.Minute)
			return nil
		}
		api.want(202, "PUT", "/connectors/c/pause", "")
		synctest.Wait() // it is pausing
		api.want(200, "PUT", "/connectors/c/config", sink("tasks.max", "1"))
		for range 2 { // at once, and when what is paused is the connector as it was
			if got, want := api.states("c"), "UNASSIGNED, UNASSIGNED, UNASSIGNED"; got != want {
				t.Errorf("states %q, want %q", got, want)
			}
			time.Sleep(time.Minute + time.Second)
		}
		settled(t, h)
		if got, want := api.states("c"), "PAUSED, PAUSED"; got != want {
			t.Errorf("states %q, want %q", got, want)
		}
	})
}

// A connector that is made again while the old one of its name still starts is another one.
func TestMadeAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		r.fail = func(_ context.Context, method, _ string) error {
			if method == "start" {
				time.Sleep(time.Minute)
			}
			return nil
		}
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r, Patience: -1})
		defer closeHerder(t, h)
		api := &client{t, handler(h)}
		api.want(201, "PUT", "/connectors/c/config", sink())
		synctest.Wait()
		api.want(204, "DELETE", "/connectors/c", "")
		api.want(404, "GET", "/connectors/c/status", "")
		api.want(201, "PUT", "/connectors/c/config", sink("log", "other.log"))
		settled(t, h)
		if diff := cmp.Diff([]string{"start c", "stop c", "start c"}, r.took()); diff != "" {
			t.Errorf("the Runner was told (-want +got):\n%s", diff)
		}
		if got := r.active["c"].spec.Config["log"]; got != "other.log" {
			t.Errorf("the old one runs: %s", got)
		}
	})
}

// Restarts that are asked for while another one runs are done together.
func TestRestartsGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		r.fail = func(_ context.Context, method, _ string) error {
			if strings.HasPrefix(method, "restart") {
				time.Sleep(time.Minute)
			}
			return nil
		}
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r, Patience: -1})
		defer closeHerder(t, h)
		api := &client{t, handler(h)}
		api.want(201, "PUT", "/connectors/c/config", sink("tasks.max", "4"))
		settled(t, h)
		r.took()
		api.want(204, "POST", "/connectors/c/tasks/0/restart", "")
		synctest.Wait() // it is being restarted
		api.want(204, "POST", "/connectors/c/tasks/2/restart", "")
		api.want(204, "POST", "/connectors/c/tasks/3/restart", "")
		if got, want := api.states("c"), "RUNNING, RESTARTING, RUNNING, RESTARTING, RESTARTING"; got != want {
			t.Errorf("states %q, want %q", got, want)
		}
		settled(t, h)
		if got := r.took(); len(got) != 2 || got[0] != "restart [0] c" || !strings.HasSuffix(got[1], "2 3] c") {
			t.Errorf("the Runner was told %q", got)
		}
		if got, want := api.states("c"), "RUNNING, RUNNING, RUNNING, RUNNING, RUNNING"; got != want {
			t.Errorf("states %q, want %q", got, want)
		}
	})
}

// Whatever many clients do at the same time, the Runner's calls for a connector do not overlap (the runner checks that),
// and in the end what runs is what is declared, here and on disk.
func TestConcurrentClients(t *testing.T) {
	dir := t.TempDir()
	r := newRunner(t)
	h, api := serve(t, herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: r, Patience: -1})
	allowed := map[string][]int{
		"POST": {201, 202, 204, 404, 409}, "PUT": {200, 201, 202, 204, 404}, "PATCH": {200, 400, 404}, "DELETE": {200, 204, 400, 404}, "GET": {200, 404, 500},
	}
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			for i := range 25 {
				name := fmt.Sprintf("c%d", (i+n)%3)
				path := "/connectors/" + name
				for _, d := range [][3]string{
					{"POST", "/connectors", fmt.Sprintf(`{"name": %q, "config": %s}`, name, sink())},
					{"PUT", path + "/config", sink("tasks.max", fmt.Sprint(1+i%4))},
					{"PATCH", path + "/config", fmt.Sprintf(`{"errors.retry.timeout": %d}`, i*n)},
					{"PUT", path + []string{"/pause", "/resume", "/stop"}[(i*n)%3], ""},
					{"POST", path + "/restart?includeTasks=true", ""},
					{"PATCH", path + "/offsets", `{"offsets": [{"partition": {"kafka_topic": "rt", "kafka_partition": 0}, "offset": {"kafka_offset": 1}}]}`},
					{"GET", "/connectors?expand=status&expand=info", ""},
					{"DELETE", path, ""},
				} {
					if d[0] == "DELETE" && i%7 != 0 {
						continue
					}
					if w := api.do(d[0], d[1], d[2]); !slices.Contains(allowed[d[0]], w.Code) {
						t.Errorf("%s %s: %d %s", d[0], d[1], w.Code, w.Body)
					}
				}
			}
		})
	}
	clients.Wait()
	settled(t, h)

	again := newRunner(t)
	h2 := open(t, herder.Options{Dir: dir, Catalog: recordedCatalog(t), Runner: again})
	defer closeHerder(t, h2)
	settled(t, h2)
	if diff := cmp.Diff(r.summary(), again.summary()); diff != "" {
		t.Errorf("what runs after a restart is something else (-before +after):\n%s", diff)
	}
	for _, name := range h.Names() {
		s, err := h.Status(name)
		if err != nil {
			t.Fatal(err)
		}
		if a := r.active[name]; (a == nil) != (s.Connector.State == rest.Stopped) {
			t.Errorf("%s is %s, and runs: %t", name, s.Connector.State, a != nil)
		}
	}
}

// summary is what runs, and how.
func (r *runner) summary() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]string{}
	for name, a := range r.active {
		all[name] = fmt.Sprintf("paused %t, %d tasks, %v", a.paused, a.tasks, a.spec.Config)
	}
	return all
}

// A Herder that is closed has stopped everything, keeps it as it was declared, and takes no more changes.
func TestClose(t *testing.T) {
	r := newRunner(t)
	h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
	api := &client{t, handler(h)}
	api.want(201, "PUT", "/connectors/a/config", sink())
	api.want(201, "PUT", "/connectors/b/config", sink())
	api.want(200, "GET", "/health", "")
	r.took()
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := r.took()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"stop a", "stop b"}, got); diff != "" {
		t.Errorf("the Runner was told (-want +got):\n%s", diff)
	}
	api.want(500, "GET", "/health", "")
	api.want(http.StatusInternalServerError, "PUT", "/connectors/c/config", sink())
	api.want(http.StatusInternalServerError, "DELETE", "/connectors/a", "")
	if diff := cmp.Diff([]string{"a", "b"}, h.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// A start that does not end is given up when the Herder is closed.
func TestCloseDuringStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(t)
		r.fail = func(ctx context.Context, method, _ string) error {
			if method == "start" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		h := open(t, herder.Options{Catalog: recordedCatalog(t), Runner: r})
		(&client{t, handler(h)}).want(201, "PUT", "/connectors/a/config", sink())
		closeHerder(t, h)
	})
}
