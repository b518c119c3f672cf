package function

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/convert"
	"github.com/connectless/connectless/core/errpolicy"
	"github.com/connectless/connectless/core/kafka"
	"github.com/connectless/connectless/core/task"
	"github.com/connectless/connectless/core/transform"
	"github.com/connectless/connectless/core/transform/smt"
)

// Catalog is what a connector's configuration may name when it runs with one of the definitions.
func Catalog(defs ...connect.Definition) *config.Catalog {
	c := &config.Catalog{Plugins: append(transform.Plugins(), convert.Plugins()...), Providers: providers(), Resolves: true}
	for _, d := range defs {
		c.Connectors = append(c.Connectors, d.Declaration())
	}
	return c
}

// plan is a judged configuration: everything a task is made of.
type plan struct {
	def     connect.Definition
	doc     *Document
	verdict *config.Verdict
}

// newPlan judges a document for the definition; what is wrong with it is one error, fatal unless it is only that a store
// of secrets is out of reach. Warnings stay in the verdict.
func newPlan(ctx context.Context, def connect.Definition, doc *Document) (*plan, error) {
	v, err := Catalog(def).Load(ctx, doc.Worker, doc.Config)
	if err != nil {
		return nil, classify(err)
	}
	return &plan{def: def, doc: doc, verdict: v}, nil
}

// classify says whether a configuration that was refused may be accepted the next time.
func classify(err error) error {
	if config.IsPassing(err) {
		return connect.Retriable(err)
	}
	return connect.Fatal(err)
}

func (p *plan) name() string { return p.verdict.Effective.Common().Name }

// settings are the connector's own, filled.
func (p *plan) settings() (config.Definer, error) {
	settings := p.def.Config(p.verdict.Class)
	return settings, config.Parse(p.verdict.Effective.Connector, settings).Err()
}

// openSink opens the connector with settings of its own: it may keep and change them.
func (p *plan) openSink(ctx context.Context, open OpenSink) (connect.Sink, error) {
	settings, err := p.settings()
	if err != nil {
		return nil, connect.Fatal(err)
	}
	return open(ctx, settings)
}

// pipeline is the part of a task between the trigger and the connector.
func (p *plan) pipeline() (task.SinkConfig, error) {
	e := p.verdict.Effective
	var c task.SinkConfig
	var errs [4]error
	c.Key, errs[0] = newConverter(e.Key.Class, e.Key.Config, true)
	c.Value, errs[1] = newConverter(e.Value.Class, e.Value.Config, false)
	c.Header, errs[2] = newHeaderConverter(e.Header.Class, e.Header.Config)
	chain, err := smt.NewChain(e.Connector)
	errs[3] = err
	if err := errors.Join(errs[:]...); err != nil {
		return c, connect.Fatal(fmt.Errorf("function: %w", err))
	}
	c.KeyClass, c.ValueClass, c.HeaderClass = e.Key.Class, e.Value.Class, e.Header.Class
	if len(e.Transforms) > 0 {
		c.Chain = staged{chain}
	}
	s := e.Sink
	c.Policy = errpolicy.Policy{
		Connector:   s.Name,
		TolerateAll: s.Errors.Tolerance == "all",
		RetryFor:    time.Duration(s.Errors.RetryTimeout) * time.Millisecond,
		MaxDelay:    time.Duration(s.Errors.RetryDelayMax) * time.Millisecond,
		Log:         s.Errors.LogEnable,
		LogMessages: s.Errors.LogWithMessages,
		Topic:       s.DeadLetterTopic,
		Target:      s.DeadLetterTarget,
		Headers:     s.DeadLetterHeaders,
	}
	return c, nil
}

