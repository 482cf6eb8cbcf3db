package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// held is how long a connection must last to count as a good one, after which the next wait is short again.
const held = 10 * time.Second

// run keeps the transport connected until ctx ends.
func (t *Transport) run(ctx context.Context, ws *websocket.Conn) {
	defer close(t.ended)
	defer func() {
		if ws != nil {
			ws.CloseNow() // connected in the moment of Close
		}
	}()
	b := t.options.backoff
	for ctx.Err() == nil {
		if ws != nil {
			start := time.Now()
			err := t.session(ctx, ws)
			if time.Since(start) >= held {
				b.reset()
			}
			t.options.log.Debug("relay connection ended", "after", time.Since(start).Round(time.Second), "status", int(websocket.CloseStatus(err)))
		}
		if b.wait(ctx); ctx.Err() != nil {
			return
		}
		var err error
		if ws, err = t.connect(ctx); err != nil && ctx.Err() == nil {
			t.options.log.Warn("relay cannot be reached, trying again", "rejected", errors.Is(err, signal.ErrRejected))
		}
	}
}

// connect makes one connection and answers the relay's challenge.
func (t *Transport) connect(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, t.endpoint.url, &websocket.DialOptions{
		HTTPClient: t.options.client, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
			return nil, fmt.Errorf("%w: HTTP status %d", signal.ErrUnavailable, resp.StatusCode)
		}
		return nil, fmt.Errorf("%w: %w", signal.ErrUnavailable, err)
	}
	ws.SetReadLimit(maxFrame)
	if err := t.greet(ctx, ws); err != nil {
		ws.CloseNow()
		return nil, err
	}
	return ws, nil
}

// greet is the client's side of the handshake.
func (t *Transport) greet(ctx context.Context, ws *websocket.Conn) error {
	if ws.Subprotocol() != subprotocol {
		return fmt.Errorf("%w: the server does not speak %s", signal.ErrRejected, subprotocol)
	}
	f, err := readFrame(ctx, ws)
	c, ok := f.(*challengeFrame)
	if err != nil || !ok {
		return handshakeError(err)
	}
	if err := writeFrame(ctx, ws, t.hello([32]byte(c.Challenge)), writeTimeout); err != nil {
		return handshakeError(err)
	}
	f, err = readFrame(ctx, ws)
	if _, ok := f.(*readyFrame); err != nil || !ok {
		return handshakeError(err)
	}
	return nil
}

func (t *Transport) hello(challenge [32]byte) *helloFrame {
	h := &helloFrame{Version: version}
	if t.mailbox == nil {
		return h
	}
	h.Ed25519, h.HPKE = t.mailbox.PublicKeys()
	h.Signature = t.mailbox.Answer(t.endpoint.origin, challenge)
	h.Reader = t.reader[:]
	h.Keep = uint64(t.keep / time.Second)
	return h
}

func handshakeError(err error) error {
	switch {
	case websocket.CloseStatus(err) == statusUnauthorized:
		return fmt.Errorf("%w: proof of ownership refused; is the relay's origin configured as it is dialled?", signal.ErrRejected)
	case err == nil || errors.Is(err, errFrame):
		return fmt.Errorf("%w: not a relay's handshake", signal.ErrRejected)
	}
	return fmt.Errorf("%w: %w", signal.ErrUnavailable, err)
}

// session uses one connection until it ends. When ctx ends, it writes the last acknowledgements and takes its leave.
func (t *Transport) session(ctx context.Context, ws *websocket.Conn) error {
	defer ws.CloseNow()
	live, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	admission := t.out.rewind() // before anything is read: what is acknowledged from here on is of this connection
	var others sync.WaitGroup
	others.Go(func() { t.write(ctx, live, stop, ws, admission) })
	others.Go(func() { keepAlive(live, ws, t.options.keepAlive, pongTimeout) })
	err := t.read(live, ws)
	stop()
	ws.CloseNow()
	others.Wait()
	return err
}

// write writes the admission, if there is one, and then what the outbox has, until the connection ends (live) or the
// transport does (ctx).
func (t *Transport) write(ctx, live context.Context, stop context.CancelFunc, ws *websocket.Conn, admission *admitFrame) {
	if admission != nil && writeFrame(live, ws, admission, writeTimeout) != nil {
		ws.CloseNow()
		return
	}
	for {
		for f := t.out.take(); f != nil; f = t.out.take() {
			if writeFrame(live, ws, f, writeTimeout) != nil {
				ws.CloseNow()
				return
			}
		}
		select {
		case <-t.out.ready:
		case <-live.Done():
			return
		case <-ctx.Done():
			t.leave(live, stop, ws)
			return
		}
	}
}

// leave writes the last acknowledgements and closes the connection politely, but not for long: without them the relay
// would deliver again what was received, to the next program with this mailbox.
func (t *Transport) leave(live context.Context, stop context.CancelFunc, ws *websocket.Conn) {
	late := time.AfterFunc(closeTimeout, stop) // ends the read, and with it the connection
	defer late.Stop()
	for f := t.out.take(); f != nil; f = t.out.take() {
		if writeFrame(live, ws, f, closeTimeout) != nil {
			break
		}
	}
	ws.Close(websocket.StatusNormalClosure, "")
}

// read takes in what the relay says.
func (t *Transport) read(live context.Context, ws *websocket.Conn) error {
	for {
		f, err := readFrame(live, ws)
		if err != nil {
			return err
		}
		switch f := f.(type) {
		case *resultFrame:
			t.out.answered(f.N, f)
		case *serversFrame:
			t.out.answered(f.N, f)
		case *deliverFrame:
			p := signal.Packet{To: t.address, Token: signal.Token(f.Token), Body: f.Body, Class: signal.Class(f.Class)}
			if err := t.in.put(time.Now(), store.ID(f.ID), p); err != nil {
				return err
			}
		default:
			return errFrame
		}
	}
}
