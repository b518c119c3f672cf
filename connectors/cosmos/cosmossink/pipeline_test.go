package cosmossink

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
)

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Requests say what sends them, and for whom.
func TestUserAgent(t *testing.T) {
	for application, want := range map[string]string{
		"": `^azsdk-go-[a-z-]+/v\S+ \(go\S+; \w+\)$`, "orders of the shop in Europe": `^azsdk-go-[a-z-]+/v\S+ \(go\S+; \w+\) orders of the shop in Europe$`,
	} {
		var agents []string
		s := open(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			agents = append(agents, r.Header.Get("User-Agent"))
			return discard{}.RoundTrip(r)
		})}, map[string]string{"application.name": application})
		if err := s.Put(t.Context(), batch(`{"id":"1","pk":"x"}`)); err != nil {
			t.Fatal(err)
		}
		if len(agents) != 3 {
			t.Errorf("%d requests", len(agents))
		}
		for _, a := range agents {
			if !regexp.MustCompile(want).MatchString(a) {
				t.Errorf("User-Agent %q does not match %s", a, want)
			}
		}
	}
}

// An endpoint that is something else than an account is the operator's to mend, whatever it answers with 200.
func TestNoAccount(t *testing.T) {
	for _, from := range []string{"/", "/dbs/shop/colls/orders"} {
		s := open(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != from {
				return discard{}.RoundTrip(r)
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<html>")), Request: r}, nil
		})}, nil)
		err := s.Put(t.Context(), batch(`{"id":"1","pk":"x"}`))
		if connect.Classify(err) != connect.ClassFatal || !strings.Contains(fmt.Sprint(err), "does not answer like a Cosmos DB account") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

// A document that was written is written, even if the time was over when the answer came.
func TestAnswerAtTheLastMoment(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := open(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			cancel()
		}
		return discard{}.RoundTrip(r)
	})}, nil)
	if err := s.Put(ctx, batch(`{"id":"1","pk":"x"}`, `{"id":"2","pk":"x"}`)); err != nil {
		t.Error(err)
	}
}

// A transport may answer before it has read the body, and read on: what it reads is what it was given.
func TestAnsweredBeforeTheBodyIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resume := make(chan struct{})
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[string]bool{}
		s := open(t, Options{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return discard{}.RoundTrip(r)
			}
			start := make([]byte, 10)
			if _, err := io.ReadFull(r.Body, start); err != nil {
				return nil, err
			}
			wg.Go(func() {
				<-resume
				rest, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				got[string(start)+string(rest)] = true
			})
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		})}, nil)
		want := map[string]bool{}
		for round := range 4 {
			doc := fmt.Sprintf(`{"id":"1","pk":"x","round":%d}`, round)
			want[doc] = true
			if err := s.Put(t.Context(), batch(doc)); err != nil {
				t.Fatal(err)
			}
		}
		close(resume)
		wg.Wait()
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// Memory comes back when it was read to its end, and only then; nobody reads it afterwards.
func TestPayload(t *testing.T) {
	p := newPayload([]byte("12345678"))
	if n, err := p.Seek(0, io.SeekEnd); n != 8 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := p.Seek(0, io.SeekStart); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	b := make([]byte, 5)
	for _, want := range []string{"12345", "678"} {
		if p.release() {
			t.Fatalf("released before %q was read", want)
		}
		if n, err := p.Read(b); string(b[:n]) != want || err != nil {
			t.Fatalf("%q, %v", b[:n], err)
		}
	}
	if err := p.Close(); err != nil || !p.release() {
		t.Fatal("not released", err)
	}
	if _, err := p.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if n, err := p.Read(b); n != 0 || err != io.EOF { //nolint:errorlint // what an io.Reader returns
		t.Errorf("%d bytes, %v after the release", n, err)
	}
}

// The buffers of requests that were read are used again: what a batch costs does not grow with its documents.
func TestBuffersAreReused(t *testing.T) {
	s := open(t, Options{Transport: discard{}}, nil)
	big := fmt.Sprintf(`{"id":"1","pk":"x","pad":%q}`, strings.Repeat("x", 100_000))
	records := batch(big, big)
	for range 2 {
		if err := s.Put(t.Context(), records); err != nil {
			t.Fatal(err)
		}
	}
	buf := &s.(*sink).solo.buf
	was := &(*buf)[0]
	if err := s.Put(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if was != &(*buf)[0] {
		t.Error("the buffer was left to the garbage collector")
	}
}

// The SDK looks at the account again after some minutes, when the container has to be read again. A failure of that is
// its own affair.
func TestMetadataAfterALongTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, "/customer")
		w.put(batch(`{"id":"1","customer":"ann"}`))
		time.Sleep(time.Hour)
		w.Inject(cosmostest.Rule{Op: cosmostest.OpReadAccount, Fault: cosmostest.Fault{Stall: cosmostest.StallBefore}})
		w.Inject(cosmostest.Rule{Op: cosmostest.OpUpsertItem, Times: 1, Fault: cosmostest.Fault{Status: http.StatusNotFound, Substatus: subOwnerNotFound}})
		start := time.Now()
		w.put(batch(`{"id":"1","customer":"ann","n":2}`))
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %s", took)
		}
		synctest.Wait()
		var reads int
		for _, x := range w.rec.Exchanges(cosmostest.OpReadContainer) {
			if x.Status == http.StatusOK {
				reads++
			}
		}
		if reads != 2 {
			t.Errorf("the definition was read %d times", reads)
		}
	})
}