// sinkTask makes the task. It opens nothing: that is part of the first invocation.
func (p *plan) sinkTask(open OpenSink, log *slog.Logger, o Options) (*task.Sink, error) {
	c, err := p.pipeline()
	if err != nil {
		return nil, err
	}
	if o.OpenProducer == nil {
		o.OpenProducer = func(props map[string]string) (connect.Sink, error) { return kafka.NewProducer(props) }
	}
	var t *task.Sink
	var valid atomic.Pointer[plan]
	valid.Store(p)
	// current is the plan to open clients with. A task that has failed for good may have been refused for credentials that
	// were changed since: what the configuration refers to is looked up again, once for each client that is opened anew.
	current := func(ctx context.Context) (*plan, error) {
		if !t.State().Failed {
			return valid.Load(), nil
		}
		again, err := newPlan(ctx, p.def, p.doc)
		if err != nil {
			return nil, err
		}
		valid.Store(again)
		return again, nil
	}
	c.Open = func(ctx context.Context) (connect.Sink, error) {
		p, err := current(ctx)
		if err != nil {
			return nil, err
		}
		return p.openSink(ctx, open)
	}
	if c.Policy.Topic != "" {
		if len(p.verdict.Effective.Producer["bootstrap.servers"]) == 0 {
			return nil, connect.Fatal(errors.New("function: the dead letter topic needs bootstrap.servers in the worker map"))
		}
		c.OpenDeadLetters = func(ctx context.Context) (connect.Sink, error) {
			p, err := current(ctx)
			if err != nil {
				return nil, err
			}
			return o.OpenProducer(p.verdict.Effective.Producer)
		}
	}
	if c.Policy.Target != "" {
		letters, err := p.targetOpener(o)
		if err != nil {
			return nil, err
		}
		c.OpenDeadLetters = func(context.Context) (connect.Sink, error) { return letters() }
	}
	c.Reports = p.doc.Trigger.ReportBatchItemFailures
	c.Log = log
	t = task.NewSink(c)
	return t, nil
}

// targetOpener finds out how dead letters get to errors.deadletterqueue.target, and connects to nothing.
func (p *plan) targetOpener(o Options) (func() (connect.Sink, error), error) {
	target, err := config.ParseDeadLetterTarget(p.verdict.Effective.Sink.DeadLetterTarget)
	if err != nil {
		return nil, connect.Fatal(err)
	}
	open := o.OpenTarget
	if open == nil {
		open = openTarget
	}
	if open == nil {
		return nil, connect.Fatal(fmt.Errorf("function: errors.deadletterqueue.target=%s: what writes to S3 and SQS is not linked into this program: the packages for AWS Lambda have it; elsewhere build with -tags secretsmanager, or use errors.deadletterqueue.topic.name", target))
	}
	return func() (connect.Sink, error) { return open(target) }, nil
}

// staged names the stage of a transform's failure.
type staged struct{ chain *smt.Chain }

func (s staged) Apply(r *connect.Record) (bool, error) {
	keep, err := s.chain.Apply(r)
	if err == nil {
		return keep, nil
	}
	var at *smt.StageError
	if errors.As(err, &at) {
		return false, &errpolicy.Failure{Stage: errpolicy.Transformation, Class: at.Class, Err: at.Err}
	}
	return false, err
}

// Options are what a program that drives a task itself may change about it. The zero value is what functions run with.
type Options struct {
	// OpenProducer opens the dead letter topic's producer from Java producer properties. nil means [kafka.NewProducer].
	OpenProducer func(props map[string]string) (connect.Sink, error)
	// OpenTarget opens what writes dead letters to errors.deadletterqueue.target. nil means what the
	// binary links, if it does.
	OpenTarget func(config.DeadLetterTarget) (connect.Sink, error)
}

// NewSink is [Options.NewSink] with what functions run with.
func NewSink(ctx context.Context, def connect.Definition, open OpenSink, doc *Document, log *slog.Logger) (*task.Sink, error) {
	return Options{}.NewSink(ctx, def, open, doc, log)
}

// NewSink makes the task that a function with this definition and document runs, for programs that drive it themselves:
// it is what [Sink] runs behind a platform.
func (o Options) NewSink(ctx context.Context, def connect.Definition, open OpenSink, doc *Document, log *slog.Logger) (*task.Sink, error) {
	p, err := newPlan(ctx, def, doc)
	if err != nil {
		return nil, err
	}
	return p.sinkTask(open, log, o)
}
