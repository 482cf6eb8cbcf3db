package call

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// A peer is the scripted other end of a call. It speaks the protocol by hand, so that a test can change any field of any
// message, and does nothing that the test does not say.
type peer struct {
	person
	t      *testing.T
	stage  *stage
	victim e2ee.ID
	door   e2ee.Box          // the victim's identity mailbox, as the peer may write to it
	home   *memory.Transport // the peer's own identity mailbox: Invite and Cancel come here
	role   role

	own     *e2ee.Mailbox // of the call
	line    *memory.Transport
	theirs  e2ee.Box // the victim's, of the call
	call    [32]byte
	seq     uint64
	time    time.Duration // of the peer's clock, from ours
	nonce   [32]byte
	invite  hash
	accept  hash
	binding binding // of the peer's leaf

	cert  *media.Certificate
	conn  *media.Conn
	found chan candidate
	snoop snoop
	said  inviteBody // the Invite that was sent or came
	took  acceptBody // the Accept that was sent or came

	config  mls.Config
	secrets mls.KeyPackageSecrets
	group   *mls.Group
}

// peer is a contact of the victim, and the other way round.
func (s *stage) peer(v person) *peer {
	s.t.Helper()
	p := s.stranger(v)
	p.door = p.knows(s.t, v, "the victim").Box()
	v.knows(s.t, p.person, "label-of-the-peer")
	if err := p.home.Admit(s.t.Context(), p.contacts.TokenHashes(), false); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// stranger is somebody whom the victim does not know; the test must say how it writes to the victim.
func (s *stage) stranger(v person) *peer {
	s.t.Helper()
	p := &peer{person: s.person("name-of-the-peer"), t: s.t, stage: s, victim: v.id.Public()}
	p.home = s.relay.Dial(p.id.Mailbox())
	s.t.Cleanup(func() { p.home.Close() })
	p.afresh()
	return p
}

// afresh begins another call.
func (p *peer) afresh() {
	p.t.Helper()
	p.call, p.nonce, p.seq = random(), random(), 0
	p.invite, p.accept, p.theirs, p.group, p.conn = hash{}, hash{}, e2ee.Box{}, nil, nil
	var err error
	if p.cert, err = media.NewCertificate(); err != nil {
		p.t.Fatal(err)
	}
	p.own = e2ee.NewMailbox()
	p.line = p.stage.relay.Dial(p.own)
	if err := p.line.Admit(p.t.Context(), [][32]byte{p.own.Token().Hash()}, false); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { p.line.Close() })
	p.binding = binding{dtls: p.cert.Fingerprint(), box: p.own.Card()}
	p.found = make(chan candidate, 64)
}

// connection makes the peer's media connection, which has no streams of its own.
func (p *peer) connection() *media.Conn {
	p.t.Helper()
	frames := e2ee.NewFrames(callSFrame, time.Now) // without any key: the peer sends nothing
	cfg := media.ConnConfig{Certificate: p.cert, Callee: p.role == callee,
		Seal: func(ctx uint16) media.Sealer { return frames.Sealer(ctx) },
		Open: func(string) media.Opener { return &p.snoop },
		Sink: discard, Notify: p.notify}
	cfg.Settings.Net = p.stage.world.Host(hostileIP)
	conn, err := media.NewConn(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close(context.Background()) })
	p.conn = conn
	return conn
}

func (p *peer) notify(e media.ConnEvent) {
	if c, ok := e.Event.(media.CandidateFound); ok {
		p.found <- candidate(c.Candidate)
	}
}

// clearText is in every frame that a victim sends here.
const clearText = "frame in clear"

// A snoop looks at the frames that have come through the transport, and opens none.
type snoop struct{ frames, inClear atomic.Int64 }

func (s *snoop) Open(_, clear, sealed []byte) ([]byte, error) {
	s.frames.Add(1)
	if bytes.Contains(clear, []byte(clearText[:4])) || bytes.Contains(sealed, []byte(clearText)) {
		s.inClear.Add(1)
	}
	return nil, e2ee.ErrNoKey
}

// candidates are those that were found within a moment.
func (p *peer) candidates() (list []candidate) {
	for {
		select {
		case c := <-p.found:
			list = append(list, c)
		case <-time.After(100 * time.Millisecond):
			return list
		}
	}
}

