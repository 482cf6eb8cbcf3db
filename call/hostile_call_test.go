package call

import (
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/media"
)

// inviteOf is an honest Invite.
func (p *peer) inviteOf() inviteBody {
	p.t.Helper()
	p.role = caller
	offer, err := p.connection().Offer(nil, media.Kinds{Audio: true, Video: true})
	if err != nil {
		p.t.Fatal(err)
	}
	commit, dtls := e2ee.SASCommit(p.call, p.nonce), p.cert.Fingerprint()
	p.said = inviteBody{Version: 1, MLSSuite: uint16(callMLS), SFrameSuite: uint16(callSFrame), Box: boxOf(p.own.Card()),
		Commitment: commit[:], DTLS: dtls[:], Media: wanted{3, 3}, Name: "name-of-the-peer", Offer: []byte(offer)}
	return p.said
}

// rings sends an honest Invite and waits for Ringing.
func (p *peer) rings() {
	p.t.Helper()
	p.send(msgInvite, p.inviteOf())
	p.hearRinging()
}

func (p *peer) hearRinging() {
	p.t.Helper()
	b, err := decode[ringingBody](p.want("it rings", msgRinging).message.Body, maxBody)
	if err != nil {
		p.t.Fatal(err)
	}
	p.setTheirs(b.Box)
}

func (p *peer) setTheirs(b boxBody) {
	p.t.Helper()
	box, err := e2ee.NewBox(b.Ed25519, b.HPKE, b.Token)
	if err != nil {
		p.t.Fatal(err)
	}
	p.theirs = box
}

// hearAccept takes the victim's Accept as a caller that believes everything.
func (p *peer) hearAccept() {
	p.t.Helper()
	m := p.want("the Accept", msgAccept)
	b, err := decode[acceptBody](m.message.Body, maxBody)
	if err != nil {
		p.t.Fatal(err)
	}
	p.accept, p.took = m.hash, b
	p.setTheirs(b.Box)
}

// member is the peer's side of the group, without any rule of ours.
func (p *peer) member(signer *e2ee.Identity, identity []byte) mls.Config {
	caps := mls.NewCapabilities(callMLS, bindingType)
	return mls.Config{Suite: callMLS, Signer: signer.Signer(), Credential: mls.BasicCredential(identity), Capabilities: &caps,
		LeafExtensions: []mls.Extension{p.binding.extension()}, Authenticate: mls.InsecureAcceptAll}
}

func (p *peer) self() mls.Config {
	id := p.id.Public()
	return p.member(p.id, id[:])
}

// found makes a group of this name and adds the victim; more are added beside it.
func (p *peer) founds(id []byte, cfg mls.Config, o mls.CommitOptions, ext ...mls.Extension) []byte {
	p.t.Helper()
	g, err := mls.NewGroup(id, cfg, ext...)
	if err != nil {
		p.t.Fatal(err)
	}
	p.group = g
	return p.adds(o)
}

// adds adds the victim to the group, with what else the options say, and returns the Welcome.
func (p *peer) adds(o mls.CommitOptions) []byte {
	p.t.Helper()
	kp, err := mls.ParseKeyPackage(p.took.KeyPackage)
	if err != nil {
		p.t.Fatal(err)
	}
	o.Proposals = append([]mls.Proposal{mls.Add(kp)}, o.Proposals...)
	return p.commit(o).Welcome
}

// commit commits and merges.
func (p *peer) commit(o mls.CommitOptions) *mls.Commit {
	p.t.Helper()
	c, err := p.group.Commit(o)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.group.Merge(); err != nil {
		p.t.Fatal(err)
	}
	return c
}

// welcomeOf is an honest Welcome.
func (p *peer) welcomeOf() welcomeBody {
	p.t.Helper()
	return welcomeBody{Welcome: p.founds(p.call[:], p.self(), mls.CommitOptions{}), Nonce: p.nonce[:]}
}

