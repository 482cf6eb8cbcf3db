package signaltest

import (
	"context"
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
)

func cancellation(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(e.ctx)
	blocked := make(chan error, 1)
	go func() { _, err := owner.Receive(ctx); blocked <- err }()
	cancel()
	if err := <-blocked; !errors.Is(err, context.Canceled) {
		return fmt.Errorf("cancelled Receive: %v, want context.Canceled", err)
	}
	if err := sender.Send(ctx, owner.packet("cancelled")); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("Send with a cancelled context: %v, want context.Canceled", err)
	}
	if err := send(e.ctx, sender, owner.packet("after")); err != nil {
		return fmt.Errorf("a cancelled context ended more than its own call: %w", err)
	}
	for {
		p, err := owner.Receive(e.ctx)
		if err != nil {
			return fmt.Errorf("a cancelled context ended more than its own call: %w", err)
		}
		if string(p.Body) == "after" {
			return nil
		}
	}
}

func closeUnblocks(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	for name, t := range map[string]signal.Transport{"with a mailbox": owner, "without a mailbox": sender} {
		const n = 3
		blocked := make(chan error, n)
		for range n {
			go func() { _, err := t.Receive(e.ctx); blocked <- err }()
		}
		if err := t.Close(); err != nil {
			return fmt.Errorf("%s: Close: %w", name, err)
		}
		for range n {
			if err := <-blocked; !errors.Is(err, signal.ErrClosed) {
				return fmt.Errorf("%s: Receive at Close: %v, want ErrClosed", name, err)
			}
		}
	}
	return nil
}

func closeEndsCalls(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	for _, t := range []signal.Transport{owner, sender} {
		for range 2 {
			if err := t.Close(); err != nil {
				return fmt.Errorf("Close: %w", err)
			}
		}
		if err := t.Send(e.ctx, owner.packet("x")); !errors.Is(err, signal.ErrClosed) {
			return fmt.Errorf("Send after Close: %v, want ErrClosed", err)
		}
		if _, err := t.Receive(e.ctx); !errors.Is(err, signal.ErrClosed) {
			return fmt.Errorf("Receive after Close: %v, want ErrClosed", err)
		}
	}
	if err := owner.Transport.(signal.Registrar).Admit(e.ctx, nil, false); !errors.Is(err, signal.ErrClosed) {
		return fmt.Errorf("Admit after Close: %v, want ErrClosed", err)
	}
	return nil
}

func senderWithoutMailbox(e *env) error {
	sender, err := e.transport(nil)
	if err != nil {
		return err
	}
	if r, ok := sender.(signal.Registrar); ok {
		if err := r.Admit(e.ctx, nil, true); !errors.Is(err, signal.ErrNoMailbox) {
			return fmt.Errorf("Admit without a mailbox: %v, want ErrNoMailbox", err)
		}
	}
	return nil
}

// opener opens a call's mailbox and a sender from a transport: without that there are no calls.
func opener(e *env) error {
	first, err := e.owner()
	if err != nil {
		return err
	}
	o, ok := first.Transport.(signal.Opener)
	if !ok {
		return fmt.Errorf("%T is no signal.Opener: it cannot carry calls", first.Transport)
	}
	if o.Relay() == "" {
		return errors.New("Relay is empty")
	}
	call := &party{mailbox: NewMailbox(), token: NewToken()}
	if call.Transport, err = o.Open(e.ctx, "", call.mailbox); err != nil {
		return fmt.Errorf("Open: %w", err)
	}
	e.opened = append(e.opened, call)
	if err := admit(e.ctx, call, call.token); err != nil {
		return err
	}
	sender, err := o.Open(e.ctx, o.Relay(), nil)
	if err != nil {
		return fmt.Errorf("Open of a sender by the relay's name: %w", err)
	}
	e.opened = append(e.opened, sender)
	if err := first.Close(); err != nil {
		return err
	}
	if err := send(e.ctx, sender, call.packet("to a call")); err != nil {
		return fmt.Errorf("after the opener was closed: %w", err)
	}
	return firstIs(e, call, "to a call")
}

func iceServers(e *env) error {
	owner, err := e.owner()
	if err != nil {
		return err
	}
	p, ok := owner.Transport.(signal.ICEServerProvider)
	if !ok {
		return nil
	}
	servers, err := p.ICEServers(e.ctx)
	if err != nil {
		return fmt.Errorf("ICEServers: %w", err)
	}
	for _, s := range servers {
		if len(s.URLs) == 0 {
			return errors.New("an ICE server without a URL")
		}
	}
	return nil
}
