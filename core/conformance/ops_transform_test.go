package conformance

import (
	"encoding/json"

	"github.com/connectless/connectless/core/config"
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/data"
	"github.com/connectless/connectless/core/transform/smt"
)

// transformOps are the ops of transforms, predicates and chains of them.
var transformOps = map[string]op{
	"transform":      opTransform,
	"predicate":      opPredicate,
	"chain":          opChain,
	"connectorChain": opConnectorChain,
}

type recordAnswer struct {
	Record any `json:"record"`
}

type chainAnswer struct {
	Results []any `json:"results"`
}

func opTransform(q *query) (any, error) {
	t, err := smt.New(q.Class, q.Config)
	if err != nil {
		return nil, at("configure", err)
	}
	r, err := decodeRecord(q.Record)
	if err != nil {
		return nil, at("input", err)
	}
	keep, err := t.Apply(r)
	if err != nil {
		return nil, at("apply", err)
	}
	return answerOf(r, keep), nil
}

func answerOf(r *connect.Record, keep bool) recordAnswer {
	if !keep {
		return recordAnswer{}
	}
	return recordAnswer{encodeRecord(r)}
}

func opPredicate(q *query) (any, error) {
	p, err := smt.NewPredicate(q.Class, q.Config)
	if err != nil {
		return nil, at("configure", err)
	}
	r, err := decodeRecord(q.Record)
	if err != nil {
		return nil, at("input", err)
	}
	is, err := p.Test(r)
	return map[string]bool{"test": is}, at("apply", err)
}

func opChain(q *query) (any, error) {
	var stages []smt.Stage
	for _, s := range q.Stages {
		stage := smt.Stage{Class: s.Class, Negate: s.Negate}
		var err error
		if stage.Transform, err = smt.New(s.Class, s.Config); err != nil {
			return nil, at("configure", err)
		}
		if s.Predicate != nil {
			if stage.Predicate, err = smt.NewPredicate(s.Predicate.Class, s.Predicate.Config); err != nil {
				return nil, at("configure", err)
			}
		}
		stages = append(stages, stage)
	}
	return applyAll(smt.ChainOf(stages...), q.Records)
}

func opConnectorChain(q *query) (any, error) {
	if err := frameworkKeys(q); err != nil {
		return nil, at("configure", err)
	}
	chain, err := smt.NewChain(q.Config, smt.FullNames())
	if err != nil {
		return nil, at("configure", err)
	}
	return applyAll(chain, q.Records)
}

// frameworkKeys judges the keys that every connector has.
func frameworkKeys(q *query) error {
	for _, p := range config.Parse(q.Config, &config.CommonSettings{}) {
		return data.Errorf(data.ConfigException, "%s", p.Message)
	}
	return nil
}

func applyAll(chain *smt.Chain, records []json.RawMessage) (any, error) {
	results := []any{}
	for _, b := range records {
		r, err := decodeRecord(b)
		if err != nil {
			return nil, at("input", err)
		}
		keep, err := chain.Apply(r)
		if err != nil {
			results = append(results, map[string]any{"error": failureOf(at("apply", err))})
			continue
		}
		results = append(results, answerOf(r, keep))
	}
	return chainAnswer{results}, nil
}
