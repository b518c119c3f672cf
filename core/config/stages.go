package config

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
)

// stage are the keys that every transform has beside its own (transforms.<alias>.type, .predicate, .negate).
type stage struct {
	alias     string
	class     string
	predicate string
	negate    bool
}

func (s *stage) Define(d *Def) {
	d.Class(&s.class, "type", "", "Class of the transform "+s.alias+".",
		Required(), Rank(High), Form("Transformation type for "+s.alias, LongWidth, 0))
	d.String(&s.predicate, "predicate", "", "Alias of the predicate that decides whether the transform applies to a record.", NoDefault())
	d.Bool(&s.negate, "negate", false, "Whether the transform applies where the predicate says no.")
}

// predicateStage are the keys that every predicate has beside its own.
type predicateStage struct{ alias, class string }

func (s *predicateStage) Define(d *Def) {
	d.Class(&s.class, "type", "", "Class of the predicate "+s.alias+".",
		Required(), Rank(High), Form("Predicate type for "+s.alias, LongWidth, 0))
}

const (
	creationPrefix       = "topic.creation."
	defaultCreationGroup = "default"
)

// creationGroup are the keys of one group of topics that a source may create (KIP-158).
type creationGroup struct {
	name             string
	include, exclude []string
	replication      int16
	partitions       int
	topicConfig      map[string]string
}

func (g *creationGroup) Define(d *Def) {
	group := Group(groupCreation + ": " + g.name)
	required := Required()
	if g.name != defaultCreationGroup {
		required = NoDefault() // of the default group
		d.List(&g.include, "include", "", "Regular expressions of the topics that belong to the group.", Required(), group, Rank(High), Check(regexes))
		d.List(&g.exclude, "exclude", "", "Regular expressions of the topics that do not.", group, Check(regexes))
	}
	d.Short(&g.replication, "replication.factor", 0, "Replication factor of new topics; -1 for the broker's default.", required, group, Check(countOrBroker))
	d.Int(&g.partitions, "partitions", 0, "Partitions of new topics; -1 for the broker's default.", required, group, Check(countOrBroker))
	d.Prefix(&g.topicConfig, "", "Any setting of a topic.", group)
}

func regexes(raw string) error {
	for _, expr := range SplitList(raw) {
		var e entry
		Regex()(&e)
		if err := e.checks[0](expr); err != nil {
			return err
		}
	}
	return nil
}

// countOrBroker wants a positive number or -1.
func countOrBroker(raw string) error {
	if n, err := strconv.Atoi(raw); err == nil && n < 1 && n != -1 {
		return said("Value must be a positive number, or -1 to use the broker's default")
	}
	return nil
}

// transforms judges the transforms and predicates that a connector lists.
func (j *judgement) transforms(common *CommonSettings) {
	for _, alias := range unique(common.Transforms) {
		s := &stage{alias: alias}
		l := j.plugin("transforms."+alias+".", TransformPlugin, s, &s.class)
		for i := range l.findings {
			l.findings[i].key.Group = groupTransforms + ": " + alias
		}
		orderAsKafka(l.findings)
		props := j.connector.below(l.prefix)
		if _, given := props["negate"]; given {
			if _, given = props["predicate"]; !given {
				l.fail("negate", fmt.Sprintf("Config '%snegate' was provided but there is no config '%spredicate' defining a predicate to be negated.", l.prefix, l.prefix))
			}
		}
		if s.predicate != "" && !j.held("predicates") && !slices.Contains(common.Predicates, s.predicate) {
			l.fail("predicate", fmt.Sprintf("Invalid value %s for configuration %spredicate: predicates does not list it%s",
				l.show("predicate"), l.prefix, didYouMean("", nearest(s.predicate, "", common.Predicates))))
		}
		l.use.Alias, l.use.Predicate, l.use.Negate = alias, s.predicate, s.negate
		j.v.Effective.Transforms = append(j.v.Effective.Transforms, l.use)
		j.add(l)
	}
	for _, alias := range unique(common.Predicates) {
		s := &predicateStage{alias: alias}
		l := j.plugin("predicates."+alias+".", PredicatePlugin, s, &s.class)
		for i := range l.findings {
			l.findings[i].key.Group = groupPredicates + ": " + alias
		}
		orderAsKafka(l.findings)
		l.use.Alias = alias
		j.v.Effective.Predicates = append(j.v.Effective.Predicates, l.use)
		j.add(l)
	}
}

