package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/connectless/connectless/connectors/cosmos/cosmostest"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/host/broker"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/core/trigger"
)

const converterClass = "org.apache.kafka.connect.json.JsonConverter"

// deadLetters is a broker whose topic "dead" has letters: of orders-0@1 (twice) and orders-1@2 with broken JSON, of
// orders-0@3 with a document that was refused, of another connector, and one that does not say anything.
type deadLetters struct {
	t       *testing.T
	broker  *broker.Broker
	account *cosmostest.Server
}

func newDeadLetters(t *testing.T) *deadLetters {
	t.Helper()
	b, err := broker.Start(broker.Options{Topics: []broker.Topic{{Name: "orders", Partitions: 2}, {Name: "returns"}, {Name: "dead"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	d := &deadLetters{t: t, broker: b, account: cosmostest.NewServer(t, cosmostest.Options{})}
	if err := d.account.AddContainer("shop", "orders", cosmostest.ContainerOptions{}, "/customer"); err != nil {
		t.Fatal(err)
	}
	p, err := kafka.NewProducer(map[string]string{"bootstrap.servers": b.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	policy := errpolicy.Policy{Connector: "shop", Topic: "dead", Headers: true}
	broken := func(at int) *errpolicy.Failure {
		return &errpolicy.Failure{Stage: errpolicy.ValueConverter, Class: converterClass, Err: data.Errorf(data.DataException, "broken at column %d", at)}
	}
	refused := &errpolicy.Failure{Stage: errpolicy.TaskPut, Class: errpolicy.SinkTaskClass, Err: connect.DataError(fmt.Errorf("no id"))}
	one := &trigger.Message{Topic: "orders", Offset: 1, Timestamp: 1000, Key: []byte{0xff, 0}, Value: []byte(`{"id":`), Headers: []trigger.Header{{Key: "h", Value: []byte{1, 0xfe}}, {Key: "h"}}}
	two := &trigger.Message{Topic: "orders", Partition: 1, Offset: 2, Timestamp: 2000, Value: []byte("x\n")}
	good := &trigger.Message{Topic: "orders", Offset: 3, Timestamp: 3000, Key: []byte{}, Value: []byte(`{"id":"a","customer":"ann"}`)}
	letters := []*connect.Record{policy.Letter(one, broken(5)), policy.Letter(two, broken(77)), policy.Letter(one, broken(5)), policy.Letter(good, refused)}
	policy.Connector = "other"
	letters = append(letters, policy.Letter(&trigger.Message{Topic: "returns", Timestamp: 4000, Value: []byte("{}")}, refused))
	policy.Headers = false
	letters = append(letters, policy.Letter(&trigger.Message{Topic: "orders", Offset: 9, Timestamp: 5000, Value: []byte("mute")}, refused))
	if err := p.Put(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONNECTLESS_TEST_KEY", cosmostest.Key)
	t.Chdir(t.TempDir()) // where journals go
	return d
}

// connector is the file of the connector that wrote the letters.
func (d *deadLetters) connector(more map[string]string) string {
	props := map[string]string{
		"name": "shop", "connector.class": "cosmos-sink", "topics": "orders",
		"azure.cosmos.account.endpoint": d.account.Endpoint(), "azure.cosmos.account.key": "${env:CONNECTLESS_TEST_KEY}",
		"azure.cosmos.sink.database.name": "shop", "azure.cosmos.sink.containers.topicMap": "orders#orders",
		"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "dead",
	}
	for k, v := range more {
		props[k] = v
	}
	text, err := json.Marshal(props)
	if err != nil {
		d.t.Fatal(err)
	}
	return write(d.t, "shop.json", string(text))
}

func (d *deadLetters) run(command string, args ...string) ran {
	return runs(d.t.Context(), "", append([]string{"dlq", command, "--bootstrap-servers", d.broker.Addr()}, args...)...)
}

// read are the records of a topic.
func (d *deadLetters) read(topic string, want int) []*kgo.Record {
	d.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(d.broker.Addr()), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	var all []*kgo.Record
	for len(all) < want {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			d.t.Fatal(err)
		}
		all = append(all, fetches.Records()...)
	}
	return all
}

func TestDLQList(t *testing.T) {
	d := newDeadLetters(t)
	got := d.run("list", "--topic", "dead")
	want := `REASON    RECORDS  LETTERS  LAST  STAGE            CLASS          EXCEPTION      MESSAGE
66b77947  2        3        0@2   VALUE_CONVERTER  JsonConverter  DataException  broken at column …
d7930575  2        2        0@4   TASK_PUT         SinkTask       DataException  no id
709e80c8  1        1        0@5                                                  (the letters have no headers that say: errors.deadletterqueue.context.headers.enable)
6 letters of 5 records in dead
`
	if got.code != 0 || got.stderr != "" {
		t.Errorf("exit %d, it said %s", got.code, got.stderr)
	}
	if diff := cmp.Diff(want, got.out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = d.run("list", "--connector", d.connector(nil), "--reason", "TASK_PUT", "--json")
	if want := `{"reason":"d7930575","records":2,"letters":2,"stage":"TASK_PUT","class":"org.apache.kafka.connect.sink.SinkTask","exception":"org.apache.kafka.connect.errors.DataException","message":"no id","connectors":["other","shop"],"first":{"topic":"dead","partition":0,"offset":3},"last":{"topic":"dead","partition":0,"offset":4}}` + "\n"; got.out != want {
		t.Errorf("--json printed\n%s%swant\n%s", got.out, got.stderr, want)
	}
	if got := d.run("list", "--topic", "returns"); got.code != 0 || got.out != "0 letters of 0 records in returns\n" {
		t.Errorf("an empty topic: exit %d, it printed %s%s", got.code, got.out, got.stderr)
	}
}

func TestDLQShow(t *testing.T) {
	d := newDeadLetters(t)
	got := d.run("show", "--topic", "dead", "--offset", "0-2", "--connector", d.connector(nil), "--functions", functionsDir())
	want := `orders-0@1
  letters    dead-0@0, dead-0@2
  timestamp  1970-01-01T00:00:01Z
  connector  shop, task 0
  failed     VALUE_CONVERTER in org.apache.kafka.connect.json.JsonConverter
             org.apache.kafka.connect.errors.DataException: broken at column 5
  reason     66b77947
  key        0xff00 (2 bytes)
  value      {"id": (6 bytes)
  header     h = 0x01fe (2 bytes)
  header     h = null
  now        it fails again: VALUE_CONVERTER in org.apache.kafka.connect.json.JsonConverter: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data failed due to serialization error: 

orders-1@2
  letters    dead-0@1
  timestamp  1970-01-01T00:00:02Z
  connector  shop, task 0
  failed     VALUE_CONVERTER in org.apache.kafka.connect.json.JsonConverter
             org.apache.kafka.connect.errors.DataException: broken at column 77
  reason     66b77947
  key        null
  value      "x\n" (2 bytes)
  now        it fails again: VALUE_CONVERTER in org.apache.kafka.connect.json.JsonConverter: org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data failed due to serialization error: 
`
	if diff := cmp.Diff(want, got.out); diff != "" || got.code != 0 || got.stderr != "" {
		t.Errorf("exit %d, it said %s(-want +got):\n%s", got.code, got.stderr, diff)
	}
	// With another converter the same records pass; one that the sink refused gets as far as before.
	fixed := d.connector(map[string]string{"value.converter": "org.apache.kafka.connect.storage.StringConverter"})
	got = d.run("show", "--connector", fixed, "--offset", "1-3", "--functions", functionsDir())
	for _, want := range []string{`now        it passes: {"topic":"orders","partition":1,`, "now        it gets as far as before: what refused it was the system behind the connector"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it did not say %q:\n%s%s", want, got.out, got.stderr)
		}
	}
	got = d.run("show", "--topic", "dead", "--json", "--limit", "1")
	if !strings.HasPrefix(got.out, `{"letters":[{"topic":"dead","partition":0,"offset":0},{"topic":"dead","partition":0,"offset":2}],"original":{"topic":"orders","partition":0,"offset":1},`) ||
		!strings.Contains(got.out, `"key_base64":"/wA=","value_base64":"eyJpZCI6","headers":[{"name":"h","value_base64":"Af4="},{"name":"h","value_base64":null}]`) ||
		got.stderr != "4 records more; --limit 0 shows all\n" {
		t.Errorf("--json --limit 1 printed\n%s%s", got.out, got.stderr)
	}
	if got := d.run("show", "--topic", "dead", "--offset", "77"); got.code != 0 || got.stderr != "there is no such letter in dead\n" {
		t.Errorf("nothing: exit %d, it said %s", got.code, got.stderr)
	}
}

// TestDLQReplay writes records to their topics again, each once however often it is asked to.
func TestDLQReplay(t *testing.T) {
	d := newDeadLetters(t)
	const rest = "1 left out as copies\n1 left out because the letters do not say where they are from: name a topic with --to\n"
	got := d.run("replay", "--topic", "dead")
	if want := "would replay 3 records to orders\nwould replay 1 record to returns\n" + rest + "Nothing was done: --yes does it.\n"; got.code != 0 || got.out != want {
		t.Errorf("exit %d, it printed\n%s%swant\n%s", got.code, got.out, got.stderr, want)
	}
	if _, err := os.Stat("dead.replayed.jsonl"); err == nil {
		t.Error("a dry run made a journal")
	}
	got = d.run("replay", "--topic", "dead", "--yes", "--reason", "VALUE_CONVERTER")
	if want := "replayed 2 records to orders\n1 left out as copies\nWhat was replayed is in dead.replayed.jsonl.\n"; got.code != 0 || got.out != want {
		t.Errorf("exit %d, it printed\n%s%swant\n%s", got.code, got.out, got.stderr, want)
	}
	got = d.run("replay", "--topic", "dead", "--yes")
	if want := "replayed 1 record to orders\nreplayed 1 record to returns\n1 left out as copies\n2 left out because dead.replayed.jsonl says they were replayed before\n1 left out because the letters do not say where they are from: name a topic with --to\n" +
		"What was replayed is in dead.replayed.jsonl.\n"; got.code != 0 || got.out != want {
		t.Errorf("exit %d, it printed\n%s%swant\n%s", got.code, got.out, got.stderr, want)
	}
	want := []*kgo.Record{
		{Topic: "orders", Partition: 0, Timestamp: time.UnixMilli(1000), Key: []byte{0xff, 0}, Value: []byte(`{"id":`), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{1, 0xfe}}, {Key: "h"}}},
		{Topic: "orders", Partition: 0, Offset: 1, Timestamp: time.UnixMilli(3000), Key: []byte{}, Value: []byte(`{"id":"a","customer":"ann"}`)},
		{Topic: "orders", Partition: 1, Timestamp: time.UnixMilli(2000), Value: []byte("x\n")},
	}
	less := cmpopts.SortSlices(func(a, b *kgo.Record) bool { return a.Timestamp.Before(b.Timestamp) })
	fields := cmpopts.IgnoreFields(kgo.Record{}, "Attrs", "ProducerEpoch", "ProducerID", "LeaderEpoch", "Context")
	if diff := cmp.Diff(want, d.read("orders", 3), less, fields, cmpopts.IgnoreUnexported(kgo.Record{})); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	// What does not say where it is from goes where it is told to; without a journal, so does all the rest.
	got = d.run("replay", "--topic", "dead", "--yes", "--journal", "", "--to", "returns", "--json", "--offset", "5-")
	if want := `{"original":{"topic":"dead","partition":0,"offset":5},"letter":{"topic":"dead","partition":0,"offset":5},"to":"returns"}` + "\n"; got.out != want || got.stderr != "replayed 1 record to returns\n" {
		t.Errorf("--json printed\n%s%swant\n%s", got.out, got.stderr, want)
	}
	if all := d.read("returns", 2); string(all[1].Value) != "mute" {
		t.Errorf("returns has %q", all[1].Value)
	}
	got = d.run("replay", "--topic", "dead", "--yes", "--journal", "", "--to", "nowhere")
	if got.code != 1 || !strings.Contains(got.stderr, "stopped: kafka: write to nowhere") || !strings.HasPrefix(got.out, "replayed nothing\n") {
		t.Errorf("a topic that is not there: exit %d, it printed\n%s%s", got.code, got.out, got.stderr)
	}
}

// TestDLQThrough delivers records by the function that ships.
func TestDLQThrough(t *testing.T) {
	d := newDeadLetters(t)
	through := func(file string, args ...string) ran {
		return d.run("replay", append([]string{"--through", "--yes", "--connector", file, "--functions", functionsDir()}, args...)...)
	}
	t.Setenv("CONNECTLESS_TEST_WRONG_KEY", "d3Jvbmc=")
	got := through(d.connector(map[string]string{"azure.cosmos.account.key": "${env:CONNECTLESS_TEST_WRONG_KEY}"}), "--reason", "TASK_PUT")
	if got.code != 1 || !strings.HasPrefix(got.out, "replayed nothing\n") || !strings.Contains(got.stderr, "stopped: at orders-0@3: ") || !strings.Contains(got.stderr, "401 Unauthorized") {
		t.Errorf("with a wrong key: exit %d, it printed\n%s%s", got.code, got.out, got.stderr)
	}
	got = through(d.connector(nil))
	for _, want := range []string{
		"orders-0@1 failed again: ", "orders-1@2 failed again: ", "Converting byte[] to Kafka Connect data failed",
		"replayed 1 record to connector shop\n2 failed again\n1 left out as copies\n1 left out because another connector wrote them\n1 left out because the letters do not say",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("it did not say %q:\n%s%s", want, got.out, got.stderr)
		}
	}
	if got.code != 1 {
		t.Errorf("exit %d although records failed again", got.code)
	}
	if docs := d.account.Documents("shop", "orders"); len(docs) != 1 || docs[0].ID != "a" {
		t.Errorf("the documents are %v", docs)
	}
	got = through(d.connector(nil), "--reason", "TASK_PUT")
	if got.code != 0 || !strings.HasPrefix(got.out, "replayed nothing\n1 left out because dead.replayed.jsonl says they were replayed before\n") {
		t.Errorf("once more: exit %d, it printed\n%s%s", got.code, got.out, got.stderr)
	}
	if letters := d.read("dead", 6); len(letters) != 6 {
		t.Errorf("the dead letter topic has %d letters now", len(letters))
	}
}

func TestDLQUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	source := write(t, "source.json", `{"name": "x", "connector.class": "nobody.knows.It"}`)
	noDLQ := write(t, "plain.json", `{"name": "x", "connector.class": "file-sink", "topics": "t", "file": "f"}`)
	worker := write(t, "worker.properties", "bootstrap.servers=b:1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=x ${env:CONNECTLESS_TEST_UNSET};\n")
	for _, tc := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", nil, 2, "Usage: connectless dlq <command>"},
		{"an unknown one", []string{"purge"}, 2, `unknown command "purge"`},
		{"no topic", []string{"list"}, 2, "no --topic, and no --target; see connectless dlq list --help"},
		{"two places", []string{"list", "--topic", "d", "--target", "s3://dead"}, 2, "--topic and --target exclude each other"},
		{"no place", []string{"list", "--target", "ftp://dead"}, 1, "must be s3://bucket/prefix"},
		{"too much", []string{"show", "--topic", "d", "x"}, 2, `unexpected argument "x"`},
		{"no range", []string{"list", "--topic", "d", "--offset", "x"}, 2, `"x" is no number, and no range like 7-12`},
		{"no time", []string{"list", "--topic", "d", "--since", "yesterday"}, 2, "neither a time like"},
		{"through nothing", []string{"replay", "--topic", "d", "--through"}, 2, "--through needs --connector"},
		{"through and to", []string{"replay", "--topic", "d", "--through", "--connector", "x", "--to", "y"}, 2, "exclude each other"},
		{"to itself", []string{"replay", "--topic", "d", "--to", "d", "--bootstrap-servers", "b:1"}, 2, "is the dead letter topic itself"},
		{"no cluster", []string{"list", "--topic", "d"}, 1, "no Kafka cluster is named"},
		{"an unset variable", []string{"list", "--topic", "d", "--worker-config", worker}, 1, "CONNECTLESS_TEST_UNSET"},
		{"a class that nobody knows", []string{"list", "--connector", source}, 1, "nobody.knows.It"},
		{"no dead letter topic", []string{"list", "--connector", noDLQ}, 1, "has no errors.deadletterqueue.topic.name"},
		{"no file", []string{"list", "--connector", "none.json"}, 1, "none.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := runs(t.Context(), "", append([]string{"dlq"}, tc.args...)...); got.code != tc.code || !strings.Contains(got.stderr, tc.says) {
				t.Errorf("exit %d, want %d and %q; it said\n%s", got.code, tc.code, tc.says, got.stderr)
			}
		})
	}
	b, err := broker.Start(broker.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got := runs(t.Context(), "", "dlq", "list", "--topic", "none", "--bootstrap-servers", b.Addr()); got.code != 1 || !strings.Contains(got.stderr, "topic none: UNKNOWN_TOPIC_OR_PARTITION") {
		t.Errorf("no such topic: exit %d, it said\n%s", got.code, got.stderr)
	}
	if matches, err := filepath.Glob("*"); err != nil || len(matches) > 0 {
		t.Errorf("files were left: %v %v", matches, err)
	}
}
