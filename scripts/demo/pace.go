package main

import (
	"context"
	"time"
)

// pace lets a producer keep a rate; a wait at its gate moves what comes after it.
type pace struct {
	begin time.Time
	rate  int // a second; 0 is as fast as possible
}

// until waits until record i is due.
func (p *pace) until(ctx context.Context, i int) error {
	if p.rate == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(time.Until(p.begin.Add(time.Duration(i) * time.Second / time.Duration(p.rate))))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass waits for a gate to open.
func (p *pace) pass(ctx context.Context, gate <-chan struct{}) error {
	closed := time.Now()
	select {
	case <-gate:
		p.begin = p.begin.Add(time.Since(closed))
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