// message is what the peer would send now; a test may change it before it is sealed.
func (p *peer) message(t messageType, body any) e2ee.Message {
	b, raw := body.([]byte)
	if !raw {
		b = encode(body)
	}
	m := e2ee.Message{To: p.victim, Call: p.call, Seq: p.seq, Time: time.Now().Add(p.time), Type: uint64(t), Body: b}
	switch t {
	case msgInvite:
	case msgRinging, msgAccept, msgDecline, msgCancel:
		m.Ref = p.invite[:]
	default:
		m.Ref = p.accept[:]
	}
	p.seq++
	return m
}

// send sends one message of the protocol to where it belongs.
func (p *peer) send(t messageType, body any) hash { return p.post(p.message(t, body)) }

// post sends a message as it is.
func (p *peer) post(m e2ee.Message) hash {
	p.t.Helper()
	packet, h := p.sealed(p.id, m)
	p.inject(packet)
	switch messageType(m.Type) {
	case msgInvite:
		p.invite = h
	case msgAccept:
		p.accept = h
	}
	return h
}

// sealed makes the packet of a message, signed by anybody.
func (p *peer) sealed(signer *e2ee.Identity, m e2ee.Message) (signal.Packet, hash) {
	p.t.Helper()
	to := p.theirs
	if t := messageType(m.Type); t == msgInvite || t == msgCancel {
		to = p.door
	}
	box, h, err := signer.Seal(to, m)
	if err != nil {
		p.t.Fatal(err)
	}
	return packet(to, box), h
}

// inject lets the relay deliver a packet.
func (p *peer) inject(packet signal.Packet) {
	p.t.Helper()
	if err := p.line.Send(p.t.Context(), packet); err != nil {
		p.t.Fatal(err)
	}
}

// receive waits up to d for the next message in a mailbox of the peer.
func (p *peer) receive(t *memory.Transport, box *e2ee.Mailbox, d time.Duration) (letter, error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), d)
	defer cancel()
	packet, err := t.Receive(ctx)
	if err != nil {
		return letter{}, errSilent
	}
	m, h, err := box.Open(packet.Body, p.id.Public())
	if err != nil {
		p.t.Fatalf("the victim sent what does not open: %v", err)
	}
	if m.From != p.victim || m.Call != p.call && m.Type != uint64(msgInvite) {
		p.t.Fatalf("the victim sent a message of another call: %v", messageType(m.Type))
	}
	return letter{m, h}, nil
}

// want waits for a message of this type in the call's mailbox (Invite and Cancel: the identity's), past Acks, in-call
// messages and repetitions of the Accept.
func (p *peer) want(why string, want messageType) letter {
	p.t.Helper()
	t, box := p.line, p.own
	if want == msgInvite || want == msgCancel {
		t, box = p.home, p.id.Mailbox()
	}
	for {
		m, err := p.receive(t, box, 10*time.Second)
		if err != nil {
			p.t.Fatalf("%s: no %v: %v", why, want, err)
		}
		switch got := messageType(m.message.Type); {
		case got == want:
			return m
		case got == msgAck, got == msgInCall, got == msgInvite, got == msgAccept:
		default:
			p.t.Fatalf("%s: %v instead of %v", why, got, want)
		}
	}
}

// wantBye waits for the end, and asserts its reason.
func (p *peer) wantBye(why string, want EndReason) {
	p.t.Helper()
	b, err := decode[byeBody](p.want(why, msgBye).message.Body, maxBody)
	if err != nil || EndReason(b.Reason) != want {
		p.t.Errorf("%s: Bye of %v, %v; want %v", why, EndReason(b.Reason), err, want)
	}
}

// wantIdle asserts that the victim says nothing for a while: in neither of the peer's mailboxes.
func (p *peer) wantIdle(why string) {
	p.t.Helper()
	p.wantNothing(why)
	if m, err := p.receive(p.home, p.id.Mailbox(), time.Second); err == nil {
		p.t.Errorf("%s: got %v", why, messageType(m.message.Type))
	}
}

// wantNothing asserts that nothing comes to the call's mailbox.
func (p *peer) wantNothing(why string) {
	p.t.Helper()
	if m, err := p.receive(p.line, p.own, 3*time.Second); err == nil {
		p.t.Errorf("%s: got %v", why, messageType(m.message.Type))
	}
}
