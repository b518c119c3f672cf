package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Mode is the kind of mapping.
type Mode uint8

const (
	OnDemand    Mode = iota // repeats the whole batch
	Provisioned             // the same, because the function's failure is an error
	Reporting               // provisioned, reporting items: repeats from the first failed record of each partition
	modes
)

func (m Mode) String() string { return [...]string{"on-demand", "provisioned", "reporting"}[m] }

// Plan is everything that a seed decides.
type Plan struct {
	Seed uint64

	Mode      Mode
	Bisect    bool
	Retries   int  // of a batch, before it is given up; only with OnFailure
	OnFailure bool // a destination for what is given up; then bad records are not tolerated
	Letters   bool // bad records are tolerated and dead letters; else there are none, or OnFailure takes them

	Partitions int
	Keys       int // per partition
	Records    int
	BadEvery   int // one record of so many is bad, 0 for none
	Pause      time.Duration
	Burst      int // so many records at once, then a pause

	BatchSize int
	Window    time.Duration
	Lanes     int // of an on-demand mapping, 0 for one per partition
	Timeout   time.Duration
	Latency   time.Duration // of the account
	Points    bool          // a request per record
	Tries     int           // of the connector, for transient failures
	Durable   bool          // what is on disk survives restarts; there are some

	Spells []Spell // by time
	Events []Event // by time
	Kills  []Kill
	Calm   time.Duration // when all faults are over
}

// Weather is what a spell does to requests of the account, or of Kafka.
type Weather uint8

const (
	Throttling Weather = iota
	RetryWith
	Unavailable
	PartitionGone
	RequestTimeout
	CutBefore
	CutAfter
	CutDuring
	StallBefore
	StallAfter
	Slow
	LettersRefused // these are of the dead letter topic
	LettersWrittenButRefused
	LettersCut
	LettersSlow
	CommitsRefused
	FetchesRefused
	weathers
)

func (w Weather) String() string {
	return [...]string{"429", "449", "503", "410", "408", "cut before", "cut after", "cut during", "stall before", "stall after", "slow",
		"letters refused", "letters written but refused", "letters cut", "letters slow", "commits refused", "fetches refused"}[w]
}

// Spell is a time of bad weather.
type Spell struct {
	Weather  Weather
	From, To time.Duration
	Odds     float64 // of a request to be hit
	Wait     time.Duration
}

// What happens once.
type What uint8

const (
	KillBusy What = iota
	KillAll
	Redeploy // new processes, as after a change of the function
	Rebalance
	Fenced // the mapping loses its membership in the group
	Split  // of a physical partition of the container
	Resize // the mapping's batches
	Suspend
	ReportOff // and on again: mapping first, then function; off in reverse order
	AddPartition
	Restart // of the broker, the account and the mapping
	whats
)

func (w What) String() string {
	return [...]string{"kill busy", "kill all", "redeploy", "rebalance", "fenced", "split", "resize", "suspend", "report off and on", "add partition", "restart"}[w]
}

// Event is something that happens at a time.
type Event struct {
	At   time.Duration
	What What
	For  time.Duration // of Suspend and Restart
	N    int           // of Resize: the batch size
}

// Kill ends the process that sends the account's nth write, when it has taken effect or before it does.
type Kill struct {
	Write int
	After bool
}

// draws are random decisions of one kind; those of other kinds do not depend on how many there were.
func draws(seed, kind uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, kind)) }

func between(r *rand.Rand, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(r.Int64N(int64(hi-lo)+1)).Truncate(time.Millisecond)
}

