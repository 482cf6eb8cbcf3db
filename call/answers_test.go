package call

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// A throttle is a relay that takes so many packets more.
type throttle struct {
	*memory.Transport
	room *atomic.Int64
}

// plenty is more than any call sends.
const plenty = 1 << 40

type throttledLine struct {
	signal.Transport
	signal.Registrar
	room *atomic.Int64
}

func (r throttle) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	t, err := r.Transport.Open(ctx, relay, m)
	if err != nil {
		return nil, err
	}
	return throttledLine{t, t.(signal.Registrar), r.room}, nil
}

func (l throttledLine) Send(ctx context.Context, p signal.Packet) error {
	if l.room.Add(-1) < 0 {
		l.room.Add(1)
		return signal.ErrThrottled
	}
	return l.Transport.Send(ctx, p)
}

// within runs f on the call's loop.
func (c *Call) within(f func(*loop)) {
	done := make(chan struct{})
	c.post(task(func(l *loop) { f(l); close(done) }))
	<-done
}

// floods sends what f makes over the data channel, 100 at a time, without a pause that a relay would force.
func (p *peer) floods(n int, f func() []byte) {
	p.t.Helper()
	for i := range n {
		if err := p.conn.SendMessage(f()); err != nil {
			p.t.Fatal(err)
		}
		if i%100 == 99 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	time.Sleep(100 * time.Millisecond)
}

func (p *peer) protects(t inCallType, body []byte) []byte {
	p.t.Helper()
	b, err := p.group.Protect(encode(inCallBody{Type: t, Seq: 1, Body: body}), mls.MessageOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

// TestAttackFloodThatWantsAnswers: one valid offer, repeated as a restart without a pause, and Acks that want another, while
// the relay takes nothing and the channel carries nothing back. What waits at the relay's courier is what an honest side
// would have caused, the call goes on, and our Bye leaves when the relay is back.
// Mutations: describeOffered without repeats; direct without acks.
func TestAttackFloodThatWantsAnswers(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		var room atomic.Int64
		room.Store(plenty)
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v, func(c *Config) { c.Transports[0] = throttle{c.Transports[0].(*memory.Transport), &room} })
		c := p.connects(client)
		time.Sleep(time.Second) // the channel is open
		c.within(func(l *loop) { l.control.open = false })
		offer, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		again := encode(describeBody{Kind: describeOffer, N: 1, SDP: []byte(offer), Restart: true})
		p.says(1, inDescribe, again)
		time.Sleep(time.Second)
		room.Store(0)
		wait := func() (n int) {
			c.within(func(l *loop) { n = l.line.courier.pending.Len() })
			return n
		}
		p.floods(2000, func() []byte { return p.protects(inDescribe, again) })
		if n := wait(); n > 4 {
			t.Errorf("%d answers to a repeated offer wait", n)
		}
		before := wait()
		ack := ackBody{Epoch: p.group.Epoch(), Authenticator: p.group.EpochAuthenticator()}
		p.floods(500, func() []byte { return p.boxed(p.id, msgAck, ack, nil) })
		if n := wait() - before; n > ackBurst+6 || n == 0 {
			t.Errorf("%d answers to Acks wait", n)
		}
		p.floods(1, func() []byte { return p.protects(inChat, []byte("still here")) })
		if m := next[Message](t, c); string(m.Data) != "still here" {
			t.Errorf("heard %q", m.Data)
		}
		room.Store(plenty)
		go c.Hangup(t.Context(), Left)
		p.wantBye("the relay is back", Left)
	})
}

// TestAByeOvertakesWhatMayBeLeftOut: the relay has throttled a queue of Acks, and then takes four packets: the Bye is
// among them. Mutation: last and finish in courier.go, both without hurry.
func TestAByeOvertakesWhatMayBeLeftOut(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		var room atomic.Int64
		room.Store(plenty)
		v := s.person("v")
		p := s.peer(v)
		client := s.victim(v, func(c *Config) { c.Transports[0] = throttle{c.Transports[0].(*memory.Transport), &room} })
		c := p.connects(client)
		room.Store(0)
		c.within(func(l *loop) {
			l.control.open = false
			for range 2 * maxPending {
				l.handshake([]byte("anything"))
			}
			if n := l.line.courier.pending.Len(); n < maxPending-1 || n > maxPending {
				t.Errorf("%d wait", n)
			}
		})
		time.Sleep(10 * time.Second)
		go c.Hangup(t.Context(), Left)
		time.Sleep(1200 * time.Millisecond) // it tries
		room.Store(4)
		p.wantBye("the relay is back", Left)
	})
}

// TestManyRepeatedCommits: new keys come as fast as the caller can make them. Some are taken, and the call goes on; what was
// left out is taken when it is repeated, as an honest caller does.
// Mutations: groupMessage without commits; mls.IsCommit that says no.
func TestManyRepeatedCommits(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		var made [][]byte
		for range 200 {
			b := p.commit(mls.CommitOptions{}).Message
			made = append(made, b)
			p.shoutNow(b)
		}
		time.Sleep(100 * time.Millisecond)
		epoch := c.Stats().Epoch
		if epoch < 2 || epoch > 1+commitBurst+2 {
			t.Errorf("epoch %d after 200 Commits at once", epoch)
		}
		for next := epoch; next < epoch+3; next++ {
			time.Sleep(time.Second)
			p.shoutNow(made[next-1])
		}
		time.Sleep(100 * time.Millisecond)
		if now := c.Stats().Epoch; now != epoch+3 || c.State() != StateConnected {
			t.Errorf("epoch %d after three repetitions at %d; %v", now, epoch, c.State())
		}
	})
}

func (p *peer) shoutNow(b []byte) {
	p.t.Helper()
	if err := p.conn.SendMessage(b); err != nil {
		p.t.Fatal(err)
	}
}

// TestTimersDoNotWait: messages without a pause between them, each of which is dropped or is none of the machine's, keep
// neither old keys alive nor the machine from its timers.
// Mutations: run with its tick in the case of the timer alone, and looked set to now before each wait; drain without maxTurn.
func TestTimersDoNotWait(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		p.shoutNow(p.commit(mls.CommitOptions{}).Message)
		time.Sleep(100 * time.Millisecond)
		p.ack(true)
		if _, some := c.look().frames.NextExpiry(); !some {
			t.Fatal("there are no old keys")
		}
		for range 150 {
			p.shoutNow([]byte("malformed"))
			time.Sleep(100 * time.Millisecond)
		}
		if at, some := c.look().frames.NextExpiry(); some {
			t.Errorf("old keys are there %v after their time", time.Since(at))
		}
	})
	l := inside(t, nil)
	defer l.undo()
	for range 3 * maxTurn {
		l.call.post(task(func(*loop) {}))
	}
	l.drain()
	if n := l.call.inbox.Len(); n != 2*maxTurn {
		t.Errorf("%d are left", n)
	}
}
