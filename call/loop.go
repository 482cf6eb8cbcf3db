package call

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// A loop is the one goroutine that owns a call. It takes what was posted, in order, gives the machine its inputs and
// carries out the effects. Nothing on it blocks: the network and the PeerConnection are the worker's and the couriers', and
// devices are closed on goroutines of the connection's. A call that ends waits for devices, for seconds at most.
type loop struct {
	call   *Call
	client *Client
	ctx    context.Context // of the call's helpers; ends in finish
	cancel context.CancelFunc

	// Owned by the loop's goroutine.
	machine    *machine
	inputs     []input // for the machine, after the effects of the last one
	keys       *keys
	media      Media
	conn       *media.Conn
	line       *line     // our mailbox of this call
	invites    *outbound // caller: to the callee's identity mailbox
	invitation invitation
	accept     *accepted
	welcome    *welcomed
	early      [][]byte // MLS messages that came before the Welcome
	candidates gathering
	control    control
	acks       pace      // that we send
	commits    pace      // that we take
	looked     time.Time // when old keys were looked at last
	byed       bool      // the other side said Bye
	replaced   bool      // another loop has taken over the call (glare)
	flowing    bool      // the sources run
	leaving    bool      // our application hangs up: what has fallen silent stays so
	failed     bool      // something failed here: the call is about to end
	end        *fxEnd

	worker *worker
	stored func(error) // caller: hears once whether the Invite was stored
}

// What is posted to a loop beside inputs and events of the connection.
type (
	// A letter is a message of the other side: opened, verified, of this call.
	letter struct {
		message e2ee.Message
		hash    hash
	}
	// An invitation is an Invite whose body has been read.
	invitation struct {
		message e2ee.Message
		hash    hash
		body    inviteBody
	}
	repeatedInvite struct{ hash hash }
	answered       struct{ media Media }
	yielded        struct {
		transport  signal.Transport
		invitation invitation
	}
	// A task is the outcome of something that ran elsewhere, or a wish of the application.
	task func(*loop)
)

// accepted and welcomed are what an effect needs of a message that the machine knows by its hash.
type accepted struct {
	hash hash
	body acceptBody
}

type welcomed struct {
	hash hash
	body welcomeBody
}

// back brings an outcome to this loop, from any goroutine. If another loop has taken over the call, it is dropped.
func (l *loop) back(t task) {
	l.call.post(task(func(now *loop) {
		if now == l {
			t(l)
		}
	}))
}

// start runs the loop with its first input.
func (l *loop) start(in input) {
	l.step(in)
	go l.run()
}

func (l *loop) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for l.running() {
		timer.Reset(l.untilNext())
		select {
		case <-l.call.inbox.Ready():
			l.drain()
		case <-timer.C:
		}
		l.tick(time.Now())
	}
	if l.end != nil {
		l.finish(*l.end)
	}
}

// ending says that the call takes no more wishes.
func (l *loop) ending() bool { return l.leaving || l.end != nil }

func (l *loop) running() bool { return l.end == nil && !l.replaced }

// lookTime is how often old receive keys want a look.
const lookTime = time.Second

// tick does what is due by now, however much else there is to do: a message that is dropped gives the machine no time.
func (l *loop) tick(now time.Time) {
	if at := l.machine.deadline(); l.running() && !at.IsZero() && !now.Before(at) {
		l.step(nil)
	}
	if l.running() && l.overslept(now) {
		l.perform(l.machine.fire(now, timerRing))
	}
	if l.running() && now.Sub(l.looked) >= lookTime {
		l.looked = now
		l.keys.frames.Expire(now)
		l.wearOut()
	}
}

// overslept says whether it rings for a caller who must have given up: while a machine is suspended timers stand still, but the
// time of day does not.
func (l *loop) overslept(now time.Time) bool {
	return l.machine.role == callee && l.machine.state == StateRinging &&
		now.Sub(l.invitation.message.Time) > l.machine.ringFor+2*freshness
}

// untilNext is how long nothing is due.
func (l *loop) untilNext() time.Duration {
	next := l.looked.Add(lookTime)
	if at := l.machine.deadline(); !at.IsZero() && at.Before(next) {
		next = at
	}
	return max(time.Until(next), 0)
}

// maxTurn is how many things are taken before the timers are looked at: the other side can see to it that there is always
// one more.
const maxTurn = 64

func (l *loop) drain() {
	for range maxTurn {
		if !l.running() {
			return
		}
		v, ok := l.call.inbox.TryGet()
		if !ok {
			return
		}
		l.take(v)
	}
}

func (l *loop) take(v any) {
	switch v := v.(type) {
	case input:
		l.step(v)
	case letter:
		l.read(v)
	case media.ConnEvent:
		if v.Generation == l.keys.generation {
			l.observe(v.Event)
		}
		if _, ok := v.Event.(media.MessageReceived); ok {
			l.call.unread.out(1)
		}
	case repeatedInvite:
		if v.hash == l.invitation.hash {
			l.step(inInvite{})
		}
	case answered:
		if l.machine.state != StateRinging { // too late, or once more
			within(stopTime, v.media.close)
			return
		}
		l.media = v.media
		l.step(inAnswer{l.keys.invite.Late})
	case yielded:
		l.yield(v)
	case task:
		v(l)
	}
}

// step gives the machine an input (nil: the time) and carries out what follows, and what follows from that.
func (l *loop) step(in input) {
	l.perform(l.machine.step(time.Now(), in))
	for len(l.inputs) > 0 {
		in, l.inputs = l.inputs[0], l.inputs[1:]
		l.perform(l.machine.step(time.Now(), in))
	}
}

// maxEpochFrames is after how many frames of one stream the keys are renewed.
const maxEpochFrames = 1 << 24

// wearOut asks for new keys when those in use have sealed enough.
func (l *loop) wearOut() {
	if l.end == nil && l.machine.state == StateConnected && l.keys.frames.Stats().EpochFrames >= maxEpochFrames {
		l.step(inRenew{})
	}
}

// feed queues an input that an effect brought about.
func (l *loop) feed(in input) { l.inputs = append(l.inputs, in) }

// fail ends the call for a reason of ours.
func (l *loop) fail(r EndReason, err error) {
	l.failed = true
	l.feed(inFault{r, err})
}

func (l *loop) drop() { l.call.change(func(v *view) { v.dropped++ }) }
