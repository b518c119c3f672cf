package config

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options say how strictly and with what knowledge a configuration is judged.
type Options struct {
	// Strict makes keys that nobody knows errors.
	Strict bool
	// References are the values of config providers' references, from [Catalog.Resolve]; every one that could not be
	// resolved is an error then. nil leaves references alone, as a plan must: checks that need their values are skipped.
	References *References
	// Unknown says that a key's value is not known yet (in a Terraform plan); the key is in the map with any value. nil:
	// all are known. UnknownWorker does the same for the worker map.
	Unknown, UnknownWorker func(key string) bool
	// Task is the task's number in the ids of Kafka clients.
	Task int
}

// Verdict is what [Catalog.Judge] found.
type Verdict struct {
	// Class is connector.class as it was given.
	Class string
	// Connector is nil when there is no such connector.
	Connector *Connector
	// Problems are those of the worker map, then the connector's in the order of the declarations, then those of keys that
	// nobody declares.
	Problems Problems
	// Effective is what the connector runs with. Without a connector it is nil. Where there are errors it is not complete.
	Effective *Effective

	findings  []finding      // of the connector, as Kafka's validate answer lists them
	at        map[string]int // of findings, by key
	recommend map[string][]string
	lines     func() []Line
}

// finding is the one of a key, nil when the key is not declared.
func (v *Verdict) finding(key string) *finding {
	if i, ok := v.at[key]; ok {
		return &v.findings[i]
	}
	return nil
}

// Use is a transform, predicate or converter as it is used, with its options, prefix cut off.
type Use struct {
	Alias      string // of a transform or predicate
	Class      string // complete; "" when it is missing, wrong or not known yet
	Plugin     *Plugin
	Config     Properties
	Predicate  string // of a transform: the predicate's alias
	Negate     bool
	FromWorker bool // of a converter: class and options are the worker map's
}

// Effective is worker map and connector put together by Kafka Connect's rules.
type Effective struct {
	Worker WorkerSettings
	// Sink or Source holds the framework's keys; a feed has those of a source.
	Sink   *SinkSettings
	Source *SourceSettings
	// Connector is every property of the connector, references resolved: what a connector's own settings are parsed from.
	Connector          Properties
	Key, Value, Header Use
	Transforms         []Use // in their order
	Predicates         []Use
	// Consumer, Producer and Admin are the properties of Kafka clients. The producer of a sink is that of its dead letters.
	Consumer, Producer, Admin Properties
}

// Common is the settings that every connector has.
func (e *Effective) Common() *CommonSettings {
	if e.Sink != nil {
		return &e.Sink.CommonSettings
	}
	return &e.Source.CommonSettings
}

// Load is what a function does when it starts: it resolves the references, judges everything, and refuses errors.
// Warnings are left in the verdict for the caller to log.
func (c *Catalog) Load(ctx context.Context, worker, connector map[string]string) (*Verdict, error) {
	v := c.Judge(worker, connector, Options{References: c.Resolve(ctx, worker, connector)})
	return v, v.Problems.Err()
}

// Judge judges every key of a connector and of the worker map it runs with. It opens nothing.
func (c *Catalog) Judge(worker, connector map[string]string, o Options) *Verdict {
	j := &judgement{catalog: c, o: o, v: &Verdict{recommend: map[string][]string{}, at: map[string]int{}}}
	providers, ps := c.providers(worker)
	j.v.Problems = ps
	j.providerParams(providers)
	j.worker = j.cells(worker, o.UnknownWorker, providers, true)
	j.connector = j.cells(connector, o.Unknown, providers, false)
	var settings WorkerSettings
	j.judgeWorker(&settings)
	j.judgeConnector(&settings)
	j.v.lines = j.lines
	return j.v
}

// A judgement is one call of Judge.
type judgement struct {
	catalog           *Catalog
	o                 Options
	worker, connector cells
	layers            []*layer
	clients           map[ClientRole]cells
	v                 *Verdict
}

// A layer is the keys under one prefix that one declaration covers.
type layer struct {
	prefix   string
	worker   bool // prefix is of the worker map
	open     bool // what else may stand here is not known
	owner    string
	findings []finding
	declared []*entry // names without prefix
	use      Use
	advice   map[string][]string
}

func (l *layer) finding(key string) *finding {
	for i := range l.findings {
		if l.findings[i].name == l.prefix+key {
			return &l.findings[i]
		}
	}
	return nil
}

func (l *layer) fail(key, message string) {
	f := l.finding(key)
	f.errs = append(f.errs, message)
}

func (l *layer) show(key string) string { f := l.finding(key); return show(f.cell, f.value) }

func (l *layer) invalid(key string, err error) string {
	f := l.finding(key)
	return fmt.Sprintf("Invalid value %s for configuration %s: %v", show(f.cell, f.value), f.name, hideIn(err, f.cell))
}

