package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/connectless/connectless/core/host/eventsource"
)

// Outcome is what a run came to.
type Outcome struct {
	Plan       *Plan
	Violations []Violation
	Records    int
	Requests   int // writes that the account was asked for
	Virtual    time.Duration
	Fleet      FleetStats
	Mapping    eventsource.Status
}

func (o *Outcome) String() string {
	return fmt.Sprintf("seed %d (%v): %d records, %d writes, %d invocations (%d failed, %d timed out), %d processes (%d killed), %v",
		o.Plan.Seed, o.Plan.Mode, o.Records, o.Requests, o.Fleet.Invocations, o.Fleet.Errors, o.Fleet.Timeouts, o.Fleet.Processes, o.Fleet.Kills, o.Virtual)
}

// patience is how long everything may take that waits when the weather is fine again, in virtual time.
const patience = 10 * time.Minute

// Run carries out a plan in a cloud of its own. dir is for plans that are durable; log may be nil. It is meant for a
// synctest bubble: the plan takes minutes.
func Run(ctx context.Context, p *Plan, dir string, log io.Writer) (*Outcome, error) {
	return p.runIn(ctx, CloudConfig{Log: log}, dir)
}

// runIn carries out a plan in a cloud that has what cfg says beside what the plan does.
func (p *Plan) runIn(ctx context.Context, with CloudConfig, dir string) (*Outcome, error) {
	cfg := CloudConfig{
		Real: with.Real, Partitions: p.Partitions, Timeout: p.Timeout, Seed: p.Seed, Log: with.Log, Mapping: p.mapping,
		Connector: map[string]string{"azure.cosmos.sink.bulk.enabled": fmt.Sprint(!p.Points), "azure.cosmos.sink.maxRetryCount": fmt.Sprint(p.Tries)},
	}
	if p.Durable {
		cfg.Dir = dir
	}
	if !p.Letters {
		maps.Copy(cfg.Connector, NoLetters)
	}
	begun := time.Now()
	c, err := NewCloud(cfg)
	if err != nil {
		return nil, err
	}
	r := &run{Cloud: c, plan: p, random: draws(p.Seed, 7)}
	err = r.carryOut(ctx)
	o := &Outcome{Plan: p, Records: c.History.Produced(), Requests: c.faults.writes, Fleet: c.functions.Stats(), Mapping: c.Mapping.Status()}
	if err == nil {
		o.Violations, err = c.Finish(ctx)
	}
	o.Virtual = time.Since(begun).Truncate(time.Second)
	return o, errors.Join(err, c.Close())
}

func (p *Plan) mapping(m *eventsource.Config) {
	m.BatchSize, m.MaximumBatchingWindow = p.BatchSize, &p.Window
	if p.Mode == OnDemand {
		m.Lanes = p.Lanes
		return
	}
	m.Provisioned = &eventsource.Provisioned{}
	m.ReportBatchItemFailures, m.BisectBatchOnFunctionError = p.Mode == Reporting, p.Bisect
	if p.OnFailure {
		m.OnFailureTopic, m.MaximumRetryAttempts = GivenTopic, &p.Retries
	}
}

// run is a plan being carried out.
type run struct {
	*Cloud
	plan    *Plan
	random  *rand.Rand
	records *records
}

func (r *run) carryOut(ctx context.Context) error {
	r.faults.begin(r.plan)
	r.records = newRecords(r.plan)
	begun := time.Now()
	var producing sync.WaitGroup
	var failed error
	producing.Go(func() { failed = r.produce(ctx) })
	for _, e := range r.plan.Events {
		sleep(ctx, e.At-time.Since(begun))
		if err := r.happen(ctx, e); err != nil {
			producing.Wait()
			return fmt.Errorf("chaos: %v at %v: %w", e.What, e.At, err)
		}
	}
	producing.Wait()
	if failed != nil {
		return failed
	}
	sleep(ctx, r.plan.Calm-time.Since(begun))
	// A commit that was refused is made good by the next one of its partition.
	for p := range int32(r.cfg.Partitions) {
		if err := r.Produce(ctx, r.records.last(r.History, p)); err != nil {
			return err
		}
	}
	return r.WaitDrained(ctx, patience)
}

// produce produces the plan's records.
func (r *run) produce(ctx context.Context) error {
	for made := 0; made < r.plan.Records; {
		var burst []*Record
		for range min(r.plan.Burst, r.plan.Records-made) {
			burst = append(burst, r.records.next(r.History))
			made++
		}
		if err := r.Produce(ctx, burst...); err != nil {
			return err
		}
		sleep(ctx, r.plan.Pause)
	}
	return nil
}

// grace is how long a change of the mapping waits for invocations.
const grace = 2 * time.Second

func (r *run) happen(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	switch e.What {
	case KillBusy:
		r.functions.KillBusy(1)
	case KillAll:
		r.functions.KillAll()
	case Redeploy:
		r.functions.Redeploy()
	case Rebalance:
		r.Broker().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.RebalanceInProgress})
	case Fenced:
		r.Broker().Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID})
	case Split:
		if ids := r.Account().Partitions(Database, Container); len(ids) < 8 {
			return r.Account().SplitPartition(Database, Container, ids[r.random.IntN(len(ids))])
		}
	case Resize:
		return r.Mapping.Update(ctx, func(m *eventsource.Config) { m.BatchSize = e.N })
	case Suspend:
		if err := r.Mapping.SetEnabled(ctx, false); err != nil {
			return err
		}
		sleep(context.WithoutCancel(ctx), e.For)
		return r.Mapping.SetEnabled(context.WithoutCancel(ctx), true)
	case ReportOff:
		r.SetReports(false)
		if err := r.Mapping.Update(ctx, func(m *eventsource.Config) { m.ReportBatchItemFailures = false }); err != nil {
			return err
		}
		sleep(context.WithoutCancel(ctx), e.For)
		if err := r.Mapping.Update(context.WithoutCancel(ctx), func(m *eventsource.Config) { m.ReportBatchItemFailures = true }); err != nil {
			return err
		}
		r.SetReports(true)
	case AddPartition:
		return r.addPartition(context.WithoutCancel(ctx))
	case Restart:
		return r.Restart(context.WithoutCancel(ctx), e.For)
	}
	return nil
}

// addPartition adds one to the topic; only its last record goes there.
func (r *run) addPartition(ctx context.Context) error {
	responses, err := r.Admin.CreatePartitions(ctx, 1, Topic)
	if err == nil {
		err = responses.Error()
	}
	if err != nil {
		return err
	}
	r.client.ForceMetadataRefresh() // a client cannot produce to a partition that it does not know
	sleep(ctx, time.Second)
	r.cfg.Partitions++
	return nil
}
