package signaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/sotto-calls/sotto/signal"
)

// receive returns the bodies of the next n different packets.
func receive(ctx context.Context, t signal.Transport, n int) ([]string, error) {
	var bodies []string
	seen := map[string]bool{}
	for len(bodies) < n {
		p, err := t.Receive(ctx)
		if err != nil {
			return bodies, fmt.Errorf("after %d of %d packets: %w", len(bodies), n, err)
		}
		if s := string(p.Body); !seen[s] {
			seen[s] = true
			bodies = append(bodies, s)
		}
	}
	return bodies, nil
}

func send(ctx context.Context, t signal.Transport, p signal.Packet) error {
	if err := t.Send(ctx, p); err != nil {
		return fmt.Errorf("Send of %d bytes: %w", len(p.Body), err)
	}
	return nil
}

func delivery(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	want := owner.packet("hello")
	if err := send(e.ctx, sender, want); err != nil {
		return err
	}
	got, err := owner.Receive(e.ctx)
	if err != nil {
		return fmt.Errorf("Receive: %w", err)
	}
	if got.To != want.To || got.Token != want.Token || !bytes.Equal(got.Body, want.Body) || got.Class != want.Class {
		return fmt.Errorf("the packet changed on its way: address %t, token %t, body %q, class %d",
			got.To == want.To, got.Token == want.Token, got.Body, got.Class)
	}
	return nil
}

func storedBeforeReceive(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	for i := range 10 {
		if err := send(e.ctx, sender, owner.packet(fmt.Sprint(i))); err != nil {
			return err
		}
	}
	if err := sender.Close(); err != nil {
		return fmt.Errorf("Close: %w", err)
	}
	_, err = receive(e.ctx, owner, 10)
	return err
}

// orderPerSender has three senders write a hundred packets each, one after the other, at the same time.
func orderPerSender(e *env) error {
	owner, err := e.owner()
	if err != nil {
		return err
	}
	const senders, each = 3, 100
	var all sync.WaitGroup
	failed := make(chan error, senders)
	for s := range senders {
		t, err := e.transport(nil)
		if err != nil {
			return err
		}
		all.Go(func() {
			for i := range each {
				if err := send(e.ctx, t, owner.packet(fmt.Sprintf("%d %d", s, i))); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	bodies, err := receive(e.ctx, owner, senders*each)
	all.Wait()
	close(failed)
	if err = errors.Join(err, <-failed); err != nil {
		return err
	}
	return inOrder(bodies)
}

// inOrder checks bodies "sender number": each sender's numbers count up from 0.
func inOrder(bodies []string) error {
	next := map[int]int{}
	for _, b := range bodies {
		var s, i int
		if _, err := fmt.Sscanf(b, "%d %d", &s, &i); err != nil {
			return fmt.Errorf("strange body %.20q", b)
		}
		if i != next[s] {
			return fmt.Errorf("sender %d: packet %d where %d was due", s, i, next[s])
		}
		next[s]++
	}
	return nil
}

func concurrency(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	const senders, each, readers = 8, 25, 3
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	var mu sync.Mutex
	seen, failed := map[string]bool{}, error(nil)
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			for {
				p, err := owner.Receive(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				if seen[string(p.Body)] = true; len(seen) == senders*each {
					stop()
				}
				mu.Unlock()
			}
		})
	}
	for s := range senders {
		all.Go(func() {
			for i := range each {
				if err := send(ctx, sender, owner.packet(fmt.Sprintf("%d %d", s, i))); err != nil {
					mu.Lock()
					if ctx.Err() == nil {
						failed = err
					}
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if failed == nil && len(seen) != senders*each {
		return fmt.Errorf("%d of %d packets arrived", len(seen), senders*each)
	}
	return failed
}

func severalReaders(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	second, err := e.transport(owner.mailbox)
	if err != nil {
		return err
	}
	const n = 20
	for i := range n {
		if err := send(e.ctx, sender, owner.packet(fmt.Sprintf("0 %d", i))); err != nil {
			return err
		}
	}
	for name, t := range map[string]signal.Transport{"first": owner, "second": second} {
		bodies, err := receive(e.ctx, t, n)
		if err == nil {
			err = inOrder(bodies)
		}
		if err != nil {
			return fmt.Errorf("%s reader: %w", name, err)
		}
	}
	return nil
}