func (l *layer) recommend(key string, values []string) {
	if l.advice == nil {
		l.advice = map[string][]string{}
	}
	l.advice[l.prefix+key] = values
}

func show(c cell, text string) string {
	if c.secret {
		return hidden
	}
	return text
}

func hideIn(err error, c cell) string {
	if !c.secret || c.text == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), trim(c.text), hidden)
}

func (j *judgement) problem(p Problem) { j.v.Problems = append(j.v.Problems, p) }

func (j *judgement) held(key string) bool { return j.connector[key].held }

// cells resolves references, or marks what has some.
func (j *judgement) cells(props map[string]string, unknown func(string) bool, set providerSet, worker bool) cells {
	cs := plain(props)
	for _, key := range sortedKeys(props) {
		c := cs[key]
		switch {
		case unknown != nil && unknown(key):
			c.held, c.text = true, ""
		case worker && strings.HasPrefix(key, providersKey), !HasReference(c.raw):
			continue
		default:
			c.secret = true
			if err := j.resolve(&c, set); err != nil {
				c.held, c.text = true, ""
				j.problem(Problem{Key: key, Worker: worker, Message: fmt.Sprintf("%s: %v", key, err), Passing: allPassing(err)})
			} else if err := set.unlinked(c.raw); err != nil && j.catalog.Resolves && j.o.References == nil {
				j.problem(Problem{Key: key, Worker: worker, Severity: Warning, Message: fmt.Sprintf("%s: %v", key, err)})
			}
		}
		cs[key] = c
	}
	return cs
}

func (j *judgement) resolve(c *cell, set providerSet) (err error) {
	if j.o.References != nil {
		c.text, err = j.o.References.substitute(c.raw)
		return err
	}
	c.held, c.text = true, ""
	for _, ref := range references(c.raw) {
		if err := set.check(ref); err != nil {
			return err
		}
	}
	return nil
}

// add takes a layer's findings into the verdict.
func (j *judgement) add(l *layer) {
	j.layers = append(j.layers, l)
	for key, values := range l.advice {
		j.v.recommend[key] = values
	}
	for i := range l.findings {
		f := &l.findings[i]
		for _, message := range f.errs {
			j.problem(Problem{Key: f.name, Worker: l.worker, Message: message})
		}
		if f.key.NoEffect != "" && f.given && !f.cell.held && f.value != f.key.Default && len(f.errs) == 0 {
			j.problem(Problem{Key: f.name, Worker: l.worker, Severity: Warning, Message: fmt.Sprintf("%s has no effect: %s", f.name, f.key.NoEffect)})
		}
		if l.worker || f.key.Prefix {
			continue
		}
		if known := j.v.finding(f.name); known != nil {
			known.errs = append(known.errs, f.errs...) // a connector's own check of a framework key
			continue
		}
		j.v.at[f.name] = len(j.v.findings)
		j.v.findings = append(j.v.findings, *f)
	}
}

func (j *judgement) judgeWorker(settings *WorkerSettings) {
	l := &layer{worker: true, open: true}
	def := define(settings)
	l.findings = def.judge(j.worker, "")
	j.add(l)
	declared := names(def.entries, "")
	for _, key := range sortedKeys(j.worker) {
		switch {
		case slices.Contains(declared, key), strings.HasPrefix(key, providersKey+"."), converterOption(key) != "":
			continue
		}
		if reason, ok := excluded(workerExclusions, key); ok {
			j.problem(Problem{Key: key, Worker: true, Severity: Warning, Message: fmt.Sprintf("%s has no effect: %s.", key, reason)})
			continue
		}
		role, client := AdminClient, key
		known := slices.Concat(declared, clientKeyNames(AdminClient))
		for _, r := range clientRoles {
			if rest, ok := strings.CutPrefix(key, r.prefix()); ok {
				role, client, known = r, rest, clientKeyNames(r)
			}
		}
		prefix := strings.TrimSuffix(key, client)
		if k := findClientKey(role, client); k != nil {
			j.workerClient(k, key, prefix)
			continue
		}
		if !slices.Contains(known, client) && !strings.HasPrefix(key, "offset.storage.") {
			j.problem(Problem{Key: key, Worker: true, Severity: j.unknownSeverity(),
				Message: fmt.Sprintf("%s is not a key of a worker%s", key, didYouMean(prefix, nearest(client, "", known)))})
		}
	}
}

// workerClient judges a setting of Kafka clients in the worker map.
func (j *judgement) workerClient(k *clientKey, key, prefix string) {
	j.add(&layer{worker: true, open: true, prefix: prefix, findings: []finding{k.judge(j.worker[key], prefix)}})
}

