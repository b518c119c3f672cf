package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/infra/local/events"
	"github.com/connectless/connectless/infra/local/internal/cloud"
	"github.com/connectless/connectless/infra/local/internal/connector"
)

const localAbout = `Usage: connectless local [--connector FILE]... [flags]

Run connectors on this machine the way the cloud does: an embedded Kafka, an embedded Cosmos DB, and for every connector its
function, the binary that ships, behind the Lambda Runtime API and a Kafka event source mapping with the consumer group
connect-<name>. Topics of a connector and its dead letter topic are created if they are missing (embedded Kafka only).
Ctrl-C stops everything in order; a second one stops it at once.

Connectors are made and changed over Kafka Connect's REST API: with curl, Terraform, or any tool for Kafka Connect. With
--data-dir they are there again after a restart, in the state they were in. A connector FILE is put there at the start: it is
made if there is none of its name, and changed if its configuration is another.

A connector file is Kafka Connect's JSON. Its references ${env:X} are resolved inside the function, which gets exactly the
variables that are referred to. If they are not set, ${env:COSMOS_ENDPOINT} and ${env:COSMOS_KEY} stand for the embedded
Cosmos DB. Without --worker-config keys are text and values JSON without schemas.
`

// localFlags is the command line of connectless local.
type localFlags struct {
	kafkaAddr, cosmosAddr, restAddr string
	bootstrapServers                string
	dataDir, workerConfig           string
	connectors                      stringList
	functions                       string
	partitions                      int
	mapping                         cloud.Mapping
	logFormat                       string
	verbose                         bool
}

func (f *localFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&f.kafkaAddr, "kafka-addr", "127.0.0.1:9092", "`host:port` of the embedded Kafka; port 0 takes a free one")
	fs.StringVar(&f.cosmosAddr, "cosmos-addr", "127.0.0.1:8081", "`host:port` of the embedded Cosmos DB; port 0 takes a free one, an empty value starts none")
	fs.StringVar(&f.restAddr, "rest-addr", "127.0.0.1:8083", "`host:port` of Kafka Connect's REST API; port 0 takes a free one, an empty value starts none")
	fs.StringVar(&f.bootstrapServers, "bootstrap-servers", "", "`host:port,...` of a Kafka cluster to use in the place of the embedded one")
	fs.StringVar(&f.dataDir, "data-dir", "", "`directory` that keeps connectors, topics, offsets and documents; without it they are kept in memory and gone at the end")
	fs.StringVar(&f.workerConfig, "worker-config", "", "`file` of Kafka Connect worker properties that the connectors run with")
	fs.Var(&f.connectors, "connector", "connector `file` to start with: Kafka Connect's JSON; may be given several times")
	fs.StringVar(&f.functions, "functions", "", functionsDoc)
	fs.IntVar(&f.partitions, "partitions", 3, "partitions of a topic that is created, but for dead letter topics, which have one")
	fs.IntVar(&f.mapping.MemoryMB, "memory", 128, "memory of a function in `MB`, 128 to 10240: measured and billed, not enforced")
	fs.DurationVar(&f.mapping.Timeout, "timeout", time.Minute, "time limit of an invocation, 1s to 15m")
	fs.IntVar(&f.mapping.BatchSize, "batch-size", 100, "records of an invocation at most, 1 to 10000")
	fs.DurationVar(&f.mapping.BatchWindow, "batch-window", 500*time.Millisecond, "how long a batch gathers, 0s to 5m")
	fs.BoolVar(&f.mapping.Provisioned, "provisioned", false, "event source mappings in provisioned mode")
	fs.BoolVar(&f.mapping.ReportItems, "report-items", false, "functions report the records that failed instead of failing the batch; needs --provisioned")
	fs.StringVar(&f.logFormat, "log-format", "text", "`text` or json: what happens as JSON lines on standard output, for programs")
	fs.BoolVar(&f.verbose, "verbose", false, "with text: every line that a function logs, not only its warnings and errors")
}

const functionsDoc = "`directory` of the function binaries, <name>/bootstrap (default functions/ beside the command's directory, or out/functions)"

