package call

import (
	"bytes"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// shout sends bytes over the data channel, where no relay and no mailbox stands before the engine.
func (p *peer) shout(b []byte) {
	p.t.Helper()
	if err := p.conn.SendMessage(b); err != nil {
		p.t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
}

// boxed is an envelope as it travels over the channel.
func (p *peer) boxed(signer *e2ee.Identity, t messageType, body any, change func(*e2ee.Message)) []byte {
	p.t.Helper()
	m := p.message(t, body)
	if change != nil {
		change(&m)
	}
	box, _, err := signer.Seal(p.theirs, m)
	if err != nil {
		p.t.Fatal(err)
	}
	return box
}

// TestAttackOverTheDataChannel: the channel is not a way around who may say what: an envelope that comes by it is opened,
// verified and counted like one from the relay, and everything else is a message of the group. What is wrong with it is
// dropped, and the call goes on; the other side's true Bye ends it.
// Mutations: arrived without m.From != l.call.peer (a third ends the call), without m.Call != l.keys.call, or with the window
// of read left out (the same Ack counts again).
func TestAttackOverTheDataChannel(t *testing.T) {
	bye := byeBody{uint8(Left)}
	for name, attack := range map[string]func(p *peer) []byte{
		"a third's Bye": func(p *peer) []byte { return p.boxed(p.stage.person("third").id, msgBye, bye, nil) },
		"a Bye of another call": func(p *peer) []byte {
			return p.boxed(p.id, msgBye, bye, func(m *e2ee.Message) { m.Call = random() })
		},
		"a Bye to somebody else": func(p *peer) []byte {
			return p.boxed(p.id, msgBye, bye, func(m *e2ee.Message) { m.To = p.stage.person("third").id.Public() })
		},
		"a Bye of no reason": func(p *peer) []byte { return p.boxed(p.id, msgBye, byeBody{0}, nil) },
		"a Bye with its number used": func(p *peer) []byte {
			return p.boxed(p.id, msgBye, bye, func(m *e2ee.Message) { m.Seq = p.seq - 2 })
		},
		"a Bye with the last number": func(p *peer) []byte {
			return p.boxed(p.id, msgBye, bye, func(m *e2ee.Message) { m.Seq = 1<<64 - 1 })
		},
		"an InCall of another ref": func(p *peer) []byte {
			b, err := p.group.Protect(encode(inCallBody{Type: inChat, Seq: 9, Body: []byte("heard")}), mls.MessageOptions{})
			if err != nil {
				p.t.Fatal(err)
			}
			return p.boxed(p.id, msgInCall, b, func(m *e2ee.Message) { m.Ref = p.invite[:] })
		},
		"a type of tomorrow":     func(p *peer) []byte { return p.boxed(p.id, 42, []byte{0xa0}, nil) },
		"an envelope of garbage": func(*peer) []byte { return bytes.Repeat([]byte{boxVersion}, 5000) },
		"one byte":               func(*peer) []byte { return []byte{boxVersion} },
		"no MLS":                 func(*peer) []byte { return []byte{0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff} },
		"a Welcome as MLS":       func(p *peer) []byte { return p.founds(p.call[:], p.self(), mls.CommitOptions{}) },
		"a KeyPackage as MLS":    func(p *peer) []byte { return p.keyPackage(p.self()) },
		"as long as can be":      func(*peer) []byte { return make([]byte, 32<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
				time.Sleep(time.Second) // the channel is open
				p.refused(c, func() { p.shout(attack(p)) })
				p.shout(p.boxed(p.id, msgBye, bye, nil))
				ended(t, c, Left, true)
			})
		})
	}
}

// TestSetUpOverTheDataChannel: the messages of set-up change nothing in a call that is up, by whatever way they come.
// Mutations: takeAsCallee that takes a Welcome in every state, cancelled without its look at the epoch.
func TestSetUpOverTheDataChannel(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		emoji, _ := c.Emoji()
		group, epoch := p.group, c.Stats().Epoch
		w := p.welcomeOf()
		p.group = group
		for typ, body := range map[messageType]any{msgInvite: p.said, msgRinging: ringingBody{p.said.Box}, msgAccept: p.took,
			msgDecline: declineBody{Reason: uint8(Declined)}, msgCancel: cancelBody{Reason: uint8(Cancelled)}, msgWelcome: w, msgRejoin: []byte{0xa0}} {
			p.shout(p.boxed(p.id, typ, body, nil))
			if c.State() != StateConnected {
				t.Fatalf("%v: state %v, %v", typ, c.State(), c.Err())
			}
		}
		if now, _ := c.Emoji(); now != emoji || c.Stats().Epoch != epoch {
			t.Error("keys or emoji have changed")
		}
		p.says(1, inChat, []byte("still here"))
		if m := next[Message](t, c); string(m.Data) != "still here" {
			t.Errorf("heard %q", m.Data)
		}
	})
}
