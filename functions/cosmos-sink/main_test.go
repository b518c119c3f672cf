package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/host"
	"github.com/connectless/connectless/core/host/broker"
	"github.com/connectless/connectless/core/host/lambdahost"
	"github.com/connectless/connectless/scripts/gobuild"
)

// The tests run the binary that ships behind the Runtime API, with an account and a broker in this process.

var bootstrap string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "cosmos-sink-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		bootstrap = filepath.Join(dir, "bootstrap")
		root, err := gobuild.Root(context.Background(), ".")
		if err != nil {
			panic(err)
		}
		if _, err := gobuild.Build(context.Background(), gobuild.Options{Dir: root, Package: "./functions/cosmos-sink", Out: bootstrap, Version: "test"}); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// cloud is the outside of one function and what the function wrote to its log.
type cloud struct {
	*testing.T
	cosmos *cosmostest.Server
	broker *broker.Broker
	config map[string]string
	worker map[string]string
	env    map[string]string

	mu  sync.Mutex
	log []string
}

const secret = "COSMOS_KEY"

func newCloud(t *testing.T) *cloud {
	t.Helper()
	b, err := broker.Start(broker.Options{Topics: []broker.Topic{{Name: "dead", Partitions: 1, Configs: map[string]string{"max.message.bytes": "6291456"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c := &cloud{T: t, cosmos: cosmostest.NewServer(t, cosmostest.Options{}), broker: b}
	if err := c.cosmos.AddDatabase("shop"); err != nil {
		t.Fatal(err)
	}
	if err := c.cosmos.AddContainer("shop", "orders", cosmostest.ContainerOptions{}, "/customer"); err != nil {
		t.Fatal(err)
	}
	c.env = map[string]string{secret: cosmostest.Key}
	c.worker = map[string]string{"bootstrap.servers": b.Addr()}
	c.config = map[string]string{
		"name": "orders", "connector.class": "com.azure.cosmos.kafka.connect.CosmosSinkConnector", "topics": "orders",
		"azure.cosmos.account.endpoint": c.cosmos.Endpoint(), "azure.cosmos.account.key": "${env:" + secret + "}",
		"azure.cosmos.sink.database.name": "shop", "azure.cosmos.sink.containers.topicMap": "orders#orders",
		"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schemas.enable": "false",
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dead", "errors.deadletterqueue.context.headers.enable": "true",
		"errors.log.enable": "true", "errors.log.include.messages": "true",
	}
	return c
}

// set changes the connector's configuration; an empty value removes a key.
func (c *cloud) set(keyValues ...string) *cloud {
	for i := 0; i < len(keyValues); i += 2 {
		if c.config[keyValues[i]] = keyValues[i+1]; keyValues[i+1] == "" {
			delete(c.config, keyValues[i])
		}
	}
	return c
}

// start makes the function; it is closed, and its log searched for the secret, when the test ends.
func (c *cloud) start() *lambdahost.Function {
	c.Helper()
	doc, err := json.Marshal(map[string]any{"config": c.config, "worker": c.worker})
	if err != nil {
		c.Fatal(err)
	}
	env := maps.Clone(c.env)
	env["CONNECTLESS_CONFIG"] = string(doc)
	f, err := lambdahost.New(lambdahost.Config{Name: "orders", Path: bootstrap, Env: env, Timeout: 5 * time.Second, Log: func(l lambdahost.LogLine) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.log = append(c.log, l.Text)
	}})
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := f.Close(ctx); err != nil {
			c.Error(err)
		}
		for _, line := range c.lines() {
			if strings.Contains(line, c.env[secret]) && c.env[secret] != "" {
				c.Errorf("the log has the account's key: %s", line)
			}
		}
	})
	return f
}

func (c *cloud) lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.log...)
}

// event is a batch of one partition with these values from offset 0; "null" is a tombstone.
func event(values ...string) []byte {
	var records []map[string]any
	for i, v := range values {
		r := map[string]any{"topic": "orders", "partition": 0, "offset": i, "timestamp": 1545084650987, "timestampType": "CREATE_TIME", "headers": []any{}}
		if v != "null" {
			r["value"] = base64.StdEncoding.EncodeToString([]byte(v))
		}
		records = append(records, r)
	}
	b, err := json.Marshal(map[string]any{"eventSource": "SelfManagedKafka", "bootstrapServers": "b:9092", "records": map[string]any{"orders-0": records}})
	if err != nil {
		panic(err)
	}
	return b
}

