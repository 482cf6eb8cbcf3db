package websocket

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// counts are the relay's counters. None names anybody.
type counts struct {
	connections atomic.Uint64 // accepted
	refused     atomic.Uint64 // over a limit
	rejected    atomic.Uint64 // wrong proof of ownership
	throttled   atomic.Uint64 // frames over a rate or a quota
	slow        atomic.Uint64 // clients that did not read
}

// health answers 200, or 503 when the relay is going away.
func (r *Relay) health(w http.ResponseWriter) {
	r.mu.Lock()
	down := r.down
	r.mu.Unlock()
	if down {
		http.Error(w, "going away", http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}

// metrics writes the counters in Prometheus's text format.
func (r *Relay) metrics(w http.ResponseWriter, q *http.Request) {
	if !r.mayWatch(q) {
		http.NotFound(w, q)
		return
	}
	mailboxes, packets, bytes := r.store.Held()
	stats := r.Stats()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, m := range []struct {
		name, kind string
		value      uint64
	}{
		{"connections", "gauge", uint64(r.guard.connections())},
		{"connections_total", "counter", r.counts.connections.Load()},
		{"connections_refused_total", "counter", r.counts.refused.Load()},
		{"auth_rejected_total", "counter", r.counts.rejected.Load()},
		{"throttled_total", "counter", r.counts.throttled.Load()},
		{"slow_clients_total", "counter", r.counts.slow.Load()},
		{"envelopes_total", "counter", stats.Envelopes},
		{"envelope_bytes_total", "counter", stats.Bytes},
		{"mailboxes", "gauge", uint64(mailboxes)},
		{"mailboxes_forgotten_total", "counter", r.store.Forgotten()},
		{"held_packets", "gauge", uint64(packets)},
		{"held_bytes", "gauge", uint64(bytes)},
	} {
		fmt.Fprintf(w, "# TYPE sotto_relay_%s %s\nsotto_relay_%[1]s %[3]d\n", m.name, m.kind, m.value)
	}
}

// mayWatch keeps the counters from strangers: on a small relay they are a presence oracle for who has just sent something.
func (r *Relay) mayWatch(q *http.Request) bool {
	if want := r.config.MetricsToken; want != "" {
		got, _ := strings.CutPrefix(q.Header.Get("Authorization"), "Bearer ")
		return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
	}
	proxied := q.Header.Get("Forwarded") != "" || q.Header.Get("X-Forwarded-For") != "" || q.Header.Get("Via") != ""
	return remoteIP(q).IsLoopback() && !proxied
}
