package call

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// FuzzLetters plays any sequence of messages of an authentic peer, good ones and bad ones in any order, into a live call of
// ours, on either side of it. Nothing panics, no plaintext leaves, nothing is sent on the network before the local accept, the call
// ends when it is told to, and nothing is left.
func FuzzLetters(f *testing.F) {
	f.Add(false, []byte{0, 1, 2, 3, 4, 5, 6, 7})
	f.Add(true, []byte{0, 2, 2, 9, 7, 8, 1, 1})
	f.Add(false, []byte{20, 33, 2, 50, 3, 12, 0, 1, 2, 3, 11, 30})
	f.Add(true, []byte{10, 11, 12, 13, 14, 15, 16, 17, 18, 19})
	f.Fuzz(func(t *testing.T, calls bool, script []byte) {
		if len(script) > 24 {
			return
		}
		onStage(t, func(t *testing.T, s *stage) { playLetters(t, s, calls, script) })
	})
}

// A player is the fuzzed peer.
type player struct {
	*peer
	t        *testing.T
	v        *victim
	c        *Call
	in       *Incoming
	answered bool
	last     signal.Packet
	seqs     uint64
}

func playLetters(t *testing.T, s *stage, calls bool, script []byte) {
	v := s.person("v")
	p := &player{peer: s.peer(v), t: t}
	p.v = s.victim(v)
	if calls {
		p.c = p.v.dial(t, p.peer)
		p.rung()
		p.answered = true
	} else {
		p.rings()
		p.in = p.v.rung(t)
		p.c = p.in.call
	}
	for _, b := range script {
		p.play(b)
		if n := s.packets.Load(); n > 0 && !p.answered {
			t.Fatalf("%d packets before the accept", n)
		}
	}
	p.c.Close()
	if p.c.State() != StateEnded || p.v.Close() != nil {
		t.Errorf("state %v", p.c.State())
	}
	if p.snoop.inClear.Load() > 0 {
		t.Error("plaintext on the network")
	}
	synctest.Wait()
}

// play does one thing.
func (p *player) play(b byte) {
	switch b % 16 {
	case 0: // the victim's user says yes
		if p.in != nil && !p.answered {
			p.answered = true
			_, _ = p.in.Answer(p.t.Context(), Media{Send: []media.Source{&lens{}}, Receive: discard})
			p.hear()
		}
	case 1:
		p.tell(msgAccept, p.anAccept(b>>4))
	case 2:
		p.tell(msgWelcome, p.aWelcome(b>>4))
	case 3:
		p.tell(msgAck, p.anAck(b>>4))
	case 4:
		p.tell(msgBye, byeBody{b>>4 + 1})
	case 5:
		p.tell(msgDecline, declineBody{Reason: b>>4 + 1})
	case 6:
		p.tell(msgCancel, cancelBody{Reason: b>>4 + 1})
	case 7:
		p.tell(msgRinging, ringingBody{boxOf(p.own.Card())})
	case 8:
		p.tell(msgInvite, p.said)
	case 9:
		p.tell(messageType(b>>4), []byte{b, b})
	case 10:
		if p.last.Body != nil {
			p.inject(p.last)
		}
	case 11:
		time.Sleep(time.Duration(b>>4) * 700 * time.Millisecond)
	case 12:
		p.inGroup(inCallType(b>>4), []byte(clearText))
	case 13:
		p.inGroup(inDescribe, encode(describeBody{Kind: b>>4%3 + 1, N: uint64(b >> 6), SDP: p.said.Offer}))
	case 14:
		p.handshakes(b >> 4)
	case 15:
		p.c.RenewKeys()
	}
	synctest.Wait()
}

// tell seals and sends, if it is known where to.
func (p *player) tell(m messageType, body any) {
	if p.theirs.HPKE == nil || body == nil {
		return
	}
	packet, h := p.sealed(p.id, p.message(m, body))
	p.last = packet
	if m == msgAccept && p.accept == (hash{}) {
		p.accept = h
	}
	p.inject(packet)
	time.Sleep(20 * time.Millisecond)
}