func oneOf[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// NewPlan makes the plan of a seed.
func NewPlan(seed uint64) *Plan {
	r := draws(seed, 1)
	p := &Plan{
		Seed: seed, Mode: Mode(r.IntN(int(modes))),
		Partitions: 1 + r.IntN(4), Keys: 1 + r.IntN(12), Records: 60 + r.IntN(180),
		BadEvery: oneOf(r, 0, 5, 20), Pause: between(r, 10*time.Millisecond, 3*time.Second), Burst: oneOf(r, 5, 20, 100),
		BatchSize: oneOf(r, 1, 7, 30, 100, 1000), Window: oneOf(r, 0, 50*time.Millisecond, 500*time.Millisecond),
		Timeout: oneOf(r, time.Second, 3*time.Second, 10*time.Second), Latency: oneOf(r, time.Millisecond, 10*time.Millisecond, 60*time.Millisecond),
		Points: r.IntN(3) == 0, Tries: oneOf(r, 0, 2, 10), Durable: r.IntN(5) == 0,
		Letters: true, Calm: 40 * time.Second,
	}
	switch {
	case p.Mode == OnDemand:
		p.Lanes = r.IntN(p.Partitions + 1)
	case r.IntN(3) == 0:
		p.OnFailure, p.Retries, p.Letters = true, 1+r.IntN(4), r.IntN(2) == 0
	}
	if p.Mode != OnDemand {
		p.Bisect = r.IntN(3) == 0
	}
	if !p.Letters && !p.OnFailure {
		p.BadEvery = 0
	}
	r = draws(seed, 2)
	for range r.IntN(6) {
		p.Spells = append(p.Spells, p.spell(r))
	}
	slices.SortFunc(p.Spells, func(a, b Spell) int { return int(a.From - b.From) })
	r = draws(seed, 3)
	for range r.IntN(6) {
		p.Events = append(p.Events, p.event(r))
	}
	p.Events = slices.DeleteFunc(p.Events, func(e Event) bool {
		return e.What == Restart && !p.Durable || e.What == ReportOff && p.Mode != Reporting
	})
	slices.SortFunc(p.Events, func(a, b Event) int { return int(a.At - b.At) })
	r = draws(seed, 4)
	for range r.IntN(4) {
		p.Kills = append(p.Kills, Kill{Write: 1 + r.IntN(60), After: r.IntN(2) == 0})
	}
	return p
}

func (p *Plan) spell(r *rand.Rand) Spell {
	s := Spell{Weather: Weather(r.IntN(int(weathers))), Odds: oneOf(r, 0.1, 0.5, 1), From: between(r, 0, p.Calm*3/4)}
	s.To = min(s.From+between(r, time.Second, 15*time.Second), p.Calm)
	s.Wait = between(r, time.Millisecond, 2*time.Second)
	return s
}

func (p *Plan) event(r *rand.Rand) Event {
	return Event{At: between(r, 0, p.Calm), What: What(r.IntN(int(whats))), For: between(r, 0, 10*time.Second), N: oneOf(r, 1, 10, 500)}
}

// String says in a few lines what happens.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %v", p.Seed, p.Mode)
	if p.Bisect {
		b.WriteString(", bisecting")
	}
	if p.OnFailure {
		fmt.Fprintf(&b, ", giving up after %d retries", p.Retries)
	}
	if p.Letters {
		b.WriteString(", dead letters")
	}
	if p.Points {
		b.WriteString(", point writes")
	}
	if p.Durable {
		b.WriteString(", on disk")
	}
	fmt.Fprintf(&b, "\n  %d records of %d keys in each of %d partitions, 1 in %d bad, %d every %v", p.Records, p.Keys, p.Partitions, p.BadEvery, p.Burst, p.Pause)
	fmt.Fprintf(&b, "\n  batches of %d within %v, %d lanes, timeout %v, latency %v, %d tries", p.BatchSize, p.Window, p.Lanes, p.Timeout, p.Latency, p.Tries)
	for _, s := range p.Spells {
		fmt.Fprintf(&b, "\n  %v to %v: %v, odds %v, wait %v", s.From, s.To, s.Weather, s.Odds, s.Wait)
	}
	for _, e := range p.Events {
		fmt.Fprintf(&b, "\n  %v: %v", e.At, e.What)
	}
	for _, k := range p.Kills {
		fmt.Fprintf(&b, "\n  write %d: kill, after it %v", k.Write, k.After)
	}
	return b.String()
}
