package media

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// A Conn is the one owner of a PeerConnection. All methods are safe for concurrent use; the steps of a negotiation are
// taken one after another.
type Conn struct {
	cfg  ConnConfig
	log  *slog.Logger
	pc   *webrtc.PeerConnection
	born time.Time // connection time 0
	salt [16]byte  // of candidate foundations

	ctx      context.Context // ends when Close begins
	cancel   context.CancelFunc
	work     sync.WaitGroup // every goroutine that this package started, but for releases
	releases sync.WaitGroup // the goroutines that close a source

	mu       sync.Mutex // guards what follows, and negotiations: held while the layer below is asked to do a step
	sections []*section
	tracks   int
	usedCtx  map[uint16]bool
	started  bool
	held     bool
	stage    stage
	offer    string   // of ours, given out and not answered
	offered  []string // the sections that it names to the peer
	agreed   []string // those of the descriptions in force
	ufrag    string   // of our last description
	named    int      // sections named after the first description
	servers  []ICEServer

	candidates remoteCandidates
	channel    messageChannel
	clock      callClock
	reports    sentReports
	progress   signal // something happened that Drain waits for

	events   sync.Mutex // one Notify at a time
	looks    sync.Mutex // one onState at a time
	state    atomic.Uint32
	workMu   sync.Mutex // guards over: no goroutine starts after Close has begun to wait
	over     bool
	ready    atomic.Bool  // SRTP is up
	originAt atomic.Int64 // connection time at which sources were first allowed to be read, +1
	rttNow   atomic.Int64

	closing sync.Once
	closed  chan struct{} // closed when everything has ended
}

// A stage says which description comes next.
type stage uint8

const (
	stageNew     stage = iota // nothing yet
	stageOffered              // our first offer is out
	stageStable               // both descriptions are known
	stageClosed
)

// NewConn makes a connection. It touches no network and starts no goroutine that Close does not end.
func NewConn(cfg ConnConfig) (*Conn, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	limit := &streamLimit{}
	pc, err := newPeerConnection(cfg.Settings, cfg.Certificate, cfg.Callee, limit)
	if err != nil {
		return nil, err
	}
	c := &Conn{
		cfg: cfg, log: cfg.Settings.Logger, pc: pc, born: time.Now(), usedCtx: map[uint16]bool{},
		closed: make(chan struct{}), progress: newSignal(), servers: cfg.Settings.ICEServers,
	}
	if _, err := rand.Read(c.salt[:]); err != nil {
		return nil, fmt.Errorf("media: salt: %w", err)
	}
	limit.exceeded = c.overrun
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.state.Store(uint32(ConnNew))
	if err := c.openChannel(); err != nil {
		_ = pc.Close() // nothing is open yet
		return nil, err
	}
	pc.OnICECandidate(c.onCandidate)
	pc.OnConnectionStateChange(func(webrtc.PeerConnectionState) { c.onState() })
	pc.OnTrack(c.onTrack)
	c.goDo(c.reportLoop)
	return c, nil
}

// goDo runs f on a goroutine that Close waits for, unless Close has begun. f must end when c.ctx does, or when the layer
// below is closed.
func (c *Conn) goDo(f func()) {
	c.workMu.Lock()
	defer c.workMu.Unlock()
	if !c.over {
		c.work.Go(f)
	}
}

// release closes a source that is used no more, on a goroutine that Close waits for at its very end: a device may take its time.
// The channel gets the outcome.
func (c *Conn) release(source Source) <-chan error {
	closed := make(chan error, 1)
	c.releases.Add(1)
	go func() {
		defer c.releases.Done()
		err := source.Close()
		if err != nil {
			c.log.Debug("source not closed", "error", err)
		}
		closed <- err
	}()
	return closed
}

// notify hands an event to the owner. One at a time; none after ConnClosed.
func (c *Conn) notify(e Event) {
	c.events.Lock()
	defer c.events.Unlock()
	if c.State() != ConnClosed {
		c.cfg.Notify(ConnEvent{Generation: c.cfg.Generation, Event: e})
	}
}

// setState changes the state and says so, if it is another one. ConnClosed is the last.
func (c *Conn) setState(state ConnState, err error) {
	c.events.Lock()
	defer c.events.Unlock()
	if was := c.State(); was == state || was == ConnClosed {
		return
	}
	c.state.Store(uint32(state))
	c.cfg.Notify(ConnEvent{Generation: c.cfg.Generation, Event: StateChanged{State: state, Err: err}})
}

// onState looks at the state as it is now: callbacks of the layer below may overtake each other. One looks at a time, so that the
// last one tells last.
func (c *Conn) onState() {
	c.looks.Lock()
	defer c.looks.Unlock()
	switch c.pc.ConnectionState() {
	case webrtc.PeerConnectionStateConnecting:
		c.setState(ConnConnecting, nil)
	case webrtc.PeerConnectionStateConnected:
		if !c.ready.Swap(true) {
			c.goDo(c.refreshGates)
		}
		c.setState(ConnConnected, nil)
	case webrtc.PeerConnectionStateDisconnected:
		c.setState(ConnDisconnected, nil)
	case webrtc.PeerConnectionStateFailed:
		c.setState(ConnFailed, c.failure())
	}
}

// failure says which layer failed.
func (c *Conn) failure() error {
	if c.pc.SCTP().Transport().State() == webrtc.DTLSTransportStateFailed {
		return ErrHandshake
	}
	return ErrNoPath
}

// State is where the connection stands now.
func (c *Conn) State() ConnState { return ConnState(c.state.Load()) }

// elapsed is the connection's own clock.
func (c *Conn) elapsed() time.Duration { return time.Since(c.born) }

// origin is the connection time at which the sources were first allowed to be read.
func (c *Conn) origin() time.Duration { return time.Duration(c.originAt.Load() - 1) }

// rtt is the round trip as last measured, 0 before.
func (c *Conn) rtt() time.Duration { return time.Duration(c.rttNow.Load()) }

// ownSSRC names us in RTCP packets.
func (c *Conn) ownSSRC() uint32 { return 1 }

// writeRTCP sends packets; before the path is up they are lost, as on any path.
func (c *Conn) writeRTCP(packets ...rtcp.Packet) {
	if err := c.pc.WriteRTCP(packets); err != nil {
		c.log.Debug("RTCP not sent", "error", err)
	}
}
