//go:build unix

package lambdahost

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/core/host"
)

func TestInvoke(t *testing.T) {
	f := newFunction(t, "aws-lambda-go", nil)
	for i := range 3 {
		text := fmt.Sprintf("hello %d", i)
		resp, err := f.Invoke(t.Context(), event(request{Do: "echo", Text: text}))
		if err != nil {
			t.Fatal(err)
		}
		if want := strconv.Quote(text); string(resp.Body) != want {
			t.Errorf("answer %s, want %s", resp.Body, want)
		}
		if cold := i == 0; resp.Cold != cold || (resp.Init > 0) != cold {
			t.Errorf("invocation %d: cold %t, init %s", i, resp.Cold, resp.Init)
		}
		if resp.Billed%time.Millisecond != 0 || resp.Billed < resp.Duration+resp.Init {
			t.Errorf("billed %s for %s + %s", resp.Billed, resp.Init, resp.Duration)
		}
	}
	s := f.Stats()
	if s.Invocations != 3 || s.Errors != 0 || s.ColdStarts != 1 || s.Environments != 1 {
		t.Errorf("stats %+v, want 3 invocations in one environment", s)
	}
	if s.Duration.Count != 3 || s.Duration.P50 == 0 || s.Duration.Max < s.Duration.P50 || s.Init.Count != 1 || s.FirstResponse.Max <= s.Init.Max {
		t.Errorf("durations %+v, init %+v, first response %+v", s.Duration, s.Init, s.FirstResponse)
	}
	if want := s.Billed.Seconds() * 128 / 1024; s.GBSeconds != want {
		t.Errorf("%g GB-seconds, want %g", s.GBSeconds, want)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("HOST_SECRET", "must not be inherited")
	root := t.TempDir()
	f := newFunction(t, "aws-lambda-go", func(c *Config) {
		c.TaskRoot, c.MemoryMB, c.Region = root, 512, "eu-central-1"
		c.Env["CONNECTLESS_CONFIG"] = "{}"
	})
	var env []string
	invokeInto(t, f, request{Do: "env"}, &env)
	for _, want := range []string{
		"AWS_LAMBDA_FUNCTION_NAME=orders", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1", "_HANDLER=bootstrap", "LAMBDA_TASK_ROOT=" + root,
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/orders", "CONNECTLESS_CONFIG={}", "TZ=:UTC",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("the function has no %s", want)
		}
	}
	for _, kv := range env {
		if strings.HasPrefix(kv, "HOST_SECRET=") {
			t.Error("the function inherited a variable of the host")
		}
	}
	var dir string
	invokeInto(t, f, request{Do: "dir"}, &dir)
	if want, _ := filepath.EvalSymlinks(root); dir != want {
		t.Errorf("working directory %s, want %s", dir, want)
	}
	var left int64
	invokeInto(t, f, request{Do: "deadline"}, &left)
	if left < 15_000 || left > 20_000 {
		t.Errorf("deadline in %d ms, want the timeout of 20 s", left)
	}
}

