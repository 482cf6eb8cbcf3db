package websocket

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// maxInFlight is how many packets of one Transport may wait for the relay's answer; further Sends wait.
const maxInFlight = 64

// Transport is a mailbox's connection to a relay, or a sender's without one. It connects anew, for as long as it takes,
// until Close. It is a signal.Transport, Opener, Registrar and ICEServerProvider.
type Transport struct {
	endpoint endpoint
	options  options
	opts     []Option
	mailbox  signal.Mailbox // nil: a sender
	address  signal.Address
	reader   store.ReaderID
	keep     time.Duration

	out    *outbox
	in     *inbox
	slots  chan struct{} // one value per Send in flight
	closed chan struct{}
	cancel context.CancelFunc
	ended  chan struct{} // closed when the goroutines have ended
	close  sync.Once
	ice    iceCache
}

var (
	_ signal.Transport         = (*Transport)(nil)
	_ signal.Opener            = (*Transport)(nil)
	_ signal.Registrar         = (*Transport)(nil)
	_ signal.ICEServerProvider = (*Transport)(nil)
)

// Dial connects the mailbox m to the relay at url: wss://host[:port][/path], or ws:// on loopback. With m nil the
// transport only sends. It returns when the relay has accepted the proof of ownership, and fails at the first attempt
// that does not work: with signal.ErrRejected, ErrInsecure or signal.ErrUnavailable. Later the transport connects by
// itself. The relay keeps the mailbox and its tokens for seven days after the last reader has left, unless it is full
// before and needs the room for others.
func Dial(ctx context.Context, url string, m signal.Mailbox, opts ...Option) (*Transport, error) {
	return dial(ctx, url, m, signal.NoticeRetention, opts)
}

func dial(ctx context.Context, url string, m signal.Mailbox, keep time.Duration, opts []Option) (*Transport, error) {
	e, err := parseEndpoint(url)
	if err != nil {
		return nil, err
	}
	t := &Transport{
		endpoint: e, options: newOptions(opts), opts: opts, mailbox: m, keep: keep,
		out: newOutbox(), slots: make(chan struct{}, maxInFlight),
		closed: make(chan struct{}), ended: make(chan struct{}),
	}
	if e.plain && !t.options.plaintext {
		return nil, ErrInsecure
	}
	t.in = newInbox(t.out.ack)
	if m != nil {
		t.address = signal.AddressOf(m)
		rand.Read(t.reader[:])
	}
	ws, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	t.cancel = cancel
	go t.run(run, ws)
	return t, nil
}

// Send stores a packet at the relay. While the connection is down it waits for the next one.
func (t *Transport) Send(ctx context.Context, p signal.Packet) error {
	if err := t.usable(ctx); err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", signal.ErrUnavailable, ctx.Err())
	case <-t.closed:
		return signal.ErrClosed
	}
	var id store.ID
	rand.Read(id[:])
	body := bytes.Clone(p.Body)
	_, err := t.ask(ctx, func(n uint64) frame {
		return &sendFrame{N: n, ID: id[:], To: p.To[:], Token: p.Token[:], Body: body, Class: uint64(p.Class)}
	})
	return err
}

// Receive returns the next packet of the mailbox and acknowledges it to the relay.
func (t *Transport) Receive(ctx context.Context) (signal.Packet, error) {
	if err := t.usable(ctx); err != nil {
		return signal.Packet{}, err
	}
	p, err := t.in.get(ctx)
	if errors.Is(err, queue.ErrClosed) {
		return signal.Packet{}, signal.ErrClosed
	}
	return p, err
}

// Admit replaces the tokens that may write to the mailbox, now and after each reconnection.
func (t *Transport) Admit(ctx context.Context, tokens [][32]byte, open bool) error {
	if len(tokens) > signal.MaxTokens {
		return fmt.Errorf("%w: %d tokens, limit %d", signal.ErrTooLarge, len(tokens), signal.MaxTokens)
	}
	if t.mailbox == nil {
		return signal.ErrNoMailbox
	}
	if err := t.usable(ctx); err != nil {
		return err
	}
	hashes := make([]byte, 0, 32*len(tokens))
	for _, h := range tokens {
		hashes = append(hashes, h[:]...)
	}
	_, err := t.ask(ctx, func(n uint64) frame { return &admitFrame{N: n, Hashes: hashes, Open: open} })
	return err
}

// Open connects m to the same relay ("") or another, with the same options. The relay keeps the mailbox for a minute
// after its last reader has left.
func (t *Transport) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	if err := t.usable(ctx); err != nil {
		return nil, err
	}
	if relay == "" {
		relay = t.endpoint.url
	}
	o, err := dial(ctx, relay, m, signal.Retention, slices.Clone(t.opts))
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Relay is the relay's URL, normalised: lower case, with a path.
func (t *Transport) Relay() string { return t.endpoint.url }

// Close writes the acknowledgements that are due, within a second, and ends the connection.
func (t *Transport) Close() error {
	t.close.Do(func() {
		close(t.closed)
		t.in.waiting.Close()
		t.out.close()
		t.cancel()
	})
	<-t.ended
	return nil
}

func (t *Transport) usable(ctx context.Context) error {
	select {
	case <-t.closed:
		return signal.ErrClosed
	default:
		return ctx.Err()
	}
}

// ask writes a request, on as many connections as it takes, and returns the relay's answer.
func (t *Transport) ask(ctx context.Context, numbered func(n uint64) frame) (frame, error) {
	r := t.out.ask(numbered)
	select {
	case f := <-r.answer:
		return f, answerError(f)
	case <-ctx.Done():
		t.out.drop(r)
		return nil, fmt.Errorf("%w: %w", signal.ErrUnavailable, ctx.Err())
	case <-t.closed:
		return nil, signal.ErrClosed
	}
}

func answerError(f frame) error {
	r, ok := f.(*resultFrame)
	if !ok {
		return nil
	}
	switch r.Code {
	case codeTaken:
		return nil
	case codeThrottled:
		return signal.ErrThrottled
	case codeRefused:
		return signal.ErrRejected
	}
	return signal.ErrUnavailable
}
