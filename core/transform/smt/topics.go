package smt

import (
	"github.com/connectless/connectless/core/connect"
	"github.com/connectless/connectless/core/internal/javaregex"
	"github.com/connectless/connectless/core/transform"
)

// regexRouter renames topics. What a topic becomes is worked out once for each topic.
type regexRouter struct {
	regex       *javaregex.Regexp
	replacement string
	topics      memo[string]
}

func newRegexRouter(c *transform.RegexRouter) (transform.Transform, error) {
	regex, err := javaregex.Compile(c.Regex)
	if err != nil {
		return nil, configError(err)
	}
	return &regexRouter{regex: regex, replacement: c.Replacement}, nil
}

func (t *regexRouter) Apply(r *connect.Record) (bool, error) {
	topic, err := t.topics.of(r.Topic, t.route)
	if err != nil {
		return true, javaError(err)
	}
	r.Topic = topic
	return true, nil
}

// route replaces the first match in a topic that matches as a whole; that need not be the whole.
func (t *regexRouter) route(topic string) (string, error) {
	matches, err := t.regex.MatchString(topic)
	if err != nil || !matches {
		return topic, err
	}
	return t.regex.ReplaceFirst(topic, t.replacement)
}

type topicNameMatches struct {
	pattern *javaregex.Regexp
	topics  memo[bool]
}

func newTopicNameMatches(c *transform.TopicNameMatches) (transform.Predicate, error) {
	pattern, err := javaregex.Compile(c.Pattern)
	if err != nil {
		return nil, configError(err)
	}
	return &topicNameMatches{pattern: pattern}, nil
}

func (p *topicNameMatches) Test(r *connect.Record) (bool, error) {
	return p.topics.of(r.Topic, p.pattern.MatchString)
}