func invokeInto(t *testing.T, f *Function, r request, v any) {
	t.Helper()
	resp, err := f.Invoke(t.Context(), event(r))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(resp.Body, v); err != nil {
		t.Fatal(err)
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		do        request
		wantType  string
		wantText  string
		wantStats Stats // counts only
		survives  bool
	}{
		{request{Do: "error"}, "errorString", "told to fail", Stats{Errors: 1, ColdStarts: 1}, true},
		{request{Do: "panic"}, "string", "told to panic", Stats{Errors: 1, ColdStarts: 2, Crashes: 1}, false},
		{request{Do: "exit"}, host.ErrorTypeExit, "Runtime exited with error: exit status 3", Stats{Errors: 1, ColdStarts: 2, Crashes: 1}, false},
		{request{Do: "hang"}, host.ErrorTypeTimeout, "Task timed out after 1.00 seconds", Stats{Errors: 1, ColdStarts: 2, Timeouts: 1}, false},
		{request{Do: "large", Bytes: host.MaxResponseBytes}, host.ErrorTypeResponseTooLarge, "6291456 bytes", Stats{Errors: 1, ColdStarts: 2, Crashes: 1}, false},
	}
	for _, tc := range tests {
		t.Run(tc.do.Do, func(t *testing.T) {
			f := newFunction(t, "aws-lambda-go", func(c *Config) {
				if tc.wantStats.Timeouts > 0 {
					c.Timeout = time.Second
				}
			})
			var before, after int
			invokeInto(t, f, request{Do: "pid"}, &before)
			resp, err := f.Invoke(t.Context(), event(tc.do))
			var fe *host.FunctionError
			if !errors.As(err, &fe) || fe.Type != tc.wantType || !strings.Contains(fe.Message, tc.wantText) {
				t.Fatalf("error %v, want type %s and %q", err, tc.wantType, tc.wantText)
			}
			if fe.RequestID == "" || fe.RequestID != resp.RequestID {
				t.Errorf("request ID %q in the error, %q in the response", fe.RequestID, resp.RequestID)
			}
			invokeInto(t, f, request{Do: "pid"}, &after)
			if tc.survives != (before == after) {
				t.Errorf("process %d before, %d after; survives: %t", before, after, tc.survives)
			}
			s := f.Stats()
			got := Stats{Errors: s.Errors, ColdStarts: s.ColdStarts, Crashes: s.Crashes, Timeouts: s.Timeouts}
			if diff := cmp.Diff(tc.wantStats, got); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInitErrors(t *testing.T) {
	tests := []struct {
		kind, wantType, wantText string
	}{
		{"init-exit", host.ErrorTypeExit, "exit status 1; its last output: starting | no configuration found"},
		{"init-error", "Config.Invalid", "function did not start: Config.Invalid: batch.size: not a number"},
		{"init-hang", host.ErrorTypeTimeout, "initialisation took longer than 200ms"},
	}
	for _, tc := range tests {
		t.Run(tc.kind, func(t *testing.T) {
			f := newFunction(t, tc.kind, func(c *Config) { c.InitTimeout = 200 * time.Millisecond })
			if tc.kind != "init-hang" {
				f.cfg.InitTimeout = 20 * time.Second
			}
			err := f.Warm(t.Context())
			var ie *host.InitError
			if !errors.As(err, &ie) || ie.Type != tc.wantType || !strings.Contains(err.Error(), tc.wantText) {
				t.Errorf("error %v, want %s with %q", err, tc.wantType, tc.wantText)
			}
			if s := f.Stats(); s.InitErrors != 1 || s.Invocations != 0 {
				t.Errorf("stats %+v, want one InitError and no invocation", s)
			}
		})
	}
	t.Run("not executable", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "bootstrap")
		if err := os.WriteFile(file, []byte("#!"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := newFunction(t, "", func(c *Config) { c.Path = file })
		var ie *host.InitError
		if _, err := f.Invoke(t.Context(), nil); !errors.As(err, &ie) || ie.Type != "Runtime.InvalidEntrypoint" {
			t.Errorf("error %v, want an InitError of the entry point", err)
		}
	})
}

// The delay before a restart doubles with each crash and is gone after a success.
func TestCrashBackoff(t *testing.T) {
	f := newFunction(t, "aws-lambda-go", func(c *Config) {
		c.CrashBackoff = host.Backoff{Min: 50 * time.Millisecond, Max: 200 * time.Millisecond}
	})
	crash := func() time.Duration {
		begin := time.Now()
		if _, err := f.Invoke(t.Context(), event(request{Do: "exit"})); err == nil {
			t.Fatal("no error")
		}
		return time.Since(begin)
	}
	crash()
	crash()
	if d := crash(); d < 100*time.Millisecond {
		t.Errorf("the third start in a row came after %s, want at least 100ms", d)
	}
	invokeInto(t, f, request{Do: "pid"}, new(int))
	f.mu.Lock()
	crashes, notUntil := f.crashes, f.notUntil
	f.mu.Unlock()
	if crashes != 0 || !notUntil.IsZero() {
		t.Errorf("after a success %d crashes count and the next start waits until %s", crashes, notUntil)
	}
	if b := f.cfg.CrashBackoff; b.Delay(1) != b.Min || b.Delay(3) != b.Max || b.Delay(1000) != b.Max {
		t.Errorf("delays %s, %s, %s", b.Delay(1), b.Delay(3), b.Delay(1000))
	}
}

func TestConcurrency(t *testing.T) {
	const n = 3
	f := newFunction(t, "aws-lambda-go", func(c *Config) { c.MaxConcurrency = n })
	for round := range 2 { // the second finds all environments warm
		dir := t.TempDir()
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if _, err := f.Invoke(t.Context(), event(request{Do: "meet", Text: dir, Bytes: n})); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if s := f.Stats(); s.Environments != n || s.ColdStarts != n {
			t.Errorf("round %d: %d environments after %d cold starts, want %d", round, s.Environments, s.ColdStarts, n)
		}
	}
	// More callers than environments wait for their turn.
	var wg sync.WaitGroup
	for range 5 * n {
		wg.Go(func() {
			if _, err := f.Invoke(t.Context(), event(request{Do: "pid"})); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s := f.Stats(); s.ColdStarts != n {
		t.Errorf("%d cold starts, want still %d", s.ColdStarts, n)
	}
}

// One caller at a time needs one environment, however fast it calls: an answer comes a moment before the process asks for more.
func TestSequentialCallsReuseTheEnvironment(t *testing.T) {
	f := newFunction(t, "aws-lambda-go", nil)
	for range 200 {
		if _, err := f.Invoke(t.Context(), event(request{Do: "pid"})); err != nil {
			t.Fatal(err)
		}
	}
	if s := f.Stats(); s.ColdStarts != 1 {
		t.Errorf("%d cold starts for sequential calls", s.ColdStarts)
	}
}

func TestLogs(t *testing.T) {
	l := newLogs()
	f := newFunction(t, "aws-lambda-go", func(c *Config) { c.Log = l.add })
	resp, err := f.Invoke(t.Context(), event(request{Do: "log", Text: "first\nsecond"}))
	if err != nil {
		t.Fatal(err)
	}
	for text, stream := range map[string]string{"first": "stdout", "second": "stdout", "on stderr": "stderr"} {
		if line := l.wait(t, text); line.Stream != stream || line.Text != text || line.Environment != 1 {
			t.Errorf("line %+v, want %q on %s", line, text, stream)
		}
	}
	if line := l.wait(t, "first"); line.RequestID != "" && line.RequestID != resp.RequestID {
		t.Errorf("line of request %s, want %s", line.RequestID, resp.RequestID)
	}
	f.Close(t.Context())
	l.wait(t, "without newline")
}

func TestSIGTERM(t *testing.T) {
	t.Run("registered", func(t *testing.T) {
		l := newLogs()
		f := newFunction(t, "aws-lambda-go-sigterm", func(c *Config) { c.Log, c.ShutdownGrace = l.add, 20*time.Second })
		invokeInto(t, f, request{Do: "pid"}, new(int))
		f.Close(t.Context())
		l.wait(t, "SIGTERM: closing clients")
	})
	t.Run("ignored", func(t *testing.T) {
		f := newFunction(t, "ignore-sigterm", func(c *Config) { c.ShutdownGrace = 100 * time.Millisecond })
		if err := f.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		f.Close(t.Context())
		if d := time.Since(begin); d < 100*time.Millisecond {
			t.Errorf("killed after %s, before the grace was over", d)
		}
	})
	t.Run("not registered", func(t *testing.T) {
		l := newLogs()
		f := newFunction(t, "aws-lambda-go", func(c *Config) { c.Log, c.ShutdownGrace = l.add, time.Hour })
		var pid int
		invokeInto(t, f, request{Do: "pid"}, &pid)
		f.Close(t.Context()) // would wait for an hour
		if alive(pid) {
			t.Error("the process is still there")
		}
	})
}

func TestProtocol(t *testing.T) {
	l := newLogs()
	f := newFunction(t, "protocol", func(c *Config) { c.Log = l.add })
	resp, err := f.Invoke(t.Context(), []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := "[403,400,403,403]"; string(resp.Body) != want {
		t.Errorf("odd calls were answered %s, want %s", resp.Body, want)
	}
	if resp, err = f.Invoke(t.Context(), []byte(`{}`)); err != nil || string(resp.Body) != "1" {
		t.Errorf("answered twice: %s %v, want the first answer", resp.Body, err)
	}
	l.wait(t, "second answer: 400")
}

// A process that answers but does not ask for more is in the way only until its deadline.
func TestProcessThatStopsAsking(t *testing.T) {
	f := newFunction(t, "late", func(c *Config) { c.Timeout, c.MaxConcurrency = time.Second, 1 })
	first, err := f.Invoke(t.Context(), []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Invoke(t.Context(), []byte(`{}`))
	if err != nil || string(first.Body) == string(second.Body) {
		t.Errorf("second call: %s %v, want another process than %s", second.Body, err, first.Body)
	}
}

// The caller reuses the event's memory after Invoke, which must not race with sending it.
func TestEventMayBeReused(t *testing.T) {
	f := newFunction(t, "early", nil)
	payload := make([]byte, 4<<20)
	for i := range byte(5) {
		for j := range payload {
			payload[j] = i
		}
		if _, err := f.Invoke(t.Context(), payload); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRequestLimit(t *testing.T) {
	f := newFunction(t, "early", nil)
	if _, err := f.Invoke(t.Context(), make([]byte, host.MaxRequestBytes)); err != nil {
		t.Errorf("an event of the limit: %v", err)
	}
	if _, err := f.Invoke(t.Context(), make([]byte, host.MaxRequestBytes+1)); err == nil || !strings.Contains(err.Error(), "at most 6291456") {
		t.Errorf("an event above the limit: %v, want an error that names the limit", err)
	}
}

// The memory of a function is its own: the host's must not show, though a new process shares it for a moment.
func TestPeakMemory(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		return // not measured there; PeakRSS says 0
	}
	ballast := make([]byte, 400<<20)
	for i := range ballast {
		ballast[i] = 1
	}
	f := newFunction(t, "aws-lambda-go", nil)
	invokeInto(t, f, request{Do: "pid"}, new(int))
	f.Close(t.Context())
	small := f.Stats().PeakRSS
	runtime.KeepAlive(ballast)
	if small < 1<<20 || small > 300<<20 {
		t.Errorf("an idle function used %d MB", small>>20)
	}
	f = newFunction(t, "aws-lambda-go", nil)
	invokeInto(t, f, request{Do: "allocate", Bytes: 100 << 20}, new(int))
	f.Close(t.Context())
	if s := f.Stats(); s.PeakRSS < 100<<20 {
		t.Errorf("a function that used 100 MB: %d MB", s.PeakRSS>>20)
	}
}

func TestClose(t *testing.T) {
	f := newFunction(t, "aws-lambda-go", nil)
	if err := f.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	result := make(chan error)
	go func() {
		_, err := f.Invoke(t.Context(), event(request{Do: "hang"}))
		result <- err
	}()
	eventually(t, "the invocation begins", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.inflight == 1 && len(f.idle) == 0
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Close(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 invocations running") {
		t.Errorf("Close with a running invocation: %v", err)
	}
	if err := <-result; err == nil {
		t.Error("the invocation that was cut off has no error")
	}
	if _, err := f.Invoke(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Invoke after Close: %v, want ErrClosed", err)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestNoGoroutinesAfterClose(t *testing.T) {
	before := runtime.NumGoroutine()
	f := newFunction(t, "aws-lambda-go-sigterm", nil)
	for _, do := range []string{"pid", "error", "exit", "panic", "pid"} {
		f.Invoke(t.Context(), event(request{Do: do}))
	}
	f.Close(t.Context())
	eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestCancelKills(t *testing.T) {
	f := newFunction(t, "aws-lambda-go", nil)
	var pid int
	invokeInto(t, f, request{Do: "pid"}, &pid)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, event(request{Do: "hang"})); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled call: %v", err)
	}
	eventually(t, "the process is killed", func() bool { return !alive(pid) })
}

// Functions must not outlive a host that was killed.
func TestChildrenDieWithTheHost(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // no other system offers it
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_FUNCTION=host", "GOCOVERDIR="+t.TempDir())
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !alive(pid) {
		t.Fatalf("function %d is not alive: %v", pid, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	eventually(t, "the function dies", func() bool { return !alive(pid) })
}

func TestConfigErrors(t *testing.T) {
	exe, _ := os.Executable()
	for want, c := range map[string]Config{
		"has no name":                 {Path: exe},
		"executable: stat":            {Name: "f", Path: "/no/such/file"},
		"is a directory":              {Name: "f", Path: t.TempDir()},
		"memory 64 MB is outside":     {Name: "f", Path: exe, MemoryMB: 64},
		"timeout 16m0s is outside":    {Name: "f", Path: exe, Timeout: 16 * time.Minute},
		"concurrency -1 is less":      {Name: "f", Path: exe, MaxConcurrency: -1},
		"AWS_REGION is set by Lambda": {Name: "f", Path: exe, Env: map[string]string{"AWS_REGION": "x"}},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v) = %v, want an error with %q", c, err, want)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for i := 1; i <= 1000; i++ {
		h.add(time.Duration(i) * time.Millisecond)
	}
	d := h.distribution()
	if d.Count != 1000 || d.Max != time.Second || d.Sum != 500500*time.Millisecond {
		t.Errorf("distribution %+v", d)
	}
	for name, q := range map[string][2]time.Duration{
		"p50": {d.P50, 500 * time.Millisecond}, "p90": {d.P90, 900 * time.Millisecond}, "p99": {d.P99, 990 * time.Millisecond},
	} {
		if off := float64(q[0]-q[1]) / float64(q[1]); off < 0 || off > 0.04 {
			t.Errorf("%s is %s, want %s to 4 %% more", name, q[0], q[1])
		}
	}
	for _, v := range []uint64{0, 1, 63, 64, 65, 127, 128, 1 << 20, 1<<40 + 7} {
		if i := bucket(v); bucketEnd(i) < v || i > 0 && bucketEnd(i-1) >= v {
			t.Errorf("%d is in bucket %d, which ends at %d", v, i, bucketEnd(i))
		}
	}
	if (&histogram{}).distribution() != (Distribution{}) {
		t.Error("an empty histogram has quantiles")
	}
}

func TestLineWriter(t *testing.T) {
	var got []string
	w := &lineWriter{mu: new(sync.Mutex), emit: func(s string) { got = append(got, s) }}
	for _, s := range []string{"a\nb", "c\r\n", "\n", "end"} {
		fmt.Fprint(w, s)
	}
	w.flush()
	w.flush()
	if diff := cmp.Diff([]string{"a", "bc", "", "end"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	got = nil
	fmt.Fprint(w, strings.Repeat("x", maxLine+1)+"\n")
	if len(got) != 2 || len(got[0]) != maxLine || got[1] != "x" {
		t.Errorf("a long line came in %d pieces", len(got))
	}
}

// FuzzPostedError checks that whatever a function posts as its error becomes a readable one.
func FuzzPostedError(f *testing.F) {
	f.Add([]byte(`{"errorType":"T","errorMessage":"m","stackTrace":[{"path":"p","line":1}]}`), "H")
	f.Add([]byte(`{"errorType":7}`), "H")
	f.Add([]byte("plain text"), "")
	f.Add([]byte{}, "H")
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Header["Lambda-Runtime-Function-Error-Type"] = []string{header}
		p := readPosted(r)
		if p.Type == "" && header != "" {
			t.Errorf("the type of the header is lost: %+v", p)
		}
		if p.StackTrace != nil && !json.Valid(p.StackTrace) {
			t.Errorf("stack trace %q", p.StackTrace)
		}
		var whole map[string]any
		if json.Unmarshal(body, &whole) != nil && p.Message != string(body) {
			t.Errorf("a body that is no object is lost: %+v", p)
		}
	})
}
