package calltest

import (
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
)

// A Link is the path between any two hosts of a World.
type Link struct {
	OneWay time.Duration // delay
	Loss   float64       // probability from 0 to 1 that a packet is lost
	Rate   int           // bits a second into each host; what exceeds a burst of 50 ms is dropped. 0 is no limit
	Seed   uint64        // of the loss
}

// A Packet is one datagram as the network carries it.
type Packet struct {
	From, To string // host:port
	Data     []byte // valid during the call
}

// A World is the network that media goes through: hosts in memory, any two of which reach each other. In the World of a
// Net alice is 1.2.3.4 and bob is 1.2.3.5; 1.2.4 is the Stage's. Its methods may be called from any goroutine.
type World struct{ sim *sim.World }

// NewWorld makes a network for Options.World. It is closed at the end of the test.
func NewWorld(t testing.TB, l Link) *World {
	t.Helper()
	return &World{sim.NewWorld(t, sim.Link(l))}
}

// Join puts whoever uses these settings on a new host with these addresses.
func (w *World) Join(s *media.Settings, addresses ...string) { s.Net = w.sim.Host(addresses...) }

// Relay adds a host with a STUN and TURN server for one user, and returns both as URLs, for media.Settings.ICEServers.
func (w *World) Relay(address, user, password string) (stunURL, turnURL string) {
	return w.sim.Relay(address, user, password)
}

// Cut makes a host silent: nothing to it or from it passes any more.
func (w *World) Cut(address string) { w.sim.Cut(address) }

// Heal ends Cut.
func (w *World) Heal(address string) { w.sim.Heal(address) }

// SetLoss changes the loss from now on.
func (w *World) SetLoss(loss float64) { w.sim.SetLoss(loss) }

// Lose drops the packets for which f says so, beside the link's loss. f must not block.
func (w *World) Lose(f func(Packet) bool) {
	w.sim.Lose(func(p sim.Packet) bool { return f(Packet(p)) })
}

// Lost is how many packets were lost so far, without those of Cut.
func (w *World) Lost() int { return w.sim.Lost() }

// Tap calls f for every packet, lost or not. f must not block.
func (w *World) Tap(f func(Packet)) {
	w.sim.Tap(func(p sim.Packet) { f(Packet(p)) })
}
