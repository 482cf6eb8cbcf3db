package call

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// A lens is a video source that counts the key frames that are asked of it.
type lens struct {
	asked atomic.Int64
	n     int
}

func (l *lens) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Video, Codec: media.VP8, ClockRate: 90000}
}

func (l *lens) Read(ctx context.Context) (media.Frame, error) {
	select {
	case <-time.After(40 * time.Millisecond):
	case <-ctx.Done():
		return media.Frame{}, io.EOF
	}
	l.n++
	return media.Frame{Data: bytes.Repeat([]byte(clearText), 20), Time: time.Duration(l.n) * 40 * time.Millisecond, Key: l.n == 1}, nil
}

func (l *lens) Close() error   { return nil }
func (l *lens) ForceKeyFrame() { l.asked.Add(1) }

// honest are two clients of ours that know each other.
func honest(t *testing.T, s *stage) (alice, bob *victim, p *peer) {
	t.Helper()
	a, b := s.person("alice"), s.person("bob")
	b.knows(t, a, "Alice")
	a.knows(t, b, "Bob")
	bob = s.victim(b, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.5") })
	return s.victim(a), bob, &peer{person: b}
}

// TestPitfall18KeyFrameAfterKeys: with each new epoch the encoder is asked for a key frame, so that no picture refers to one
// that could not be opened.
// Mutation: switchTo without ForceKeyFrames.
func TestPitfall18KeyFrameAfterKeys(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		alice, bob, to := honest(t, s)
		camera := &lens{}
		peer, _ := alice.contacts.Lookup(to.id.Public())
		a, err := alice.Dial(t.Context(), peer, Media{Send: []media.Source{camera}, Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		b, err := bob.rung(t).Answer(t.Context(), Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		next[Connected](t, a)
		for epoch := uint64(2); epoch < 5; epoch++ {
			time.Sleep(time.Minute)
			before := camera.asked.Load()
			a.RenewKeys()
			if k := next[KeysChanged](t, b); k.Epoch != epoch {
				t.Fatalf("epoch %d", k.Epoch)
			}
			time.Sleep(time.Second)
			if camera.asked.Load() == before {
				t.Errorf("epoch %d began without a key frame", epoch)
			}
		}
		a.Close()
	})
}

// TestPitfall13NoFrameInClear: a peer whose transport is up, but who is not given a key by anybody, gets frames, none of them in clear.
// Mutation: the worker's config with a Seal that returns the frame.
func TestPitfall13NoFrameInClear(t *testing.T) {
	for _, r := range []role{caller, callee} {
		inCallWith(t, r, func(t *testing.T, p *peer, c *Call) {
			time.Sleep(3 * time.Second)
			if n, bad := p.snoop.frames.Load(), p.snoop.inClear.Load(); n < 10 || bad > 0 {
				t.Errorf("%d of %d frames are in clear", bad, n)
			}
		})
	}
}

// TestPitfall24NoOracle: to what is malformed, does not open, was seen, or came when it cannot, nothing is answered: not by the relay, and no
// more than before on the network. It is counted.
// Mutation: read, or groupMessage, that answers an error, as with a Bye.
func TestPitfall24NoOracle(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(3 * time.Second)
		for { // the Acks of the beginning
			if _, err := p.drain(); err != nil {
				break
			}
		}
		stored, sent, dropped := p.stage.relay.Stats().Envelopes, uint64(0), c.Stats().Dropped
		say := func(m messageType, body any) { p.send(m, body); sent++ }
		bad := p.says(1, inChat, nil)
		sent++
		for i := range bad {
			wrong := bytes.Clone(bad)
			wrong[i] ^= 0x80
			say(msgInCall, wrong)
		}
		for t := range messageType(70) {
			switch t {
			case msgInvite, msgCancel, msgBye:
			default:
				say(t, []byte{0xa1, 0x01})
			}
		}
		p.wantNothing("after what is malformed")
		if got := p.stage.relay.Stats().Envelopes - stored; got != sent {
			t.Errorf("the relay has stored %d packets, %d of them the peer's", got, sent)
		}
		if n := c.Stats().Dropped - dropped; n < sent-2 || c.State() != StateConnected {
			t.Errorf("%d of %d dropped, %v", n, sent, c.State())
		}
	})
}

// TestPitfall30CloseAgainstAPeerThatStalls: Close and Hangup return in a few seconds from any state, whatever the other side,
// the relay or a TURN server does not do.
// Mutations: awaitBye, or lastMessages ("a relay that takes nothing"), without its timeout. (closeMedia without its own is no fault:
// media.Conn has another.)
func TestPitfall30CloseAgainstAPeerThatStalls(t *testing.T) {
	states := map[string]func(p *peer, v *victim) *Call{
		"dialing":                    func(p *peer, v *victim) *Call { return v.dial(p.t, p) },
		"ringing, here":              func(p *peer, v *victim) *Call { p.rings(); return v.rung(p.t).call },
		"connecting, as callee":      func(p *peer, v *victim) *Call { return p.rungAndAccepted(v) },
		"connected, as callee":       (*peer).connects,
		"connected, as caller":       (*peer).answers,
		"connecting, as caller":      (*peer).leftAlone,
		"reconnecting, the net cut":  (*peer).cutOff,
		"a relay that takes nothing": (*peer).cutOff,
		"a TURN server that is away": func(p *peer, v *victim) *Call { return p.rungAndAccepted(v) },
	}
	for name, reach := range states {
		for _, polite := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				onStage(t, func(t *testing.T, s *stage) {
					v := s.person("v")
					p := s.peer(v)
					var relay stuck
					client := s.victim(v, func(c *Config) {
						relay.Transport = c.Transports[0].(*memory.Transport)
						c.Transports[0] = &relay
						if name == "a TURN server that is away" {
							c.Media.ICEServers = []media.ICEServer{{URLs: []string{"turn:1.2.3.99:3478"}, Username: "u", Credential: "c"}}
						}
					})
					c := reach(p, client)
					relay.takesNothing.Store(name == "a relay that takes nothing")
					start := time.Now()
					if polite {
						_ = c.Hangup(t.Context(), Left)
					} else {
						c.Close()
					}
					if took := time.Since(start); took > 8*time.Second || c.State() != StateEnded {
						t.Errorf("polite %v: %v after %v", polite, c.State(), took)
					}
					client.Close()
					time.Sleep(time.Minute) // what still asks the TURN server gives up
				})
			})
		}
	}
}

// A stuck transport opens others that may stop to send.
type stuck struct {
	*memory.Transport
	takesNothing atomic.Bool
}

func (s *stuck) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	t, err := s.Transport.Open(ctx, relay, m)
	if err != nil {
		return nil, err
	}
	return stuckTransport{t.(*memory.Transport), s}, nil
}

type stuckTransport struct {
	*memory.Transport
	from *stuck
}

func (s stuckTransport) Send(ctx context.Context, p signal.Packet) error {
	if s.from.takesNothing.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Transport.Send(ctx, p)
}

// leftAlone has accepted, and says no more.
func (p *peer) leftAlone(v *victim) *Call {
	c := v.dial(p.t, p)
	p.rung()
	p.send(msgAccept, p.acceptOf())
	next[Accepted](p.t, c)
	return c
}

// cutOff has lost its network and its relay.
func (p *peer) cutOff(v *victim) *Call {
	c := p.connects(v)
	p.stage.world.Cut(hostileIP)
	next[Reconnecting](p.t, c)
	return c
}