// providerParams judges the parameters of config providers that are declared in the worker map.
func (j *judgement) providerParams(set providerSet) {
	for _, name := range sortedKeys(set.params) {
		plugin := set.plugins[name]
		if plugin.Params == nil {
			continue
		}
		l := &layer{worker: true, open: true, prefix: providersKey + "." + name + ".param."}
		def, params := define(plugin.Params()), plain(set.params[name])
		l.findings = def.judge(params, l.prefix)
		j.add(l)
		declared := names(def.entries, "")
		for _, key := range sortedKeys(params) {
			if !slices.Contains(declared, key) {
				j.problem(Problem{Key: l.prefix + key, Worker: true, Severity: j.unknownSeverity(),
					Message: fmt.Sprintf("%s is not a parameter of %s%s", l.prefix+key, plugin.Name, didYouMean(l.prefix, nearest(key, "", declared)))})
			}
		}
	}
}

func (j *judgement) judgeConnector(settings *WorkerSettings) {
	class := j.connector["connector.class"]
	j.v.Class = trim(class.text)
	if class.held {
		return
	}
	if j.v.Class == "" {
		j.problem(Problem{Key: "connector.class", Message: `Missing required configuration "connector.class" which has no default value.`})
		return
	}
	connector, err := j.catalog.Connector(j.v.Class)
	if err != nil {
		j.problem(Problem{Key: "connector.class", Message: hideIn(err, class)})
		return
	}
	j.v.Connector = connector
	j.v.findings = make([]finding, 0, 128) // most connectors with a few transforms have fewer keys
	e := &Effective{Worker: *settings, Connector: Properties(j.connector.texts())}
	j.v.Effective = e

	framework, common := connector.framework()
	switch s := framework.(type) {
	case *SinkSettings:
		e.Sink = s
	case *SourceSettings:
		e.Source = s
	}
	def := define(framework)
	l := &layer{findings: def.judge(j.connector, ""), declared: def.entries}
	j.add(l)
	j.transforms(common)
	if e.Source != nil {
		j.topicCreation(e.Source.TopicCreationGroups, settings)
		j.transactions(e.Source, settings)
	}
	own := connector.Config(j.v.Class)
	ownDef := define(own)
	ownLayer := &layer{findings: ownDef.judge(j.connector, ""), declared: ownDef.entries, owner: connector.Name}
	j.add(ownLayer)
	j.remarks(own, ownLayer, e.Sink, l)
	e.Key = j.converter("key", ConverterPlugin)
	e.Value = j.converter("value", ConverterPlugin)
	e.Header = j.converter("header", HeaderConverterPlugin)
	j.overrides(settings)
	j.compose(e, common.Name)
	j.actionReload()
	j.undeclared(l.declared, ownDef.entries)
}

// remarks asks the connector's settings what else there is to say, once they are known and right.
func (j *judgement) remarks(own Definer, ownLayer *layer, sink *SinkSettings, framework *layer) {
	if !ownLayer.sure() {
		return
	}
	var said Problems
	if w, ok := own.(Warner); ok {
		said = w.Warnings()
	}
	if c, ok := own.(SinkChecker); ok && sink != nil && framework.sure() {
		said = append(said, c.CheckSink(sink)...)
	}
	for _, p := range said {
		p.Message = hide(p.Message, j.connector, ownLayer.findings)
		j.problem(p)
		if f := j.v.finding(p.Key); f != nil && p.Severity == Error {
			f.errs = append(f.errs, p.Message)
		}
	}
}

// sure says whether every value is known and right.
func (l *layer) sure() bool {
	return !slices.ContainsFunc(l.findings, func(f finding) bool { return f.cell.held || len(f.errs) > 0 })
}

// transactions reports settings of exactly-once delivery that a function cannot honour.
func (j *judgement) transactions(s *SourceSettings, worker *WorkerSettings) {
	const support = "exactly.once.support"
	if strings.EqualFold(s.ExactlyOnce, "required") && !strings.EqualFold(worker.ExactlyOnceSource, "enabled") && !j.worker["exactly.once.source.support"].held {
		const message = "This worker does not have exactly-once source support enabled."
		j.problem(Problem{Key: support, Message: message})
		j.v.finding(support).errs = append(j.v.finding(support).errs, message)
	}
	const key = "transaction.boundary"
	switch strings.ToLower(s.TransactionBoundary) {
	case "connector":
		j.problem(Problem{Key: key, Message: "transaction.boundary=connector is not supported: no connector here defines transactions of its own."})
	case "interval":
		j.problem(Problem{Key: key, Severity: Warning, Message: "transaction.boundary=interval has no effect: every poll is a transaction."})
	}
}

func (j *judgement) actionReload() {
	const key = "config.action.reload"
	if c, given := j.connector[key]; given && trim(c.text) == "restart" {
		j.problem(Problem{Key: key, Severity: Warning, Message: key + "=restart has no effect on a function that runs: it reads its secrets when it starts, so a new version is taken at the next start."})
	}
}

// names are the names of keys that begin with prefix.
func names(keys []*entry, prefix string) []string {
	var list []string
	for i := range keys {
		if strings.HasPrefix(keys[i].Name, prefix) && keys[i].Name != "" {
			list = append(list, keys[i].Name)
		}
	}
	return list
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