// letters reads the dead letters: what was wrong by original value.
func (c *cloud) letters(n int) map[string]string {
	c.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.broker.Addr()), kgo.ConsumeTopics("dead"))
	if err != nil {
		c.Fatal(err)
	}
	defer cl.Close()
	ctx, cancel := context.WithTimeout(c.Context(), 20*time.Second)
	defer cancel()
	got := map[string]string{}
	for len(got) < n {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			c.Fatalf("%d of %d dead letters: %v", len(got), n, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			headers := map[string]string{}
			for _, h := range r.Headers {
				headers[h.Key] = string(h.Value)
			}
			value := string(r.Value)
			if r.Value == nil {
				value = "null"
			}
			got[value[:min(len(value), 40)]] = headers[errpolicy.HeaderStage] + ": " + headers[errpolicy.HeaderExceptionMessage]
		})
	}
	return got
}

func TestDelivers(t *testing.T) {
	c := newCloud(t)
	f := c.start()
	r, err := f.Invoke(t.Context(), event(`{"id":"1","customer":"ann","n":1}`, `{"id":"2","customer":"bob","n":1.50}`, `{"id":"1","customer":"ann","n":2}`))
	if err != nil || string(r.Body) != `{"batchItemFailures":[]}` {
		t.Fatalf("answer %s, %v", r.Body, err)
	}
	got := map[string]string{}
	for _, d := range c.cosmos.Documents("shop", "orders") {
		var doc struct{ N json.Number }
		if err := json.Unmarshal(d.Body, &doc); err != nil {
			t.Fatal(err)
		}
		got[d.ID] = doc.N.String()
	}
	if diff := cmp.Diff(map[string]string{"1": "2", "2": "1.50"}, got); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if err := f.Close(t.Context()); err != nil { // then all of its log has been read
		t.Fatal(err)
	}
	var line map[string]any
	for _, l := range c.lines() {
		if strings.Contains(l, `"invocation"`) {
			if err := json.Unmarshal([]byte(l), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if line["read"] != 3.0 || line["written"] != 3.0 || line["_aws"] == nil {
		t.Errorf("the invocation's line is %v", line)
	}
}

// A record that never can be delivered is a dead letter with its bytes and a reason; the others are written.
func TestBadRecords(t *testing.T) {
	big := `{"id":"big","customer":"ann","pad":"` + strings.Repeat("x", 2<<20) + `"}`
	c := newCloud(t).set("producer.override.max.request.size", "6291456")
	f := c.start()
	if _, err := f.Invoke(t.Context(), event(`{"id":"1","customer":"ann"}`, `{"id":`, `[1,2]`, `"text"`, "null", `{"customer":"ann"}`, big, `{"id":"a/b?c#d","customer":"ann"}`)); err != nil {
		t.Fatal(err)
	}
	letters := c.letters(6)
	for value, reason := range map[string]string{
		`{"id":`: "VALUE_CONVERTER: Converting byte[] to Kafka Connect data failed due to serialization error",
		`[1,2]`:  "TASK_PUT: cosmossink: the record's value is not a JSON object", `"text"`: "TASK_PUT: cosmossink: the record's value is not a JSON object",
		"null": "TASK_PUT: cosmossink: the record is a tombstone", `{"customer":"ann"}`: "TASK_PUT: cosmossink: no id", big[:40]: "the limit is 2097152",
	} {
		if !strings.Contains(letters[value], reason) {
			t.Errorf("dead letter of %s: %q, want %q", value, letters[value], reason)
		}
	}
	var ids []string
	for _, d := range c.cosmos.Documents("shop", "orders") {
		ids = append(ids, d.ID)
	}
	if len(ids) != 2 || !strings.Contains(strings.Join(ids, " "), "a_b_c_d") {
		t.Errorf("documents %v, want 1 and a_b_c_d", ids)
	}
}

// What is wrong with a configuration is said when the function starts, in Lambda's own answer.
func TestBadConfiguration(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*cloud)
		want   []string
	}{
		{"misspelt key", func(c *cloud) { c.set("azure.cosmos.sink.write.strateg", "ItemAppend") }, []string{`did you mean "azure.cosmos.sink.write.strategy"`}},
		{"wrong type", func(c *cloud) { c.set("azure.cosmos.sink.maxRetryCount", "ten") }, []string{"azure.cosmos.sink.maxRetryCount", "Not a number of type INT"}},
		{"wrong choice", func(c *cloud) { c.set("azure.cosmos.sink.write.strategy", "Upsert") }, []string{"azure.cosmos.sink.write.strategy", "ItemOverwrite"}},
		{"unknown connector", func(c *cloud) { c.set("connector.class", "com.example.CosmosSink") }, []string{"com.example.CosmosSink", "available connectors are"}},
		{"unknown transform", func(c *cloud) {
			c.set("transforms", "a", "transforms.a.type", "org.apache.kafka.connect.transforms.Flaten$Value")
		}, []string{"transforms.a.type", "Flatten$Value"}},
		{"missing key", func(c *cloud) { c.set("azure.cosmos.sink.database.name", "") }, []string{`Missing required configuration "azure.cosmos.sink.database.name"`}},
		{"unresolved reference", func(c *cloud) { c.set("azure.cosmos.account.key", "${env:NOT_SET_ANYWHERE}") }, []string{"azure.cosmos.account.key", "NOT_SET_ANYWHERE"}},
		{"no broker for dead letters", func(c *cloud) { c.worker = nil }, []string{"bootstrap.servers"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCloud(t)
			tc.change(c)
			_, err := c.start().Invoke(t.Context(), event(`{"id":"1","customer":"ann"}`))
			var init *host.InitError
			if !errors.As(err, &init) {
				t.Fatalf("error %v, want an init error", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(init.Message, want) {
					t.Errorf("message %q lacks %q", init.Message, want)
				}
			}
		})
	}
}

// What is wrong outside is said by the invocation's error, and nothing is lost: the batch comes again and succeeds once
// it is mended.
func TestOutsideIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name   string
		breaks func(*cloud)
		mend   func(*cloud)
		event  []byte
		want   []string
	}{
		{"missing container", func(c *cloud) { c.set("azure.cosmos.sink.containers.topicMap", "orders#later") },
			func(c *cloud) {
				if err := c.cosmos.AddContainer("shop", "later", cosmostest.ContainerOptions{}, "/customer"); err != nil {
					c.Fatal(err)
				}
			}, event(`{"id":"1","customer":"ann"}`), []string{"later", "create"}},
		{"missing database", func(c *cloud) { c.set("azure.cosmos.sink.database.name", "later") },
			func(c *cloud) {
				if err := c.cosmos.AddDatabase("later"); err != nil {
					c.Fatal(err)
				}
				if err := c.cosmos.AddContainer("later", "orders", cosmostest.ContainerOptions{}, "/customer"); err != nil {
					c.Fatal(err)
				}
			}, event(`{"id":"1","customer":"ann"}`), []string{"later", "create"}},
		{"wrong credentials", func(c *cloud) { c.env[secret] = base64.StdEncoding.EncodeToString([]byte("another key")) }, nil,
			event(`{"id":"1","customer":"ann"}`), []string{"401"}},
		{"broker of the dead letters away", func(c *cloud) { c.broker.Close() }, nil, event(`{"id":`), []string{"dead letter topic dead"}},
		{"dead letter topic missing", func(c *cloud) { c.set("errors.deadletterqueue.topic.name", "nowhere") }, nil, event(`{"id":`), []string{"nowhere", "create the topic"}},
		{"not an event of a mapping", func(*cloud) {}, nil, []byte(`{"key1":"value1"}`), []string{"not an event of a Kafka event source mapping"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCloud(t)
			tc.breaks(c)
			f := c.start()
			_, err := f.Invoke(t.Context(), tc.event)
			var failed *host.FunctionError
			if !errors.As(err, &failed) {
				t.Fatalf("error %v, want one of the function", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(failed.Message, want) {
					t.Errorf("message %q lacks %q", failed.Message, want)
				}
			}
			if tc.mend == nil {
				return
			}
			tc.mend(c)
			if _, err := f.Invoke(t.Context(), tc.event); err != nil {
				t.Errorf("after it was mended: %v", err)
			}
		})
	}
}

// On SIGTERM the function closes its clients and logs nothing that looks like a failure.
func TestSIGTERM(t *testing.T) {
	c := newCloud(t)
	f := c.start()
	if _, err := f.Invoke(t.Context(), event(`{"id":"1","customer":"ann"}`, `{"id":`)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, l := range c.lines() {
		if strings.Contains(l, "panic") || strings.Contains(l, "closing clients") {
			t.Errorf("log: %s", l)
		}
	}
}
