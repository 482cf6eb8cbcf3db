package call

import (
	"context"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// A worker carries out, in order and on a goroutine of its own, what may block: the steps of the connection's
// negotiation. Outcomes go back to the loop.
type worker struct {
	loop    *loop
	call    *Call
	ctx     context.Context
	jobs    *queue.Queue[func(*worker) task]
	done    chan struct{}
	certs   *media.Certificate
	frames  *e2ee.Frames
	their   uint32 // the other side's leaf
	receive func(media.TrackInfo) media.Sink
	number  uint64                    // the generation of connections made now
	asking  map[string]bool           // the media sections about which the application is asked, consent.go
	loans   map[int][]media.ICEServer // what each transport's relay lent last
	alone   bool                      // no STUN or TURN server is known, and the call is not inside of this machine
	made    *media.Conn               // by a job; the loop adopts it, or closes it if it ended meanwhile
}

func newWorker(ctx context.Context, l *loop, cert *media.Certificate) *worker {
	w := &worker{loop: l, call: l.call, ctx: ctx, jobs: queue.New[func(*worker) task](), done: make(chan struct{}), certs: cert}
	go w.run()
	return w
}

func (w *worker) do(job func(*worker) task) { w.jobs.Put(job) }

func (w *worker) run() {
	defer close(w.done)
	for {
		job, err := w.jobs.Get(w.ctx)
		if err != nil {
			return
		}
		if t := job(w); t != nil {
			w.loop.back(t)
		}
	}
}

// maxJobs bounds what the other side can make wait for the worker.
const maxJobs = 64

// config is the connection's, for the worker's call.
func (w *worker) config(c Config, isCallee bool) media.ConnConfig {
	s := c.settings(w.call.peer)
	s.ICEServers = append(s.ICEServers[:len(s.ICEServers):len(s.ICEServers)], w.lent(c)...)
	w.alone = len(s.ICEServers) == 0 && !s.Loopback
	frames, leaf, call, number := w.frames, w.their, w.call, w.number
	return media.ConnConfig{
		Settings: s, Certificate: w.certs, Callee: isCallee, Generation: number,
		Seal:     func(ctx uint16) media.Sealer { return frames.Sealer(ctx) },
		Open:     func(mid string) media.Opener { return frames.Opener(leaf, mid) },
		Sink:     func(t media.TrackInfo) media.Sink { return w.receive(t) },
		Notify:   call.notify,
		Classify: classify,
	}
}

// renew gives the connection the ICE servers as our relay lends them now: what it lent at the start may have run out.
func (w *worker) renew(conn *media.Conn) {
	c := w.call.client.config
	if lent := w.lent(c); len(lent) > 0 {
		w.alone = false
		own := c.Media.ICEServers
		if err := conn.SetICEServers(append(own[:len(own):len(own)], lent...)); err != nil {
			c.Logger.Warn("renewed ICE servers were not taken", "error", err)
		}
	}
}

// lendTime bounds how long a call waits for its relays' ICE servers.
const lendTime = 2 * time.Second

// lent are the ICE servers of our own relays, unless they are not wanted; all are asked at once, so that a slow one takes no time
// from the others. One that does not answer has still lent what it lent before: as long as it is away, its TURN server may
// be the only way there is.
func (w *worker) lent(c Config) []media.ICEServer {
	if c.NoRelayServers {
		return nil
	}
	var servers []media.ICEServer
	for i, a := range askAll(w.ctx, c.Transports) {
		if a.err != nil {
			c.Logger.Warn("the relay lends no ICE servers", "error", a.err)
		} else {
			w.lends(i, a.servers)
		}
		servers = append(servers, w.loans[i]...)
	}
	return servers
}

// An offered is what one relay lends; nothing, if it lends nothing.
type offered struct {
	servers []signal.ICEServer
	err     error
}

// askAll asks the relays for their ICE servers. The answers are in the transports' order.
func askAll(ctx context.Context, transports []signal.Transport) []offered {
	ctx, cancel := context.WithTimeout(ctx, lendTime)
	defer cancel()
	answers := make([]offered, len(transports))
	var all sync.WaitGroup
	for i, t := range transports {
		if p, ok := t.(signal.ICEServerProvider); ok {
			all.Go(func() { answers[i].servers, answers[i].err = p.ICEServers(ctx) })
		}
	}
	all.Wait()
	return answers
}

// lends notes what a relay has lent.
func (w *worker) lends(transport int, list []signal.ICEServer) {
	if w.loans == nil {
		w.loans = make(map[int][]media.ICEServer)
	}
	servers := make([]media.ICEServer, len(list))
	for i, s := range list {
		servers[i] = media.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential}
	}
	w.loans[transport] = servers
}