// joins lets the victim answer a call that the peer dialled, and join its group; there is a path then.
func (p *peer) joins(v *victim) *Call {
	p.t.Helper()
	c, err := v.rung(p.t).Answer(p.t.Context(), Media{Send: []media.Source{&lens{}}, Receive: discard})
	if err != nil {
		p.t.Fatal(err)
	}
	p.hearAccept()
	if err := p.conn.Accept(string(p.took.Answer), c.fingerprint()); err != nil {
		p.t.Fatal(err)
	}
	addAll(p.conn, p.took.Candidates)
	w := p.welcomeOf()
	w.Candidates = p.candidates()
	p.send(msgWelcome, w)
	return c
}

// connects brings a call that the peer dialled, and the victim answers, to Connected.
func (p *peer) connects(v *victim) *Call {
	p.t.Helper()
	p.rings()
	c := p.joins(v)
	p.ack(true)
	next[Connected](p.t, c)
	return c
}

// fingerprint is that of the certificate of this side's connection.
func (c *Call) fingerprint() (f [32]byte) {
	done := make(chan struct{})
	c.post(task(func(l *loop) {
		f = l.keys.certificate.Fingerprint()
		close(done)
	}))
	<-done
	return f
}

// ack acknowledges the group's epoch.
func (p *peer) ack(got bool) {
	p.send(msgAck, ackBody{Epoch: p.group.Epoch(), Authenticator: p.group.EpochAuthenticator(), Got: got})
}

// rung takes the victim's Invite.
func (p *peer) rung() {
	p.t.Helper()
	p.role = callee
	m := p.want("the Invite", msgInvite)
	b, err := decode[inviteBody](m.message.Body, maxBody)
	if err != nil {
		p.t.Fatal(err)
	}
	p.call, p.invite, p.said = m.message.Call, m.hash, b
	p.setTheirs(b.Box)
	p.binding.invite = m.hash
}

// acceptOf is an honest Accept.
func (p *peer) acceptOf() acceptBody {
	p.t.Helper()
	answer, err := p.connection().Answer(string(p.said.Offer), [32]byte(p.said.DTLS), nil, media.Kinds{Audio: true, Video: true})
	if err != nil {
		p.t.Fatal(err)
	}
	p.config = p.self()
	p.took = acceptBody{Box: boxOf(p.own.Card()), KeyPackage: p.keyPackage(p.config), Nonce: p.nonce[:], Answer: []byte(answer),
		Candidates: p.candidates()}
	return p.took
}

// keyPackage makes one, and keeps its private half.
func (p *peer) keyPackage(cfg mls.Config) []byte {
	p.t.Helper()
	kp, secrets, err := mls.NewKeyPackage(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	p.secrets = secrets
	return kp.Marshal()
}

// hearWelcome joins the victim's group.
func (p *peer) hearWelcome() welcomeBody {
	p.t.Helper()
	b, err := decode[welcomeBody](p.want("the Welcome", msgWelcome).message.Body, maxBody)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.group, err = mls.Join(b.Welcome, p.secrets, p.config, mls.JoinOptions{}); err != nil {
		p.t.Fatal(err)
	}
	return b
}

// answers brings a call that the victim dials, and the peer answers, to Connected.
func (p *peer) answers(v *victim) *Call {
	p.t.Helper()
	c := v.dial(p.t, p)
	p.rung()
	p.send(msgAccept, p.acceptOf())
	p.hearWelcome()
	p.ack(true)
	next[Connected](p.t, c)
	return c
}

// says sends an in-call message by the relay.
func (p *peer) says(seq uint64, t inCallType, body []byte) []byte {
	p.t.Helper()
	b, err := p.group.Protect(encode(inCallBody{Type: t, Seq: seq, Body: body}), mls.MessageOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	p.send(msgInCall, b)
	return b
}

// noOptions commit what they must.
var noOptions mls.CommitOptions
