package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/broker"
	"github.com/connectless/connectless/core/host/eventsource"
	"github.com/connectless/connectless/core/host/lambdahost"
)

// The test binary is also the function: it appends the values it receives to the file SEEN, and crashes whenever it meets a
// value for the first time that begins with "crash".
func TestMain(m *testing.M) {
	if file := os.Getenv("SEEN"); file != "" {
		lambda.Start(func(e struct {
			Records map[string][]struct{ Value []byte }
		}) error {
			seen, _ := os.ReadFile(file)
			out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return err
			}
			defer out.Close()
			for _, records := range e.Records {
				for _, r := range records {
					fmt.Fprintf(out, "%s\n", r.Value)
					if strings.HasPrefix(string(r.Value), "crash") && !strings.Contains(string(seen), string(r.Value)) {
						os.Exit(1)
					}
				}
			}
			return nil
		})
		return
	}
	os.Exit(m.Run())
}

// cloud is everything on one machine, over the real network, with a real process.
type cloud struct {
	b  *broker.Broker
	f  *lambdahost.Function
	m  *eventsource.Mapping
	cl *kgo.Client
}

func startCloud(t *testing.T, dataDir, seen string, observe func(eventsource.Invocation)) *cloud {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	c := &cloud{}
	c.b, err = broker.Start(broker.Options{DataDir: dataDir, Topics: []broker.Topic{{Name: "orders", Partitions: 4}}})
	must(t, err)
	c.f, err = lambdahost.New(lambdahost.Config{
		Name: "orders", Path: exe, TaskRoot: t.TempDir(), Timeout: time.Minute,
		Env: map[string]string{"SEEN": seen, "GOCOVERDIR": t.TempDir()},
	})
	must(t, err)
	must(t, c.f.Warm(t.Context()))
	c.m, err = eventsource.Start(eventsource.Config{
		Function: c.f, FunctionARN: c.f.ARN(), Brokers: c.b.Addrs(), Topic: "orders", ConsumerGroup: "connect-orders",
		MaximumBatchingWindow: new(10 * time.Millisecond), OnInvocation: observe,
	})
	must(t, err)
	c.cl, err = kgo.NewClient(kgo.SeedBrokers(c.b.Addrs()...))
	must(t, err)
	return c
}

func (c *cloud) close(t *testing.T) {
	t.Helper()
	c.cl.Close()
	must(t, c.m.Close(context.Background()))
	must(t, c.f.Close(context.Background()))
	c.b.Close()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLocalCloud(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	dataDir, seen := t.TempDir(), t.TempDir()+"/seen"
	var mu sync.Mutex
	delivered, crashed := 0, 0
	more := make(chan struct{}, 1)
	observe := func(i eventsource.Invocation) {
		mu.Lock()
		defer mu.Unlock()
		if fe, ok := errors.AsType[*host.FunctionError](i.Err); ok && fe.Type == host.ErrorTypeExit {
			crashed++
		} else if i.Err != nil {
			t.Error(i.Err)
		} else {
			delivered += i.Records
		}
		select {
		case more <- struct{}{}:
		default:
		}
	}
	wait := func(n int) {
		t.Helper()
		timeout := time.After(time.Minute)
		for {
			mu.Lock()
			d := delivered
			mu.Unlock()
			if d == n {
				return
			}
			select {
			case <-more:
			case <-timeout:
				t.Fatalf("%d records were delivered, want %d", d, n)
			}
		}
	}
	produce := func(c *cloud, from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			v := fmt.Sprintf("value-%d", i)
			if i%100 == 50 {
				v = fmt.Sprintf("crash-%d", i)
			}
			c.cl.Produce(t.Context(), &kgo.Record{Topic: "orders", Key: []byte(v), Value: []byte(v)}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
		}
		must(t, c.cl.Flush(t.Context()))
	}

	c := startCloud(t, dataDir, seen, observe)
	produce(c, 0, 300)
	wait(300)
	if s := c.f.Stats(); crashed == 0 || s.Crashes != int64(crashed) || s.PeakRSS == 0 && runtime.GOOS == "linux" {
		t.Errorf("%d invocations ended in a crash; %+v", crashed, s)
	}
	produce(c, 300, 310)
	c.close(t) // in the middle of things

	c = startCloud(t, dataDir, seen, observe)
	produce(c, 310, 400)
	wait(400)
	must(t, c.m.Close(t.Context())) // commits
	lags, err := kadm.NewClient(c.cl).Lag(t.Context(), "connect-orders")
	must(t, err)
	if lag := lags["connect-orders"]; lag.Lag.Total() != 0 || lag.State != "Empty" {
		t.Errorf("the group is %s with a lag of %d", lag.State, lag.Lag.Total())
	}
	c.close(t)

	values, err := os.ReadFile(seen)
	must(t, err)
	for i := range 400 {
		if v := fmt.Sprintf("-%d\n", i); !strings.Contains(string(values), v) {
			t.Errorf("value%s never arrived", v)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines are left of %d:\n%s", runtime.NumGoroutine(), goroutines, buf[:runtime.Stack(buf, true)])
		}
	}
}
