package sim

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"
)

// A Link is the path between any two hosts of a World.
type Link struct {
	OneWay time.Duration // delay
	Loss   float64       // probability from 0 to 1 that a packet is lost
	Rate   int           // bits a second into each host; what exceeds a burst of 50 ms is dropped. 0 is no limit
	Seed   uint64        // of the loss
}

// A Packet is one datagram as the public network carries it.
type Packet struct {
	From, To string // host:port
	Data     []byte // valid during the call
}

// A World is one network. Its methods are safe for concurrent use.
type World struct {
	t     testing.TB
	link  Link
	wan   *vnet.Router
	close []func() error

	mu      sync.Mutex
	random  *rand.Rand
	cut     map[string]bool
	taps    []func(Packet)
	lose    func(Packet) bool
	buckets map[string]*bucket
	started bool
	lost    int
}

// NewWorld makes a network in which any two addresses reach each other. Add hosts, then use them.
func NewWorld(t testing.TB, link Link) *World {
	t.Helper()
	w := &World{
		t: t, link: link, random: rand.New(rand.NewPCG(link.Seed, 1)), cut: map[string]bool{}, buckets: map[string]*bucket{},
	}
	wan, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "0.0.0.0/0", MinDelay: link.OneWay, LoggerFactory: silent{}})
	if err != nil {
		t.Fatalf("sim: %v", err)
	}
	wan.AddChunkFilter(w.pass)
	w.wan = wan
	w.close = append(w.close, wan.Stop)
	t.Cleanup(w.Close)
	return w
}

// Host adds a host with these public addresses.
func (w *World) Host(addresses ...string) transport.Net {
	w.t.Helper()
	return w.add(w.wan, addresses)
}

func (w *World) add(router *vnet.Router, addresses []string) transport.Net {
	w.t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: addresses})
	if err == nil {
		err = router.AddNet(host)
	}
	if err != nil {
		w.t.Fatalf("sim: host %v: %v", addresses, err)
	}
	w.start()
	return host
}

// start starts the router with the first host.
func (w *World) start() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started {
		return
	}
	w.started = true
	if err := w.wan.Start(); err != nil {
		w.t.Fatalf("sim: %v", err)
	}
}

// Cut makes an address silent: nothing to it or from it passes any more.
func (w *World) Cut(address string) { w.setCut(address, true) }

// Heal ends Cut.
func (w *World) Heal(address string) { w.setCut(address, false) }

func (w *World) setCut(address string, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[address] = cut
}

// SetLoss changes the loss from now on.
func (w *World) SetLoss(loss float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.link.Loss = loss
}

// Lost is the number of packets lost so far, without those of Cut.
func (w *World) Lost() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// Tap calls f for every packet that enters the public network, lost or not. f must not block.
func (w *World) Tap(f func(Packet)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taps = append(w.taps, f)
}

// Lose drops the packets for which f says so. f must not block.
func (w *World) Lose(f func(Packet) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = f
}

// pass decides about one packet.
func (w *World) pass(c vnet.Chunk) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := Packet{From: c.SourceAddr().String(), To: c.DestinationAddr().String(), Data: c.UserData()}
	for _, f := range w.taps {
		f(p)
	}
	from, to := hostOf(p.From), hostOf(p.To)
	if w.cut[from] || w.cut[to] {
		return false
	}
	if w.lose != nil && w.lose(p) || w.link.Loss > 0 && w.random.Float64() < w.link.Loss || !w.admit(to, len(p.Data)) {
		w.lost++
		return false
	}
	return true
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// A bucket is what a host may still receive now.
type bucket struct {
	bits float64
	at   time.Time
}

func (w *World) admit(to string, size int) bool {
	if w.link.Rate == 0 {
		return true
	}
	burst := float64(w.link.Rate) / 20
	b, now := w.buckets[to], time.Now()
	if b == nil {
		b = &bucket{bits: burst, at: now}
		w.buckets[to] = b
	}
	b.bits = min(burst, b.bits+now.Sub(b.at).Seconds()*float64(w.link.Rate))
	b.at = now
	if b.bits < float64(8*size) {
		return false
	}
	b.bits -= float64(8 * size)
	return true
}

// Close ends the network. Close every connection before. The end of the test closes it too.
func (w *World) Close() {
	w.t.Helper()
	if !w.started {
		w.close = nil
	}
	for i := len(w.close) - 1; i >= 0; i-- {
		if err := w.close[i](); err != nil {
			w.t.Errorf("sim: closing: %v", err)
		}
	}
	w.close = nil
}

// silent keeps the virtual network from writing to the terminal.
type silent struct{}

func (silent) NewLogger(string) logging.LeveledLogger {
	return (&logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}).NewLogger("")
}
