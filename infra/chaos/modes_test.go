package chaos

import (
	"slices"
	"testing"
	"time"
)

// storm is a plan in which everything goes wrong at least once.
func storm(m Mode) *Plan {
	p := &Plan{
		Seed: 100 + uint64(m), Mode: m, Letters: true, Partitions: 3, Keys: 8, Records: 300, BadEvery: 8, Pause: 500 * time.Millisecond, Burst: 12,
		BatchSize: 25, Window: 100 * time.Millisecond, Timeout: 2 * time.Second, Latency: 20 * time.Millisecond, Points: true, Tries: 2, Calm: 40 * time.Second,
		Events: []Event{{At: 6 * time.Second, What: KillAll}, {At: 9 * time.Second, What: Rebalance}, {At: 12 * time.Second, What: Resize, N: 7},
			{At: 15 * time.Second, What: Split}, {At: 18 * time.Second, What: Suspend, For: 3 * time.Second}, {At: 24 * time.Second, What: AddPartition},
			{At: 27 * time.Second, What: KillBusy}, {At: 30 * time.Second, What: Fenced}},
		Kills: []Kill{{Write: 20, After: true}, {Write: 50}, {Write: 90, After: true}},
	}
	for w := range weathers {
		from := time.Duration(w) * 2 * time.Second
		p.Spells = append(p.Spells, Spell{Weather: w, From: from, To: from + 4*time.Second, Odds: 0.3, Wait: 300 * time.Millisecond})
	}
	return p
}

// lossless plays a plan, every promise being checked, and wants failures to have reached the mapping.
func lossless(t *testing.T, p *Plan) {
	t.Helper()
	o := play(t, p)
	if o == nil {
		return
	}
	if o.Mapping.Failed == 0 || o.Fleet.Kills == 0 {
		t.Errorf("%d invocations failed and %d processes were killed: nothing was put to the test", o.Mapping.Failed, o.Fleet.Kills)
	}
	if p.OnFailure == (o.Mapping.GivenUp == 0) {
		t.Errorf("%d records were given up", o.Mapping.GivenUp)
	}
}

// An on-demand mapping repeats the whole batch, and nothing is lost.
func TestOnDemand(t *testing.T) { lossless(t, storm(OnDemand)) }

// A provisioned mapping that does not report items takes any answer for success. Nothing is lost, because the function
// answers a failure with an error.
func TestProvisionedWithoutReporting(t *testing.T) { lossless(t, storm(Provisioned)) }

// A mapping that reports items repeats from the first failed record of each partition, and nothing is lost.
func TestReporting(t *testing.T) { lossless(t, storm(Reporting)) }

// Bisecting changes what is repeated, not what is delivered.
func TestBisecting(t *testing.T) {
	for _, m := range []Mode{Provisioned, Reporting} {
		t.Run(m.String(), func(t *testing.T) {
			p := storm(m)
			p.Bisect = true
			lossless(t, p)
		})
	}
}

// With an on-failure destination and nothing tolerated, what a mapping gives up is in the destination with its bytes, bad
// records among it, and everything else is delivered.
func TestOnFailureDestination(t *testing.T) {
	for _, m := range []Mode{Provisioned, Reporting} {
		t.Run(m.String(), func(t *testing.T) {
			p := storm(m)
			p.OnFailure, p.Retries, p.Letters, p.Bisect = true, 2, false, true
			lossless(t, p)
		})
	}
}

// Reporting is switched on and off under load: the mapping first and then the function, off in reverse order.
func TestReportingIsSwitched(t *testing.T) {
	p := storm(Reporting)
	for _, at := range []time.Duration{5 * time.Second, 14 * time.Second, 26 * time.Second} {
		p.Events = append(p.Events, Event{At: at, What: ReportOff, For: 3 * time.Second})
	}
	slices.SortFunc(p.Events, func(a, b Event) int { return int(a.At - b.At) })
	lossless(t, p)
}

// Broker, account, mapping and functions are stopped at once, as by a power cut, and go on with what is on disk.
func TestRestart(t *testing.T) {
	p := storm(OnDemand)
	p.Durable = true
	p.Events = []Event{{At: 5 * time.Second, What: Restart, For: time.Second}, {At: 17 * time.Second, What: Restart, For: 5 * time.Second}}
	lossless(t, p)
}
