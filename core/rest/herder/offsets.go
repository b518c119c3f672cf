package herder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/connectless/connectless/core/rest"
)

// The keys of a sink's offsets (KIP-875).
const (
	topicKey     = "kafka_topic"
	partitionKey = "kafka_partition"
	offsetKey    = "kafka_offset"
)

// Offsets returns the positions of a connector.
func (h *Herder) Offsets(ctx context.Context, name string) ([]rest.Offset, error) {
	h.mu.Lock()
	r, err := h.find(name, rest.NoConnector)
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	spec, err := h.spec(r)
	if err != nil {
		return nil, err
	}
	if spec.Verdict.Connector.Kind != "sink" {
		source, err := h.sources(name)
		if err != nil {
			return nil, err
		}
		return source.SourceOffsets(ctx, spec)
	}
	positions, err := h.o.Runner.Positions(ctx, spec)
	if err != nil {
		return nil, groupError("retrieve consumer group offsets for sink", name, err)
	}
	offsets := []rest.Offset{}
	for _, p := range positions {
		offsets = append(offsets, rest.Offset{
			Partition: map[string]any{topicKey: p.Topic, partitionKey: p.Partition},
			Offset:    map[string]any{offsetKey: p.Offset},
		})
	}
	return offsets, nil
}

// groupError is what Kafka says when the consumer group cannot be read or changed; why is for the log.
func groupError(what, name string, err error) error {
	return &rest.Error{Code: http.StatusInternalServerError, Message: fmt.Sprintf("Failed to %s connector %s", what, name), Err: err}
}

func (h *Herder) sources(name string) (SourceRunner, error) {
	if s, ok := h.o.Runner.(SourceRunner); ok {
		return s, nil
	}
	return nil, rest.Errorf(http.StatusInternalServerError, "Connector %s has no offsets: sources do not run here", name)
}

// AlterOffsets changes positions of a connector that is stopped.
func (h *Herder) AlterOffsets(ctx context.Context, name string, offsets []rest.Offset) (string, error) {
	return h.modify(ctx, name, "altered", func(s *Spec) (bool, error) {
		if s.Verdict.Connector.Kind != "sink" {
			return h.alterSource(ctx, s, offsets)
		}
		positions, err := sinkPositions(offsets)
		if err != nil {
			return false, err
		}
		if err := h.o.Runner.SetPositions(ctx, s, positions); err != nil {
			return false, groupError("alter consumer group offsets for", name, err)
		}
		return false, nil
	})
}

func (h *Herder) alterSource(ctx context.Context, s *Spec, offsets []rest.Offset) (bool, error) {
	source, err := h.sources(s.Name)
	if err != nil {
		return false, err
	}
	return source.SetSourceOffsets(ctx, s, offsets)
}

// ResetOffsets removes all positions of a connector that is stopped.
func (h *Herder) ResetOffsets(ctx context.Context, name string) (string, error) {
	return h.modify(ctx, name, "reset", func(s *Spec) (bool, error) {
		if s.Verdict.Connector.Kind != "sink" {
			return h.resetSource(ctx, s)
		}
		positions, err := h.o.Runner.Positions(ctx, s)
		if err == nil && len(positions) > 0 {
			for i := range positions {
				positions[i].Offset = NoOffset
			}
			err = h.o.Runner.SetPositions(ctx, s, positions)
		}
		if err != nil {
			return false, groupError("reset consumer group offsets for", name, err)
		}
		return false, nil
	})
}

func (h *Herder) resetSource(ctx context.Context, s *Spec) (bool, error) {
	source, err := h.sources(s.Name)
	if err != nil {
		return false, err
	}
	offsets, err := source.SourceOffsets(ctx, s)
	if err != nil {
		return false, err
	}
	for i := range offsets {
		offsets[i].Offset = nil
	}
	return source.SetSourceOffsets(ctx, s, offsets)
}

