//go:build unix

package lambdahost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// The test binary is also the function: with TEST_FUNCTION set it behaves as that says and runs no tests.
func TestMain(m *testing.M) {
	switch kind := os.Getenv("TEST_FUNCTION"); kind {
	case "":
		os.Exit(m.Run())
	case "aws-lambda-go":
		lambda.Start(handle)
	case "aws-lambda-go-sigterm":
		lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() {
			fmt.Println("SIGTERM: closing clients")
			os.Exit(0)
		}))
	case "host": // a host that dies without closing, for the test of orphans
		f, err := New(Config{Name: "child", Path: os.Args[0], Env: map[string]string{"TEST_FUNCTION": "aws-lambda-go"}})
		check(err)
		resp, err := f.Invoke(context.Background(), []byte(`{"do":"pid"}`))
		check(err)
		fmt.Printf("%s\n", resp.Body)
		io.Copy(io.Discard, os.Stdin) // until the test kills us
	default:
		raw(kind)
	}
}

type request struct {
	Do    string // what handle does
	Bytes int
	Text  string
}

func handle(ctx context.Context, r request) (any, error) {
	switch r.Do {
	case "echo":
		return r.Text, nil
	case "pid":
		return os.Getpid(), nil
	case "env":
		return os.Environ(), nil
	case "dir":
		return os.Getwd()
	case "error":
		return nil, errors.New("told to fail")
	case "panic":
		panic("told to panic")
	case "exit":
		fmt.Fprintln(os.Stderr, "about to exit")
		os.Exit(3)
	case "hang":
		select {}
	case "deadline":
		d, _ := ctx.Deadline()
		return time.Until(d).Milliseconds(), nil
	case "large":
		return strings.Repeat("x", r.Bytes), nil
	case "allocate":
		b := bytes.Repeat([]byte{1}, r.Bytes)
		return len(b), nil
	case "log":
		fmt.Println(r.Text)
		fmt.Fprint(os.Stderr, "on stderr\nwithout newline")
	case "meet": // returns when Bytes invocations are here at once, each having made a file in Text
		os.WriteFile(fmt.Sprintf("%s/%d", r.Text, os.Getpid()), nil, 0o600)
		for {
			if files, _ := os.ReadDir(r.Text); len(files) >= r.Bytes {
				return len(files), nil
			}
			runtime.Gosched()
		}
	}
	return nil, nil
}

// raw is functions that use the Runtime API by hand, in ways that aws-lambda-go does not.
func raw(kind string) {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	switch kind {
	case "init-exit":
		fmt.Fprintln(os.Stderr, "starting")
		fmt.Fprintln(os.Stderr, "no configuration found")
		os.Exit(1)
	case "init-error":
		post(base+"init/error", `{"errorType":"Config.Invalid","errorMessage":"batch.size: not a number"}`)
		os.Exit(1)
	case "init-hang":
		select {}
	case "ignore-sigterm":
		signal.Ignore(syscall.SIGTERM)
		post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2020-01-01/extension/register", `{"events":null}`)
		next(base)
		select {}
	case "protocol": // answers with the status codes its odd calls got
		id, _ := next(base)
		var got []int
		got = append(got, get(base+"invocation/next"))                 // without an answer
		got = append(got, post(base+"invocation/other/response", `1`)) // of no invocation
		got = append(got, post(base+"init/error", `{}`))               // too late
		got = append(got, post(strings.Replace(base, "2018-06-01/runtime/", "2020-01-01/extension/register", 1), `{"events":["INVOKE"]}`))
		answer, _ := json.Marshal(got)
		post(base+"invocation/"+id+"/response", string(answer))
		for { // and then: twice
			id, _ := next(base)
			post(base+"invocation/"+id+"/response", `1`)
			fmt.Println("second answer:", post(base+"invocation/"+id+"/response", `2`))
		}
	case "late": // answers, then does not ask for more
		id, _ := next(base)
		post(base+"invocation/"+id+"/response", strconv.Itoa(os.Getpid()))
		select {}
	case "early": // answers before it has read the event
		for {
			resp, err := http.Get(base + "invocation/next")
			check(err)
			post(base+"invocation/"+resp.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", `"early"`)
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
}

func next(base string) (id, event string) {
	resp, err := http.Get(base + "invocation/next")
	check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(err)
	return resp.Header.Get("Lambda-Runtime-Aws-Request-Id"), string(body)
}

func get(url string) int {
	resp, err := http.Get(url)
	check(err)
	resp.Body.Close()
	return resp.StatusCode
}

func post(url, body string) int {
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	check(err)
	resp.Body.Close()
	return resp.StatusCode
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "test function:", err)
		os.Exit(2)
	}
}

// logs collects what a function writes.
type logs struct {
	mu    sync.Mutex
	lines []LogLine
	more  chan struct{} // closed and replaced with every line
}

func newLogs() *logs { return &logs{more: make(chan struct{})} }

func (l *logs) add(line LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	close(l.more)
	l.more = make(chan struct{})
}

// wait returns the first line with the text, which must come.
func (l *logs) wait(t *testing.T, text string) LogLine {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		l.mu.Lock()
		more := l.more
		for _, line := range l.lines {
			if strings.Contains(line.Text, text) {
				l.mu.Unlock()
				return line
			}
		}
		l.mu.Unlock()
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("no log line with %q came", text)
		}
	}
}

func newFunction(t *testing.T, kind string, change func(*Config)) *Function {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{
		Name: "orders", Path: exe, TaskRoot: t.TempDir(), Timeout: 20 * time.Second,
		// A test binary with -cover or -race must not stumble over its own environment.
		Env: map[string]string{"TEST_FUNCTION": kind, "GOCOVERDIR": t.TempDir()},
	}
	if change != nil {
		change(&cfg)
	}
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func event(r request) []byte {
	b, err := json.Marshal(r)
	check(err)
	return b
}

// alive tells whether a process exists and is not a zombie.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	state, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && !strings.HasPrefix(string(state), "Z")
}

// eventually polls a real process or the operating system.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("did not happen: " + what)
		}
	}
}
