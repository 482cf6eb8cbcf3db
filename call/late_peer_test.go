package call

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestALatePeer: media begins without the Ack, unless the other side has said that it loses what comes before.
// Mutations: decode that leaves the Accept's Late out; loop's inAnswer without the Invite's.
func TestALatePeer(t *testing.T) {
	for _, r := range []role{caller, callee} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("role %d, late %v", r, late), func(t *testing.T) {
				onStage(t, func(t *testing.T, s *stage) {
					v := s.person("v")
					p := s.peer(v)
					c := p.meets(s.victim(v), r, late)
					time.Sleep(2 * time.Second)
					if got := p.snoop.frames.Load(); (got == 0) != late {
						t.Errorf("%d frames before the Ack", got)
					}
					p.ack(true)
					next[Connected](t, c)
					before := p.snoop.frames.Load()
					time.Sleep(time.Second)
					if p.snoop.frames.Load() == before {
						t.Error("no frame after the Ack")
					}
				})
			})
		}
	}
}

// meets brings a call to where the peer's Ack is all that is missing; r is the peer's role.
func (p *peer) meets(v *victim, r role, late bool) *Call {
	p.t.Helper()
	if r == callee {
		c := v.dial(p.t, p)
		p.rung()
		b := p.acceptOf()
		b.Late = late
		p.send(msgAccept, b)
		p.hearWelcome()
		return c
	}
	b := p.inviteOf()
	b.Late = late
	p.send(msgInvite, b)
	p.hearRinging()
	return p.joins(v)
}

// TestALatePeerWithoutAPath: a side that is late withholds its Ack exactly while it has no path. So it is the path that was
// missing, and not the side; before the group is there, it is the side.
// Mutation: setupFailed without late.
func TestALatePeerWithoutAPath(t *testing.T) {
	for _, tt := range []struct {
		role role
		way  string
		want EndReason
	}{
		{caller, "start accept-late group", IceTimeout}, {caller, "start accept group", PeerLost},
		{caller, "start accept-late", PeerLost}, {caller, "start accept group ack-got", IceTimeout},
		{callee, "start answer-late sealed-accept welcome group", IceTimeout},
		{callee, "start answer sealed-accept welcome group", PeerLost},
		{callee, "start answer-late sealed-accept", PeerLost},
	} {
		m, now := newMachine(tt.role, hI, ringTime), time.Unix(0, 0)
		for w := range strings.FieldsSeq(tt.way) {
			m.step(now, words[w])
		}
		fx := m.step(now.Add(setupTime), nil)
		if end, ok := fx[len(fx)-1].(fxEnd); !ok || end.Reason != tt.want {
			t.Errorf("role %d, %s: %s", tt.role, tt.way, show(fx))
		}
	}
}
