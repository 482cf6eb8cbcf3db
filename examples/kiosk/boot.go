package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
	"github.com/sotto-calls/sotto/signal"
)

const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// waiting is what the kiosk does without its relay.
const waiting = "waiting for the relay"

// connect brings p online, however long that takes. It tells the service manager that it waits.
func (f *front) connect(ctx context.Context, p *person.Person, n *systemd.Notifier, debug io.Writer) error {
	try := func() error { return p.Connect(ctx, f.Flags, person.Service{MaxCalls: maxCalls(f.options)}, debug) }
	return persist(ctx, try, func(pause time.Duration, why error) {
		f.log.Printf("again in %v: %v", pause, why)
		if err := n.Notify(systemd.Status(waiting), systemd.Extend(pause+time.Minute)); err != nil {
			f.log.Printf("systemd does not hear us: %v", err)
		}
	})
}

// persist tries again for as long as the relay is away, after growing pauses of which waits is told. It gives nil also if ctx
// ends before. What waiting does not mend is an error at once: a relay that refuses us.
func persist(ctx context.Context, try func() error, waits func(pause time.Duration, why error)) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := try()
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case !errors.Is(err, signal.ErrUnavailable):
			return err
		}
		waits(pause, err)
		if sleep(ctx, pause) != nil {
			return nil
		}
	}
}

// maxCalls leaves room beside those we ring for callers: the kiosk itself tells them that it is busy.
func maxCalls(o options) int { return len(o.ring) + 8 }
