package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// Relay is a relay: an http.Handler that takes WebSocket connections on every path but /healthz and /metrics. It runs
// until Shutdown or Close. Each connection has a goroutine that reads and one that pings, and with a mailbox one that delivers.
type Relay struct {
	config  RelayConfig
	limits  Limits
	origins []string
	store   *store.Store
	guard   *guard
	counts  counts
	log     *slog.Logger
	stop    chan struct{} // closed when the relay goes away
	running sync.WaitGroup

	mu      sync.Mutex
	conns   map[*serverConn]struct{}
	servers map[*http.Server]struct{}
	down    bool
}

// NewRelay starts a relay. All faults of the configuration are reported together.
func NewRelay(c RelayConfig) (*Relay, error) {
	origins, err := c.check()
	if err != nil {
		return nil, err
	}
	l := c.Limits.withDefaults()
	r := &Relay{
		config: c, limits: l, origins: origins,
		store: store.New(l.store()), guard: newGuard(l, c.ClientIP != nil), log: logger(c.Logger),
		stop: make(chan struct{}), conns: map[*serverConn]struct{}{}, servers: map[*http.Server]struct{}{},
	}
	r.running.Go(r.sweep)
	return r, nil
}

// sweep forgets what is over, every few seconds.
func (r *Relay) sweep() {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-r.stop:
			return
		case now := <-tick.C:
			r.store.Sweep(now)
			r.guard.sweep(now)
		}
	}
}

// Stats counts what the relay has stored since it started.
func (r *Relay) Stats() signal.Stats { return r.store.Stats() }

// ServeHTTP serves one client.
func (r *Relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	w.Header().Set("Connection", "close") // unless it becomes a WebSocket
	switch q.URL.Path {
	case "/healthz":
		r.health(w)
	case "/metrics":
		r.metrics(w, q)
	default:
		r.connect(w, q)
	}
}

// Serve accepts connections on l until Shutdown, Close or an error of l, with TLS if config is not nil. It returns nil
// after Shutdown or Close. It closes those over the limits before a byte is read, where RelayConfig.ClientIP is set over the one
// in all alone: who mounts the Relay in a server of their own sees to that there.
func (r *Relay) Serve(l net.Listener, config *tls.Config) error {
	l = &listener{Listener: l, guard: r.guard}
	if config != nil {
		config = config.Clone()
		config.NextProtos = []string{"http/1.1"} // WebSocket over HTTP/2 is not spoken here
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
		l = tls.NewListener(l, config)
	}
	s := &http.Server{
		Handler:        r,
		ReadTimeout:    10 * time.Second, // of a request; a WebSocket has its own
		WriteTimeout:   10 * time.Second,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       log.New(io.Discard, "", 0), // it would name IP addresses
	}
	if !r.serving(s) {
		l.Close()
		return nil
	}
	err := s.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("websocket: serve: %w", err)
}

func (r *Relay) serving(s *http.Server) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.down {
		r.servers[s] = struct{}{}
	}
	return !r.down
}

// Shutdown takes no more connections, tells all clients that the relay goes away, so that they come back after a random
// time, and waits for them to leave. When ctx ends first it cuts the rest off and returns the context's error. What is
// stored is lost: senders of what nobody has read yet were told that it was stored. Calls that are up need no relay until
// their path is lost.
func (r *Relay) Shutdown(ctx context.Context) error {
	var leaving sync.WaitGroup
	for _, c := range r.begin() {
		leaving.Go(c.leave)
	}
	ended := make(chan struct{})
	go func() { r.running.Wait(); leaving.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		r.cut()
		<-ended
		return ctx.Err()
	}
}

// Close cuts all connections off and returns when the relay's goroutines have ended. It may be called again.
func (r *Relay) Close() error {
	r.begin()
	r.cut()
	r.running.Wait()
	return nil
}

// begin marks the relay as down and returns the connections that are left.
func (r *Relay) begin() (left []*serverConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.down {
		r.down = true
		close(r.stop)
	}
	for s := range r.servers {
		s.Close() // its listeners and idle connections; those with a WebSocket are ours
	}
	for c := range r.conns {
		left = append(left, c)
	}
	return left
}

func (r *Relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.cut()
	}
}

// enter counts a connection in; it is false when the relay is going away. Each success is followed by one exit.
func (r *Relay) enter(c *serverConn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return false
	}
	r.running.Add(1)
	r.conns[c] = struct{}{}
	return true
}

func (r *Relay) exit(c *serverConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	r.running.Done()
}
