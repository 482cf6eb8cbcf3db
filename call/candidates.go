package call

import (
	"strings"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// gathering is how the callee's Accept waits for candidates, and what was sent of them.
type gathering struct {
	answer string // made; the Accept is not sealed yet
	found  []candidate
	sent   int
	done   bool // no more will come
	late   bool // the Accept waits no longer
	sealed bool

	repeating bool // a repetition is due
}

// How long an Accept waits for candidates: host candidates are there at once, those of servers need the network, and
// what comes later follows in messages of its own, one round trip after the Welcome at the earliest.
const (
	gatherTime      = 50 * time.Millisecond
	gatherRelayTime = 500 * time.Millisecond // relay candidates are all there is
)

// anew forgets the candidates of the ICE session before.
func (g *gathering) anew() { g.found, g.sent = nil, 0 }

// forServers are how many of the candidates are not those of the machine's own addresses, which come first: where it has dozens,
// as of containers, they would leave no room for those that reach another network.
const forServers = 8

// found is a new candidate of ours.
func (l *loop) found(c media.Candidate) {
	most := maxCandidates
	if strings.Contains(c.Line, " typ host") {
		most -= forServers
	}
	if len(l.candidates.found) >= most {
		return
	}
	l.candidates.found = append(l.candidates.found, candidate(c))
	l.trickle()
}

// gather starts the callee's wait.
func (l *loop) gather() {
	d := gatherTime
	if l.client.config.settings(l.call.peer).RelayOnly {
		d = gatherRelayTime
	}
	time.AfterFunc(d, func() {
		l.back(func(l *loop) {
			l.candidates.late = true
			l.sealAccept()
		})
	})
	l.sealAccept()
}

// sealAccept sends the callee's Accept when its candidates are there or will wait no longer.
func (l *loop) sealAccept() {
	g := &l.candidates
	if g.answer == "" || g.sealed || !g.done && !g.late || l.machine.state != StateConnecting {
		return
	}
	g.sealed = true
	b, err := l.acceptBody()
	if err != nil {
		l.step(inFault{MediaFailed, err})
		return
	}
	g.sent = len(g.found)
	if p, ok := l.seal(msgAccept, b); ok {
		l.line.courier.send(p, nil)
	}
	l.step(nil) // takes what seal has fed
}

func (l *loop) acceptBody() (acceptBody, error) {
	kp, err := l.keys.keyPackage()
	return acceptBody{Box: boxOf(l.keys.own.Card()), KeyPackage: kp, Nonce: l.keys.nonce[:], Answer: []byte(l.candidates.answer),
		Streams: streamsOf(l.conn.Streams()), Candidates: l.candidates.found}, err
}

// trickle sends what was found since, once the group is there to seal it.
func (l *loop) trickle() {
	g := &l.candidates
	for l.keys.group != nil && g.sent < len(g.found) {
		l.signal(inCandidate, g.found[g.sent])
		g.sent++
		l.repeatCandidates()
	}
}

// candidatesAgain is the pause after which candidates are repeated that a relay may have lost.
const candidatesAgain = 2 * time.Second

// repeatCandidates sends all candidates again as long as there is no path. The same one twice does no harm.
func (l *loop) repeatCandidates() {
	g := &l.candidates
	if g.repeating {
		return
	}
	g.repeating = true
	time.AfterFunc(candidatesAgain, func() {
		l.back(func(l *loop) {
			g := &l.candidates
			g.repeating = false
			if s := l.machine.state; s == StateConnected && !l.control.unsure || s == StateEnded {
				return
			}
			g.sent = 0
			l.trickle()
		})
	})
}