// modify lets f change positions while the connector is stopped and stays so. What f returns says whether nothing is left
// to be changed elsewhere.
func (h *Herder) modify(ctx context.Context, name, done string, f func(*Spec) (bool, error)) (string, error) {
	r, l, err := h.hold(ctx, name)
	if err != nil {
		return "", err
	}
	defer l.release()
	spec, err := h.spec(r)
	if err != nil {
		return "", err
	}
	all, err := f(spec)
	switch {
	case err != nil:
		return "", err
	case all:
		return fmt.Sprintf("The offsets for this connector have been %s successfully", done), nil
	}
	return fmt.Sprintf("The Connect framework-managed offsets for this connector have been %s successfully. However, if this connector manages offsets externally, they will need to be manually %[1]s in the system that the connector uses.", done), nil
}

// hold returns a connector that is stopped, with its lane's token: a resume that comes from here on waits.
func (h *Herder) hold(ctx context.Context, name string) (*record, *lane, error) {
	for {
		h.mu.Lock()
		_, err := h.stopped(name)
		l := h.lanes[name]
		h.mu.Unlock()
		if err != nil {
			return nil, nil, err
		}
		if err := l.acquire(ctx); err != nil {
			return nil, nil, rest.Errorf(http.StatusInternalServerError, "Request timed out. The worker is currently stopping the connector %s.", name)
		}
		h.settle(l)
		h.mu.Lock()
		r, err := h.stopped(name) // as it is now
		still := h.lanes[name] == l && l.settled == l.revision
		h.mu.Unlock()
		switch {
		case err != nil:
		case h.ctx.Err() != nil:
			err = errClosed
		case still:
			return r, l, nil
		}
		l.release()
		if err != nil {
			return nil, nil, err
		}
		// Between settling and looking it was resumed and stopped, or deleted and made again.
	}
}

// stopped needs the lock. It returns the record of a connector that is meant to be stopped.
func (h *Herder) stopped(name string) (*record, error) {
	r, err := h.find(name, rest.NoConnector)
	if err != nil {
		return nil, err
	}
	if r.State != rest.Stopped {
		return nil, rest.Errorf(http.StatusBadRequest, "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/%s/stop' endpoint", name)
	}
	return r, nil
}

// sinkPositions reads the offsets of a sink. Numbers may be text, as in Kafka.
func sinkPositions(offsets []rest.Offset) ([]Position, error) {
	refuse := func(format string, args ...any) ([]Position, error) {
		return nil, rest.Errorf(http.StatusBadRequest, format, args...)
	}
	var all []Position
	for _, o := range offsets {
		if o.Partition == nil {
			return refuse("The partition for a sink connector offset cannot be null or missing")
		}
		topic, found := o.Partition[topicKey]
		partition, foundToo := o.Partition[partitionKey]
		switch {
		case !found || !foundToo:
			return refuse("The partition for a sink connector offset must contain the keys '%s' and '%s'", topicKey, partitionKey)
		case topic == nil:
			return refuse("Kafka topic names must be valid strings and may not be null")
		case partition == nil:
			return refuse("Kafka partitions must be valid numbers and may not be null")
		}
		p := Position{Topic: text(topic), Offset: NoOffset}
		n, err := strconv.ParseInt(text(partition), 10, 32)
		if err != nil {
			return refuse("Failed to parse the following Kafka partition value in the provided offsets: '%s'. Partition values for sink connectors need to be integers.", text(partition))
		}
		p.Partition = int32(n)
		if o.Offset != nil {
			offset, found := o.Offset[offsetKey]
			if !found {
				return refuse("The offset for a sink connector should either be null or contain the key '%s'", offsetKey)
			}
			p.Offset, err = strconv.ParseInt(text(offset), 10, 64)
			if err != nil || p.Offset < 0 {
				return refuse("Failed to parse the following Kafka offset value in the provided offsets: '%s'. Offset values for sink connectors need to be integers.", text(offset))
			}
		}
		all = append(all, p)
	}
	return all, nil
}

// text is a JSON value as text.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}