// check returns what is wrong with the command line, "" if nothing is.
func (f *localFlags) check() string {
	for _, a := range []struct{ name, value string }{{"kafka-addr", f.kafkaAddr}, {"cosmos-addr", f.cosmosAddr}, {"rest-addr", f.restAddr}} {
		if _, _, err := net.SplitHostPort(a.value); err != nil && a.value != "" {
			return fmt.Sprintf("--%s: %q is not host:port", a.name, a.value)
		}
	}
	m := f.mapping
	switch {
	case f.kafkaAddr == "" && f.bootstrapServers == "":
		return "--kafka-addr is empty and there are no --bootstrap-servers"
	case f.partitions < 1:
		return fmt.Sprintf("--partitions: %d is less than 1", f.partitions)
	case m.MemoryMB < 128 || m.MemoryMB > 10240:
		return fmt.Sprintf("--memory: %d is outside 128 to 10240", m.MemoryMB)
	case m.Timeout < time.Second || m.Timeout > 15*time.Minute:
		return fmt.Sprintf("--timeout: %s is outside 1s to 15m", m.Timeout)
	case m.BatchSize < 1 || m.BatchSize > 10000:
		return fmt.Sprintf("--batch-size: %d is outside 1 to 10000", m.BatchSize)
	case m.BatchWindow < 0 || m.BatchWindow > 5*time.Minute:
		return fmt.Sprintf("--batch-window: %s is outside 0s to 5m", m.BatchWindow)
	case m.ReportItems && !m.Provisioned:
		return "--report-items needs --provisioned: an on-demand mapping takes any answer for success"
	case f.logFormat != "text" && f.logFormat != "json":
		return fmt.Sprintf("--log-format: %q is not text or json", f.logFormat)
	}
	return ""
}

func (c *command) local(ctx context.Context, args []string) int {
	fs := flag.NewFlagSet("local", flag.ContinueOnError)
	var f localFlags
	f.define(fs)
	if code, ok := c.parse(fs, args, localAbout); !ok {
		return code
	}
	if fs.NArg() > 0 {
		return c.misused(fs, "unexpected argument %q; a connector file is given with --connector", fs.Arg(0))
	}
	if problem := f.check(); problem != "" {
		return c.misused(fs, "%s", problem)
	}
	r := &reporter{out: c.out, json: f.logFormat == "json", verbose: f.verbose}
	l, err := c.prepare(ctx, &f)
	if err == nil {
		err = l.serve(ctx, r)
	}
	switch {
	case errors.Is(err, errJudged):
		return exitFault
	case err != nil && ctx.Err() == nil:
		return c.failed(err)
	}
	r.report(events.Event{Time: time.Now(), Kind: events.Stopped})
	return exitOK
}

// errJudged is an error whose text has been printed: problems of connector files.
var errJudged = errors.New("a connector is wrong")

// prepare judges the connectors and finds what each needs, before anything is started.
func (c *command) prepare(ctx context.Context, f *localFlags) (*localCloud, error) {
	embedded := f.bootstrapServers == ""
	worker, dropped, err := localWorker(f.workerConfig, embedded)
	if err != nil {
		return nil, err
	}
	if len(dropped) > 0 {
		fmt.Fprintf(c.err, "connectless: %s\n", droppedNotice(f.workerConfig, dropped))
	}
	if !embedded {
		worker["bootstrap.servers"] = f.bootstrapServers
	}
	l := &localCloud{flags: f, worker: worker, shelf: openShelf(ctx, f.functions)}
	wrong := false
	for _, file := range f.connectors {
		j, err := connector.Judge(ctx, l.shelf.catalog, file, worker, config.Options{})
		if err != nil {
			return nil, err
		}
		if len(j.Problems) > 0 {
			printProblems(c.err, j)
		}
		if j.Connector == nil {
			wrong = true
			continue
		}
		if _, err := l.deployment(j.Connector); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, other := range l.given {
			if other.Name == j.Connector.Name {
				return nil, fmt.Errorf("%s: a connector with the name %s is given twice", file, other.Name)
			}
		}
		l.given = append(l.given, j.Connector)
	}
	if wrong {
		return nil, errJudged
	}
	return l, nil
}

// deployment finds what a connector needs of this machine.
func (l *localCloud) deployment(k *connector.Connector) (cloud.Deployment, error) {
	d := cloud.Deployment{Connector: k, Env: map[string]string{}}
	if k.Kind != "sink" {
		return d, fmt.Errorf("%s is a %s; connectless local runs sinks", k.Definition, k.Kind)
	}
	b, err := l.shelf.binary(k.Definition)
	if err != nil {
		return d, err
	}
	d.Binary = b.Path
	for _, name := range k.Environment {
		if setByLambda(name) {
			continue
		}
		value, set := os.LookupEnv(name)
		ours := l.flags.cosmosAddr != "" && (name == cloud.CosmosEndpointVariable || name == cloud.CosmosKeyVariable)
		switch {
		case set:
			d.Env[name] = value
		case !ours:
			return d, fmt.Errorf("the configuration refers to ${env:%s}, and the environment variable %[1]s is not set", name)
		}
	}
	return d, nil
}

// setByLambda says whether a function finds a variable in its environment because Lambda puts it there.
func setByLambda(name string) bool {
	return strings.HasPrefix(name, "AWS_LAMBDA_") || slices.Contains([]string{"AWS_REGION", "AWS_DEFAULT_REGION", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "_HANDLER"}, name)
}
