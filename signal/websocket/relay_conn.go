package websocket

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// Close codes of our own beside those of RFC 6455; 3000 is registered as Unauthorized.
const (
	statusUnauthorized = websocket.StatusCode(3000)
	statusReplaced     = websocket.StatusCode(4001)
)

// serverConn is one client at the relay. The goroutine of its HTTP request reads from it.
type serverConn struct {
	relay   *Relay
	ws      *websocket.Conn
	ip      netip.Addr
	cut     context.CancelFunc // at once
	address signal.Address
	reader  *store.Reader // nil without a mailbox
	wake    chan struct{} // holds a value when the reader may have more
	others  sync.WaitGroup
}

// connect serves one WebSocket from its handshake to its end.
func (r *Relay) connect(w http.ResponseWriter, q *http.Request) {
	ip := r.clientIP(q)
	if !r.guard.open(time.Now(), ip) {
		r.counts.refused.Add(1)
		http.Error(w, "too many connections", http.StatusTooManyRequests)
		return
	}
	defer r.guard.close(ip)
	// The request's context ends with the server's, not with the hijacked connection: start anew.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &serverConn{relay: r, ip: ip, cut: cancel, wake: make(chan struct{}, 1)}
	if !r.enter(c) {
		http.Error(w, "going away", http.StatusServiceUnavailable)
		return
	}
	defer r.exit(c)
	r.counts.connections.Add(1)
	// Any web page may connect: there are no cookies, and every right here is proven by a key or a token.
	ws, err := websocket.Accept(w, q, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	ws.SetReadLimit(maxFrame)
	c.ready(ws)
	if ws.Subprotocol() != subprotocol {
		ws.Close(websocket.StatusProtocolError, "subprotocol "+subprotocol+" only")
		return
	}
	c.serve(ctx)
}

// ready publishes the WebSocket to leave.
func (c *serverConn) ready(ws *websocket.Conn) {
	c.relay.mu.Lock()
	defer c.relay.mu.Unlock()
	c.ws = ws
}

// leave tells the client that the relay goes away.
func (c *serverConn) leave() {
	c.relay.mu.Lock()
	ws := c.ws
	c.relay.mu.Unlock()
	if ws != nil {
		ws.Close(websocket.StatusGoingAway, "")
	}
	c.cut()
}

func (c *serverConn) serve(ctx context.Context) {
	if !c.handshake(ctx) {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	c.others.Go(func() { c.ping(ctx) })
	if c.reader != nil {
		c.others.Go(func() { c.deliver(ctx) })
	}
	err := c.read(ctx)
	if errors.Is(err, errFrame) {
		c.ws.Close(websocket.StatusProtocolError, "malformed frame")
	}
	cancel()
	c.ws.CloseNow()
	c.others.Wait()
	switch {
	case c.reader == nil:
	case websocket.CloseStatus(err) == websocket.StatusNormalClosure: // the client's Close; everything else may come back
		c.reader.Leave(time.Now())
	default:
		c.reader.Detach(time.Now())
	}
}

// read answers the client's frames until the connection ends.
func (c *serverConn) read(ctx context.Context) error {
	for {
		f, err := readFrame(ctx, c.ws)
		if err != nil {
			return err
		}
		if err := c.handle(ctx, f); err != nil {
			return err
		}
	}
}

func (c *serverConn) handle(ctx context.Context, f frame) error {
	now := time.Now()
	paid := c.relay.guard.frame(now, c.ip, cost(f))
	if s, ok := f.(*sendFrame); ok {
		return c.send(ctx, now, s, paid)
	}
	if !paid {
		c.relay.counts.throttled.Add(1)
		c.ws.Close(websocket.StatusPolicyViolation, "too many frames")
		return context.Canceled
	}
	switch f := f.(type) {
	case *ackFrame:
		if c.reader != nil {
			c.reader.Ack(now, store.ID(f.ID))
		}
		return nil
	case *admitFrame:
		return c.write(ctx, &resultFrame{N: f.N, Code: c.admit(now, f)})
	case *askFrame:
		return c.write(ctx, c.iceServers(now, f.N))
	}
	return errFrame // a frame that only a relay sends, or a second hello
}

// cost is what a frame takes from the share of its IP address.
func cost(f frame) float64 {
	switch f := f.(type) {
	case *sendFrame:
		return 1 + float64(len(f.Body))/(16<<10)
	case *ackFrame:
		return 0.25 // there are no more of them than of packets that others paid for
	}
	return 1
}

// send stores a packet. What it answers, and how much it does for it, depends on nothing that the sender must not know.
func (c *serverConn) send(ctx context.Context, now time.Time, f *sendFrame, paid bool) error {
	code := uint64(codeThrottled)
	if paid {
		p := signal.Packet{To: signal.Address(f.To), Token: signal.Token(f.Token), Body: f.Body, Class: signal.Class(f.Class)}
		code = codes[c.relay.store.Put(now, store.Item{ID: store.ID(f.ID), Packet: p})]
	}
	if code != codeTaken {
		c.relay.counts.throttled.Add(1)
	}
	return c.write(ctx, &resultFrame{N: f.N, Code: code})
}

var codes = map[store.Result]uint64{store.Taken: codeTaken, store.Throttled: codeThrottled, store.Full: codeFull}

func (c *serverConn) admit(now time.Time, f *admitFrame) uint64 {
	if c.reader == nil {
		return codeRefused
	}
	hashes := make([][32]byte, len(f.Hashes)/32)
	for i := range hashes {
		hashes[i] = [32]byte(f.Hashes[32*i:])
	}
	if err := c.relay.store.Admit(now, c.address, hashes, f.Open); err != nil {
		return codeFull
	}
	return codeTaken
}

// deliver writes the mailbox's packets to the client. A client that does not take them is cut off by the write's limit.
func (c *serverConn) deliver(ctx context.Context) {
	for {
		it, ok, err := c.reader.Next(time.Now())
		if err != nil {
			c.ws.Close(statusReplaced, "")
			return
		}
		if ok {
			p := it.Packet
			if c.write(ctx, &deliverFrame{ID: it.ID[:], Token: p.Token[:], Body: p.Body, Class: uint64(p.Class)}) != nil {
				c.ws.CloseNow()
				return
			}
			continue
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (c *serverConn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// ping finds out that a client is gone without a word.
func (c *serverConn) ping(ctx context.Context) {
	keepAlive(ctx, c.ws, c.relay.limits.KeepAlive, c.relay.limits.Write)
}

func (c *serverConn) write(ctx context.Context, f frame) error {
	err := writeFrame(ctx, c.ws, f, c.relay.limits.Write)
	if errors.Is(err, context.DeadlineExceeded) {
		c.relay.counts.slow.Add(1)
	}
	return err
}
