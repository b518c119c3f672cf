package function

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/platform/awslambda"
	"github.com/connectless/connectless/core/platform/azurefunc"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/trigger"
)

// Version of the engine and its connectors, set by the linker.
var Version = "dev"

// OpenSink opens a sink with its settings: what the definition's Config returned, filled and without errors. It is
// called once per lane of concurrent invocations, and again after a failure that may have been mended.
type OpenSink func(ctx context.Context, settings config.Definer) (connect.Sink, error)

// Sink is the main of a sink's function. It does not return.
func Sink(def connect.Definition, open OpenSink) {
	if awslambda.Here() {
		os.Exit(onLambda(def, open))
	}
	if azurefunc.Here() {
		os.Exit(onAzure(def, open))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c := command{def: def, open: open, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	code := c.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// newLog makes the structured log: one JSON object a line, on stdout, where Lambda's log collection reads it.
func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

// start makes the task that the document asks for, ready to run events.
func start(def connect.Definition, open OpenSink, log *slog.Logger) (*plan, *task.Sink, error) {
	doc, err := LoadDocument()
	if err != nil {
		return nil, nil, err
	}
	p, err := newPlan(context.Background(), def, doc)
	if err != nil {
		return nil, nil, err
	}
	for _, problem := range p.verdict.Problems {
		log.Warn(problem.Message, "key", problem.Key)
	}
	t, err := p.sinkTask(open, log, Options{})
	return p, t, err
}

func onLambda(def connect.Definition, open OpenSink) int {
	limitMemory() // while nothing runs beside it: it stops the world
	process := awslambda.Begin()
	log := newLog(os.Stdout)
	fail := func(err error) int {
		log.Error("the function cannot start", "error", err)
		if e := awslambda.FailInit(err); e != nil {
			log.Error("telling Lambda so", "error", e)
		}
		return exitFault
	}
	p, t, err := start(def, open, log)
	if err != nil {
		return fail(err)
	}
	run := func(ctx context.Context, decode trigger.Decode) trigger.Result {
		result, stats := t.Run(ctx, decode)
		logInvocation(ctx, log, true, p.name(), time.Now(), result, &stats)
		return result
	}
	warm, cancel := context.WithTimeout(context.Background(), warmTime)
	defer cancel()
	t.Warm(warm)
	process.Serve(run, p.doc.Trigger.ReportBatchItemFailures, func() { closeTask(t, log) }, func(err error) {
		log.Warn("clients will not be closed when Lambda ends this process", "error", err)
	})
	return fail(errors.New("function: the Lambda runtime ended"))
}

// limitMemory makes the garbage collector work harder before Lambda ends the process for its memory. The limit is the Go
// heap's; what is left of the function's memory is for the binary's own pages and for what the kernel counts beside it.
// GOMEMLIMIT wins.
func limitMemory() {
	size, err := strconv.ParseInt(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err != nil || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit((size << 20) * 6 / 10)
}

// warmTime bounds what a function does before its first event, which waits for it.
const warmTime = 5 * time.Second

func onAzure(def connect.Definition, open OpenSink) int {
	log := newLog(os.Stdout)
	fail := func(err error) int {
		log.Error("the function cannot run", "error", err)
		return exitFault
	}
	p, t, err := start(def, open, log)
	if err != nil {
		return fail(err)
	}
	if p.doc.Trigger.ReportBatchItemFailures {
		return fail(errors.New("function: report.batch.item.failures is for Lambda's event source mappings; the Kafka trigger of Azure Functions knows no partial answer"))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer closeTask(t, log)
	if err := azurefunc.Serve(ctx, func(ctx context.Context, decode trigger.Decode) trigger.Result {
		result, stats := t.Run(ctx, decode)
		logInvocation(ctx, log, false, p.name(), time.Now(), result, &stats)
		return result
	}); err != nil {
		return fail(err)
	}
	return exitOK
}

func closeTask(t *task.Sink, log *slog.Logger) {
	if err := t.Close(); err != nil {
		log.Warn("closing clients", "error", err)
	}
}