// plugin judges type and options of a transform or predicate.
func (j *judgement) plugin(prefix string, kind PluginKind, s Definer, class *string) *layer {
	props := j.connector.below(prefix)
	l := &layer{prefix: prefix, use: Use{Config: Properties(props.texts())}}
	def := define(s)
	l.findings = def.judge(props, prefix)
	l.recommend("type", j.catalog.classes(kind))
	if f := l.finding("type"); f.cell.held || len(f.errs) > 0 {
		l.open = true
		return l
	}
	p, err := j.catalog.Plugin(kind, *class)
	if err != nil {
		l.open = true
		l.fail("type", l.invalid("type", err))
		return l
	}
	l.use.Class, l.use.Plugin = p.Class, p
	delete(l.use.Config, "type")
	if kind == TransformPlugin {
		delete(l.use.Config, "predicate")
		delete(l.use.Config, "negate")
	}
	options := define(p.Config())
	l.findings = append(l.findings, options.judge(props, prefix)...)
	l.declared = append(def.entries, options.entries...)
	l.owner = p.Class
	return l
}

// orderAsKafka orders the keys of a transform as ConfigDef does: the type, then required before optional, important
// before unimportant, and by name; and numbers them.
func orderAsKafka(fs []finding) {
	rank := map[Importance]int{High: 0, Medium: 1, Low: 2}
	sort.SliceStable(fs, func(i, j int) bool { // package slices would be compiled once more, for finding
		a, b := fs[i].key, fs[j].key
		switch {
		case (a.Order == 0) != (b.Order == 0):
			return a.Order == 0
		case a.Required != b.Required:
			return a.Required
		case rank[a.Importance] != rank[b.Importance]:
			return rank[a.Importance] < rank[b.Importance]
		}
		return a.Name < b.Name
	})
	for i := range fs {
		fs[i].key.Order = i
	}
}

func unique(list []string) []string {
	var u []string
	for _, s := range list {
		if s != "" && !slices.Contains(u, s) {
			u = append(u, s)
		}
	}
	return u
}

// converter judges the converter of keys, values or headers. Class and options come from the connector, or both from the
// worker: they never mix.
func (j *judgement) converter(role string, kind PluginKind) Use {
	key := role + ".converter"
	l := &layer{prefix: key + "."}
	props, class := j.connector, j.connector[key]
	if _, given := j.connector[key]; !given {
		l.worker = true
		props, class = j.worker, j.worker[key]
		if _, given := j.worker[key]; !given && kind == HeaderConverterPlugin {
			class = cell{text: simpleHeaderConverter}
		}
	}
	options := props.below(l.prefix)
	const side = "converter.type" // which Kafka Connect sets by itself
	_, given := options[side]
	if !given {
		options[side] = cell{raw: role, text: role}
	}
	l.use = Use{Config: Properties(options.texts()), FromWorker: l.worker}
	defer func() { j.add(l) }()
	name := trim(class.text)
	switch {
	case class.held:
		l.open = true
		return l.use
	case name == "" && l.worker:
		l.open = true
		j.problem(Problem{Key: key, Worker: true, Message: fmt.Sprintf("Missing required configuration %q: neither the connector nor the worker map says how to read %ss.", key, role)})
		return l.use
	}
	p, err := j.catalog.Plugin(kind, name)
	if err != nil {
		l.open = true
		j.problem(Problem{Key: key, Worker: l.worker, Message: fmt.Sprintf("Invalid value %s for configuration %s: %v", show(class, name), key, hideIn(err, class))})
		return l.use
	}
	l.use.Class, l.use.Plugin = p.Class, p
	def := define(p.Config())
	l.findings = def.judge(options, l.prefix)
	if f := l.finding(side); f != nil {
		f.given = given
	}
	l.declared = def.entries
	l.owner = p.Class
	return l.use
}

// topicCreation judges topic.creation.*, which is off unless one of its keys is set.
func (j *judgement) topicCreation(groups []string, worker *WorkerSettings) {
	if len(j.connector.below(creationPrefix)) == 0 || j.held("topic.creation.groups") {
		return
	}
	const enable = "topic.creation.enable"
	if !worker.TopicCreation && !j.worker[enable].held {
		j.problem(Problem{Key: creationPrefix + "groups", Severity: Warning, Message: "topic.creation.* has no effect: " + enable + " of the worker map is false."})
	}
	for _, name := range unique(append([]string{defaultCreationGroup}, groups...)) {
		l := &layer{prefix: creationPrefix + name + ".", open: true} // any key may be a topic's setting
		l.findings = define(&creationGroup{name: name}).judge(j.connector.below(l.prefix), l.prefix)
		j.add(l)
	}
}
