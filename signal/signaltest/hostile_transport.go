package signaltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/signal"
)

// Wrap puts the relay between a program and the transport t, which was opened for the mailbox m (nil: none). What the
// program opens through it is wrapped too, at whatever relay. The result is a signal.Transport, Opener, Registrar and
// ICEServerProvider as far as t is; it passes the conformance suite while there are no rules. Closing it closes t.
func (h *Hostile) Wrap(t signal.Transport, m signal.Mailbox) signal.Transport {
	ctx, cancel := context.WithCancel(context.Background())
	w := &wrapped{Transport: t, relay: h, stop: cancel, inbox: queue.New[signal.Packet](), done: make(chan struct{})}
	s := Sighting{What: Opened}
	if m != nil {
		w.address = signal.AddressOf(m)
		s.Mailbox = w.address
		s.Ed25519, s.HPKE = m.PublicKeys()
		h.mu.Lock()
		h.owners[w.address] = m
		h.open[w.address] = append(h.open[w.address], w)
		h.mu.Unlock()
	}
	h.note(s)
	if m == nil {
		close(w.done)
		return w
	}
	go w.pump(ctx)
	return w
}

// wrapped is one connection to the hostile relay.
type wrapped struct {
	signal.Transport
	relay   *Hostile
	address signal.Address // zero: no mailbox
	stop    context.CancelFunc
	inbox   *queue.Queue[signal.Packet]
	done    chan struct{} // pump has ended

	closing sync.Once
	err     error // why the inner transport gave no more; set before done
}

// pump takes what the true relay delivers, so that Deliver can put other packets between.
func (w *wrapped) pump(ctx context.Context) {
	defer close(w.done)
	for {
		p, err := w.Transport.Receive(ctx)
		if err != nil {
			w.err = err
			w.inbox.End()
			return
		}
		w.inbox.Put(p)
	}
}

// Send gives the relay a packet. The answer for what rules have dropped is that of a relay that lies: stored.
func (w *wrapped) Send(ctx context.Context, p signal.Packet) error {
	if err := p.Check(); err != nil {
		return err
	}
	var err error
	for _, q := range w.relay.store(w.address, p) {
		if e := w.Transport.Send(ctx, q); q.To == p.To && string(q.Body) == string(p.Body) {
			err = e // of inventions that the true relay refuses the program hears nothing
		}
	}
	return err
}

func (w *wrapped) Receive(ctx context.Context) (signal.Packet, error) {
	if w.address == (signal.Address{}) {
		return w.Transport.Receive(ctx)
	}
	p, err := w.inbox.Get(ctx)
	if !errors.Is(err, queue.ErrClosed) {
		return p, err
	}
	<-w.done
	if errors.Is(w.err, context.Canceled) {
		return p, signal.ErrClosed
	}
	return p, w.err
}

func (w *wrapped) Close() error {
	var err error
	w.closing.Do(func() {
		w.relay.forget(w)
		w.stop()
		w.inbox.Close()
		err = w.Transport.Close()
	})
	<-w.done
	return err
}

func (h *Hostile) forget(w *wrapped) {
	h.note(Sighting{What: Left, Mailbox: w.address})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open[w.address] = slices.DeleteFunc(h.open[w.address], func(o *wrapped) bool { return o == w })
}

// Admit is noted and passed on.
func (w *wrapped) Admit(ctx context.Context, tokens [][32]byte, open bool) error {
	r, ok := w.Transport.(signal.Registrar)
	if !ok {
		return fmt.Errorf("signaltest: %T is no signal.Registrar", w.Transport)
	}
	w.relay.note(Sighting{What: Admitted, Mailbox: w.address, Hashes: slices.Clone(tokens)})
	return r.Admit(ctx, tokens, open)
}

// Open opens and wraps.
func (w *wrapped) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	o, ok := w.Transport.(signal.Opener)
	if !ok {
		return nil, fmt.Errorf("signaltest: %T is no signal.Opener", w.Transport)
	}
	t, err := o.Open(ctx, relay, m)
	if err != nil {
		return nil, err
	}
	return w.relay.Wrap(t, m), nil
}

// Relay is the true relay's name.
func (w *wrapped) Relay() string {
	if o, ok := w.Transport.(signal.Opener); ok {
		return o.Relay()
	}
	return ""
}

// ICEServers are the true relay's.
func (w *wrapped) ICEServers(ctx context.Context) ([]signal.ICEServer, error) {
	if p, ok := w.Transport.(signal.ICEServerProvider); ok {
		return p.ICEServers(ctx)
	}
	return nil, nil
}
