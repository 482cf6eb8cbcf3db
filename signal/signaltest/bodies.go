package signaltest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
)

func sizeLimits(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	p := owner.packet("")
	for _, c := range []struct {
		size int
		want error
	}{{0, signal.ErrInvalid}, {1, nil}, {signal.MaxBody + 1, signal.ErrTooLarge}, {signal.MaxBody, nil}, {16 << 20, signal.ErrTooLarge}} {
		p.Body = bytes.Repeat([]byte{7}, c.size)
		if err := sender.Send(e.ctx, p); !errors.Is(err, c.want) {
			return fmt.Errorf("Send of %d bytes: %v, want %v", c.size, err, c.want)
		}
	}
	for _, size := range []int{1, signal.MaxBody} {
		got, err := owner.Receive(e.ctx)
		if err != nil {
			return fmt.Errorf("Receive: %w", err)
		}
		if !bytes.Equal(got.Body, bytes.Repeat([]byte{7}, size)) {
			return fmt.Errorf("%d bytes arrived, want %d", len(got.Body), size)
		}
	}
	return nil
}

// bodyIsNotKept writes over the body once Send has returned.
func bodyIsNotKept(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	p := owner.packet("before")
	if err := send(e.ctx, sender, p); err != nil {
		return err
	}
	copy(p.Body, "after!")
	got, err := owner.Receive(e.ctx)
	if err != nil {
		return fmt.Errorf("Receive: %w", err)
	}
	if string(got.Body) != "before" {
		return fmt.Errorf("body is %q: Send keeps the caller's slice", got.Body)
	}
	return nil
}

// bodiesAreNotShared writes over what one reader got before the other reads.
func bodiesAreNotShared(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	second, err := e.transport(owner.mailbox)
	if err != nil {
		return err
	}
	if err := send(e.ctx, sender, owner.packet("before")); err != nil {
		return err
	}
	for _, t := range []signal.Transport{owner, second} {
		got, err := t.Receive(e.ctx)
		if err != nil {
			return fmt.Errorf("Receive: %w", err)
		}
		if string(got.Body) != "before" {
			return fmt.Errorf("body is %q: readers share a slice", got.Body)
		}
		copy(got.Body, "after!")
	}
	return nil
}

func notice(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	p := owner.packet("you missed a call")
	p.Class = signal.ClassNotice
	if err := send(e.ctx, sender, p); err != nil {
		return err
	}
	got, err := owner.Receive(e.ctx)
	if err != nil {
		return fmt.Errorf("Receive: %w", err)
	}
	if got.Class != signal.ClassNotice || string(got.Body) != string(p.Body) {
		return fmt.Errorf("class %d, body %q", got.Class, got.Body)
	}
	p.Body = make([]byte, signal.MaxNotice+1)
	if err := sender.Send(e.ctx, p); !errors.Is(err, signal.ErrTooLarge) {
		return fmt.Errorf("notice of %d bytes: %v, want ErrTooLarge", len(p.Body), err)
	}
	p.Body, p.Class = []byte{1}, signal.ClassNotice+1
	if err := sender.Send(e.ctx, p); !errors.Is(err, signal.ErrInvalid) {
		return fmt.Errorf("unknown class: %v, want ErrInvalid", err)
	}
	return nil
}
