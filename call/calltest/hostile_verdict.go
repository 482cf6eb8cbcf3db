package calltest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// testify writes down what the two people saw, and what their programs refused.
func (s *Scene) testify() {
	for _, p := range []struct {
		who *Person
		end func(*Talk) *End
	}{{s.Alice, func(t *Talk) *End { return t.Alice }}, {s.Bob, func(t *Talk) *End { return t.Bob }}} {
		if s.Talk != nil {
			s.happened("%s: %s", p.who.Name, p.end(s.Talk).story())
		}
		s.refusals(p.who)
		if s.Talk != nil {
			s.testifyEnd(p.who.Name, p.end(s.Talk))
		}
	}
	s.testifyRelay()
	s.testifyMedia()
	if s.Talk != nil && s.Talk.Failed != nil {
		s.why("Alice: %v", s.Talk.Failed)
	}
}

func (s *Scene) testifyEnd(who string, e *End) {
	s.count(who, "call", "dropped", e.Stats.Dropped)
	if r := e.Ended.Reason; r != 0 && r != call.Left {
		s.why("%s: %v", who, e.Ended)
	}
}

// testifyRelay says what became of packets that were lost.
func (s *Scene) testifyRelay() {
	lost, again, sent := 0, 0, map[string]int{}
	for _, seen := range s.Evil.Seen() {
		if seen.What != signaltest.Sent {
			continue
		}
		if seen.Changed && seen.Stored == 0 {
			lost++
		}
		if sent[string(seen.Packet.Body)]++; sent[string(seen.Packet.Body)] > 1 {
			again++
		}
	}
	if lost > 0 {
		s.why("relay: %d packets not stored", lost)
	}
	if lost > 0 && again > 0 {
		s.why("relay: was given %d packets again, byte for byte", again)
	}
}

// refusals are the errors that packets gave at a person, and the counters of the client.
func (s *Scene) refusals(p *Person) {
	n := p.Witness.Refusals()
	for _, err := range slices.Sorted(maps.Keys(n)) {
		s.why("%s: %d × %s", p.Name, n[err], err)
	}
	if n := s.strangers(p); n > 0 {
		s.why("%s: %d × opened, and signed by nobody that the call is with", p.Name, n)
	}
	c := p.Client.Stats()
	s.count(p.Name, "client", "refused", c.Refused)
	s.count(p.Name, "client", "replayed", c.Replayed)
	s.count(p.Name, "client", "stale", c.Stale)
	s.count(p.Name, "client", "ignored", c.Ignored)
	s.count(p.Name, "client", "malformed", c.Malformed)
}

// strangers counts the messages that p's mailboxes opened and that neither of the two has signed.
func (s *Scene) strangers(p *Person) (n int) {
	for _, r := range p.Witness.Reads() {
		if r.Message != nil && r.Message.From != s.Alice.Identity.Public() && r.Message.From != s.Bob.Identity.Public() {
			n++
		}
	}
	return n
}

func (s *Scene) count(who, where, what string, n uint64) {
	if n > 0 {
		s.why("%s: %s %s %d", who, where, what, n)
	}
}

// story is how the call went for one side.
func (e *End) story() string {
	if e.Call == nil {
		return "no call"
	}
	s := "not connected"
	if e.Connected() {
		s = "connected"
	}
	if n := e.Heard; n != (TallyCounts{}) {
		s += fmt.Sprintf(", heard %d sounds and saw %d pictures", n.Sound, n.Pictures)
	}
	return s + ", " + e.Ended.String()
}

// judge says whether a relay got what it must not get: a frame heard that was not sent so, a ring too many or of somebody
// else, a third who holds keys, or anything that was said.
func (s *Scene) judge() {
	if s.Talk != nil {
		s.judgeEnd("Alice", s.Talk.Alice)
		s.judgeEnd("Bob", s.Talk.Bob)
		s.judgeKeys()
		if !s.stopped && (s.Talk.Alice.Ended.Reason != call.Left || s.Talk.Bob.Ended.Reason != call.Left) {
			s.broken("the call did not go as the two wished")
		}
	}
	if n := s.Bob.Client.Stats().Rang; n > s.calls {
		s.broken("Bob's program rang %d times for %d calls", n, s.calls)
	}
	s.judgeSecrets()
	s.judgeMedia()
}

func (s *Scene) judgeEnd(who string, e *End) {
	if e.Heard.Forged > 0 || e.Heard.Again > 0 {
		s.broken("%s was given %d frames that nobody sent, and %d twice or out of order", who, e.Heard.Forged, e.Heard.Again)
	}
	for _, p := range e.Roster {
		if p.ID != s.Alice.Identity.Public() && p.ID != s.Bob.Identity.Public() {
			s.broken("%s shares the keys of the call with a third", who)
		}
	}
}

func (s *Scene) judgeKeys() {
	for _, c := range s.Talk.Rings {
		if c.ID != s.Alice.Identity.Public() {
			s.broken("Bob's program rang for somebody else")
		}
	}
	if a, b := s.Talk.Alice, s.Talk.Bob; a.Matched && b.Matched && a.Emoji != b.Emoji {
		s.broken("the emoji differ: somebody is between")
	}
}

// judgeSecrets searches what the relay holds.
func (s *Scene) judgeSecrets() {
	for name, secret := range s.Secrets() {
		if hits := s.Evil.Find(secret); len(hits) > 0 {
			s.broken("the relay holds %s (%s)", name, hits[0].Form)
		}
	}
}

// Secrets are what no relay may find in what it holds: what is said, who says it, and how to reach them.
func (c *Cast) Secrets() map[string][]byte {
	secrets := map[string][]byte{
		"a frame of Alice's":  []byte(AliceMarker),
		"a frame of Bob's":    []byte(BobMarker),
		"a name":              []byte(NameMarker),
		"a line of SDP":       []byte("a=fingerprint:sha-256"),
		"a candidate":         []byte("candidate:"),
		"an ICE password":     []byte("a=ice-pwd:"),
		"a media description": []byte("UDP/TLS/RTP/SAVPF"),
	}
	for _, p := range []*Person{c.Alice, c.Bob} {
		for _, r := range p.Witness.Reads() {
			if r.Message != nil && len(r.Message.Body) >= 16 {
				secrets[fmt.Sprintf("the %v that %s read at %s", r, p.Name, r.At.Format("15:04:05.000"))] = r.Message.Body[:16]
			}
		}
	}
	return secrets
}
