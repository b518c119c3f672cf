package herder

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/connectless/connectless/core/rest"
)

// Levels are the levels of loggers with names like Java's, a.b below a, which can be changed while they are used.
type Levels struct {
	mu     sync.RWMutex
	levels map[string]rest.LoggerLevel // without a level: that of the nearest one above
}

const rootLogger = "root"

// levels of Log4j, as levels of package slog.
var levels = map[string]slog.Level{
	"ALL": math.MinInt, "TRACE": slog.LevelDebug - 4, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
	"WARN": slog.LevelWarn, "ERROR": slog.LevelError, "FATAL": slog.LevelError + 4, "OFF": math.MaxInt,
}

// NewLevels makes loggers of these names, all at level INFO.
func NewLevels(names ...string) *Levels {
	l := &Levels{levels: map[string]rest.LoggerLevel{rootLogger: {Level: "INFO"}}}
	for _, name := range names {
		l.levels[name] = rest.LoggerLevel{}
	}
	return l
}

// Filter makes a handler that passes on what the logger's level lets through.
func (l *Levels) Filter(name string, next slog.Handler) slog.Handler {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, found := l.levels[name]; !found {
		l.levels[name] = rest.LoggerLevel{}
	}
	return &leveled{l, name, next}
}

// Loggers returns those whose level was set, and the root.
func (l *Levels) Loggers() map[string]rest.LoggerLevel {
	l.mu.RLock()
	defer l.mu.RUnlock()
	set := maps.Clone(l.levels)
	maps.DeleteFunc(set, func(_ string, level rest.LoggerLevel) bool { return level.Level == "" })
	return set
}

// Logger returns the level that a logger has, if only from one above it.
func (l *Levels) Logger(name string) (rest.LoggerLevel, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	own, found := l.levels[name]
	if !found {
		return rest.LoggerLevel{}, rest.Errorf(http.StatusNotFound, "Logger %s not found.", name)
	}
	own.Level = l.level(name)
	return own, nil
}

// level needs the lock.
func (l *Levels) level(name string) string {
	for {
		if level := l.levels[name].Level; level != "" {
			return level
		}
		dot := strings.LastIndexByte(name, '.')
		if dot < 0 {
			return l.levels[rootLogger].Level
		}
		name = name[:dot]
	}
}

// SetLevel sets the level of a logger and of all below it. A logger that is not there yet is made.
func (l *Levels) SetLevel(name, level string) ([]string, error) {
	upper := strings.ToUpper(level)
	if _, found := levels[upper]; !found {
		return nil, rest.Errorf(http.StatusNotFound, "invalid log level '%s'.", level)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := rest.LoggerLevel{Level: upper, Modified: time.Now()}
	l.levels[name] = now
	changed := []string{name}
	for other := range l.levels {
		if other != name && (name == rootLogger || strings.HasPrefix(other, name+".")) {
			l.levels[other] = now
			changed = append(changed, other)
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// leveled is a handler of one logger.
type leveled struct {
	loggers *Levels
	name    string
	next    slog.Handler
}

func (h *leveled) Enabled(ctx context.Context, level slog.Level) bool {
	h.loggers.mu.RLock()
	min := levels[h.loggers.level(h.name)]
	h.loggers.mu.RUnlock()
	return level >= min && h.next.Enabled(ctx, level)
}

func (h *leveled) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

func (h *leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &leveled{h.loggers, h.name, h.next.WithAttrs(attrs)}
}

func (h *leveled) WithGroup(name string) slog.Handler {
	return &leveled{h.loggers, h.name, h.next.WithGroup(name)}
}