// hear takes the victim's Accept, if it comes.
func (p *player) hear() {
	for range 8 {
		m, err := p.receive(p.line, p.own, time.Second)
		if err != nil {
			return
		}
		if b, err := decode[acceptBody](m.message.Body, maxBody); err == nil && messageType(m.message.Type) == msgAccept {
			p.accept, p.took = m.hash, b
			p.setTheirs(b.Box)
			return
		}
	}
}

func (p *player) anAccept(how byte) any {
	if p.in != nil || p.conn != nil {
		return acceptBody{Box: boxOf(p.own.Card()), KeyPackage: p.keyPackage(p.self()), Nonce: p.nonce[:], Answer: []byte("v=0")}
	}
	b := p.acceptOf()
	switch how % 4 {
	case 1:
		b.Answer = otherDigit(b.Answer)
	case 2:
		b.Nonce = nil
	case 3:
		b.KeyPackage = b.KeyPackage[:len(b.KeyPackage)-1]
	}
	return b
}

func (p *player) aWelcome(how byte) any {
	if p.took.KeyPackage == nil {
		return welcomeBody{Welcome: []byte("w"), Nonce: p.nonce[:]}
	}
	w := welcomeBody{Nonce: p.nonce[:]}
	g, err := mls.NewGroup(p.call[:], p.self())
	if err != nil {
		p.t.Fatal(err)
	}
	kp, err := mls.ParseKeyPackage(p.took.KeyPackage)
	if err != nil {
		return nil
	}
	c, err := g.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}})
	if err != nil {
		return nil
	}
	if _, err := g.Merge(); err != nil {
		return nil
	}
	p.group, w.Welcome = g, c.Welcome
	switch how % 4 {
	case 1:
		w.Nonce = make([]byte, 32)
	case 2:
		w.Welcome[len(w.Welcome)/2] ^= 1
	case 3:
		w.Candidates = []candidate{hostCandidate("127.0.0.1", 1)}
	}
	return w
}

func (p *player) anAck(how byte) any {
	if p.group == nil || how%4 == 1 {
		h := random()
		return ackBody{Epoch: uint64(how), Authenticator: h[:]}
	}
	return ackBody{Epoch: p.group.Epoch(), Authenticator: p.group.EpochAuthenticator(), Got: how%2 == 0}
}

// inGroup says something in the group, if there is one: the victim's, or one of the peer's own.
func (p *player) inGroup(t inCallType, body []byte) {
	p.joins()
	if p.group == nil {
		return
	}
	p.seqs++
	if b, err := p.group.Protect(encode(inCallBody{Type: t, Seq: p.seqs, Body: body}), mls.MessageOptions{}); err == nil {
		p.tell(msgInCall, b)
	}
}

// joins takes a Welcome that waits.
func (p *player) joins() {
	if p.in != nil || p.group != nil || p.conn == nil {
		return
	}
	for range 8 {
		m, err := p.receive(p.line, p.own, 100*time.Millisecond)
		if err != nil {
			return
		}
		if w, err := decode[welcomeBody](m.message.Body, maxBody); err == nil && messageType(m.message.Type) == msgWelcome {
			p.group, _ = mls.Join(w.Welcome, p.secrets, p.config, mls.JoinOptions{})
			return
		}
	}
}

func (p *player) handshakes(how byte) {
	p.joins()
	if p.group == nil {
		return
	}
	var b []byte
	var err error
	switch how % 4 {
	case 0:
		var c *mls.Commit
		if c, err = p.group.Commit(mls.CommitOptions{}); err == nil {
			b = c.Message
			_, err = p.group.Merge()
		}
	case 1:
		b, err = p.group.ProposeUpdate(nil, mls.MessageOptions{})
	case 2:
		b, err = p.group.Propose(mls.Remove(0), mls.MessageOptions{})
	case 3:
		b, err = p.group.Propose(mls.Remove(1), mls.MessageOptions{})
	}
	if err == nil {
		p.tell(msgInCall, b)
	}
}
