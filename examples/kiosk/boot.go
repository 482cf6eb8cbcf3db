package main

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
	"github.com/sotto-calls/sotto/signal"
)

const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// online connects, and for as long as the relay is away tries again, at growing intervals. It gives nil if ctx ends before.
// What waiting does not mend is an error at once: a wrong passphrase, a relay that refuses us.
func online(ctx context.Context, o options, n *systemd.Notifier, l *log.Logger, debug io.Writer) (*person.Person, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		p, err := person.Online(ctx, o.Flags, person.Service{MaxCalls: maxCalls(o)}, debug)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, nil
		}
		if !errors.Is(err, signal.ErrUnavailable) {
			return nil, err
		}
		if _, err := os.Stat(o.Identity); err == nil {
			o.New = false // it was made by the attempt that failed
		}
		l.Printf("again in %v: %v", pause, err)
		if err := n.Notify(systemd.Status("waiting for the relay"), systemd.Extend(pause+time.Minute)); err != nil {
			l.Printf("systemd does not hear us: %v", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// maxCalls leaves room beside those we ring for callers: the kiosk itself tells them that it is busy.
func maxCalls(o options) int { return len(o.ring) + 8 }
