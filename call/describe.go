package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// describing is the state of renegotiation: one description of ours is under way at a time, and is repeated until it is
// answered.
type describing struct {
	n        uint64 // of our last offer
	offer    []byte // encoded, while it waits for its answer
	busy     bool   // the connection works on it
	again    bool   // something changed meanwhile
	restart  bool   // and wants new ICE credentials
	restarts bool   // the offer under way starts ICE anew
	applying uint64 // of the last offer of the other side that is or was worked on
	theirs   uint64 // of the last one that was answered
	answer   []byte // encoded: to repeat
	repeats  pace   // of the answer
	offers   pace   // of the other side, that we work on
	waiting  []waiter
	deadline uint64 // counts the repetitions, so that a late timer does nothing
}

// A waiter hears when the other side has answered to a change.
type waiter struct {
	out  chan<- error
	adds bool // the track
	ctx  uint16
}

// describeAgain is the pause between two repetitions of a description that is not answered.
const describeAgain = 2 * time.Second

// Offers are worked on no faster than this, and what they bring about is weighed (flood.go); the other side repeats what was
// left out.
const (
	describePause = 250 * time.Millisecond
	describeBurst = 16
)

// negotiate tells the other side what changed in our connection; with restart ICE starts anew.
func (l *loop) negotiate(restart bool) {
	d := &l.control.describe
	if d.busy || d.offer != nil {
		d.again, d.restart = true, d.restart || restart
		return
	}
	if l.conn == nil || l.keys.group == nil {
		return
	}
	d.busy, d.n, d.restarts = true, d.n+1, restart
	n, conn := d.n, l.conn
	if restart {
		l.candidates.anew()
	}
	l.worker.do(func(w *worker) task {
		if restart {
			w.renew(conn)
		}
		sdp, err := conn.Describe(restart)
		return func(l *loop) { l.describeMade(n, sdp, restart, err) }
	})
}

func (l *loop) describeMade(n uint64, sdp string, restart bool, err error) {
	d := &l.control.describe
	d.busy = false
	switch {
	case errors.Is(err, media.ErrState) || errors.Is(err, media.ErrClosed):
		l.settle(err)
		return
	case err != nil:
		l.takeBack(err)
		return
	}
	d.offer = encode(describeBody{Kind: describeOffer, N: n, SDP: []byte(sdp), Streams: streamsOf(l.conn.Streams()), Restart: restart})
	l.repeatDescribe()
}

// repeatDescribe sends the offer that waits, and sends it again until it is answered.
func (l *loop) repeatDescribe() {
	d := &l.control.describe
	if d.offer == nil || l.end != nil {
		return
	}
	d.deadline++
	at := d.deadline
	l.sendDescribe(d.offer, d.restarts)
	time.AfterFunc(describeAgain, func() {
		l.back(func(l *loop) {
			if l.control.describe.deadline == at {
				l.repeatDescribe()
			}
		})
	})
}

// sendDescribe sends a description; one that starts ICE anew, and its answer, go every way.
func (l *loop) sendDescribe(body []byte, restart bool) {
	b, err := l.keys.protect(inDescribe, body)
	switch {
	case err != nil:
	case restart:
		l.everyWay(b)
	default:
		l.handshake(b)
	}
}

// resumeDescribe is called when the path is there again: what was lost with it is sent once more.
func (l *loop) resumeDescribe() {
	if l.control.describe.offer != nil {
		l.repeatDescribe()
	}
}

// offerUntaken asks the caller to take what its offer had no place for: it did not know what the callee would send. A
// caller does not ask again, since the callee has seen what was offered and has decided.
func (l *loop) offerUntaken() {
	if l.conn.Untaken() {
		l.negotiate(false)
	}
}

// described is a description of the other side.
func (l *loop) described(b describeBody) {
	if l.conn == nil {
		return
	}
	switch b.Kind {
	case describeOffer:
		l.describeOffered(b)
	case describeAnswer, describeRefusal:
		l.describeAnswered(b)
	}
}

// describeOffered applies an offer, asks for consent to what it adds, and answers. The same again gets the same answer, as
// often as an honest side asks.
func (l *loop) describeOffered(b describeBody) {
	d := &l.control.describe
	if b.N <= d.theirs {
		if b.N == d.theirs && d.answer != nil && d.repeats.allow(time.Now(), describeAgain, 2) {
			l.sendDescribe(d.answer, b.Restart)
		}
		return
	}
	if b.N <= d.applying || l.worker.jobs.Len() >= maxJobs || l.call.overfull() ||
		!d.offers.allow(time.Now(), describePause, describeBurst) {
		return // it is being worked on, or will be repeated
	}
	d.applying = b.N
	if err := l.keys.frames.Declare(l.keys.theirLeaf(), declared(b.Streams)); err != nil {
		l.describeApplied(b.N, b.Restart, "", err) // else it would be repeated for ever
		return
	}
	conn, want, consent := l.conn, l.keys.dtlsTheirs, l.media.Consent
	l.worker.do(func(w *worker) task {
		late, cancel := context.WithTimeout(w.ctx, consentTime) // of all its tracks together
		defer cancel()
		w.restarted(conn, string(b.SDP), want)
		answer, err := conn.Apply(string(b.SDP), want, func(t media.TrackInfo) bool { return w.consents(late, conn, consent, t) })
		return func(l *loop) { l.describeApplied(b.N, b.Restart, answer, err) }
	})
}

// restarted tells the loop that an offer which is about to be applied starts ICE anew. What the description says counts,
// not what is said of it.
func (w *worker) restarted(conn *media.Conn, offer string, want [32]byte) {
	if p, err := conn.Propose(offer, want); err != nil || !p.Restart {
		return
	}
	w.loop.back(func(l *loop) {
		l.candidates.anew() // those of the description before this one are of no use any more
		l.step(inRestarted{})
	})
}

func (l *loop) describeApplied(n uint64, restart bool, answer string, err error) {
	d := &l.control.describe
	switch {
	case errors.Is(err, media.ErrGlare):
		// Ours stands, and the other side makes its own again. If it has answered ours already, and that came later than its
		// offer, it repeats it.
		if d.applying == n {
			d.applying = d.theirs
		}
		return
	case errors.Is(err, media.ErrFingerprint):
		l.step(inFault{AuthFailed, err})
		return
	case n <= d.theirs:
		return // a repetition that overtook its answer
	}
	if l.machine.role == callee && (d.offer != nil || d.busy) {
		// The polite side drops its own and makes it again: as a restart only if the other side's was none, since with that
		// ICE has started anew on both.
		if d.offer != nil {
			l.conn.Forget() // where we are busy Apply has, and what is described meanwhile must stand
		}
		d.offer, d.again, d.restart = nil, true, d.restart || d.restarts && (d.busy || !restart)
	}
	b := describeBody{Kind: describeAnswer, N: n, SDP: []byte(answer), Streams: streamsOf(l.conn.Streams())}
	if err != nil {
		b = describeBody{Kind: describeRefusal, N: n}
		l.drop()
	}
	d.theirs, d.answer = n, encode(b)
	l.sendDescribe(d.answer, restart)
	l.settle(nil)
}

// describeAnswered ends our description.
func (l *loop) describeAnswered(b describeBody) {
	d := &l.control.describe
	if d.offer == nil || b.N != d.n {
		return
	}
	if b.Kind == describeRefusal {
		d.offer = nil
		l.takeBack(errRefused)
		return
	}
	if err := l.keys.frames.Declare(l.keys.theirLeaf(), declared(b.Streams)); err != nil {
		l.drop()
		d.offer = nil
		l.takeBack(err)
		return
	}
	conn, want := l.conn, l.keys.dtlsTheirs
	d.offer, d.busy = nil, true
	l.worker.do(func(*worker) task {
		err := conn.Described(string(b.SDP), want)
		return func(l *loop) {
			l.control.describe.busy = false
			if err != nil && !errors.Is(err, media.ErrState) {
				l.step(inFault{mediaReason(err), err})
				return
			}
			l.settle(nil)
		}
	})
}

var errRefused = errors.New("call: the other side could not use the description; the call goes on as it was")

// takeBack drops the tracks that a description of ours named for the first time, since the other side has refused it or answered
// what is no answer, or it could not be made. Who added one hears err once its device is free; where nobody waits, as for a
// camera of the callee's that the offer had no place for, the application does. What else the description said is said again
// without them.
func (l *loop) takeBack(err error) {
	d := &l.control.describe
	gone := l.conn.Refused()
	if len(gone) == 0 {
		l.settle(err)
		return
	}
	for _, s := range gone {
		i := slices.IndexFunc(d.waiting, func(w waiter) bool { return w.adds && w.ctx == s.Ctx })
		if i < 0 {
			l.emit(TrackEnded{Track: ours(s.StreamInfo), Sent: true, Err: err})
			continue
		}
		out := d.waiting[i].out
		go func() {
			<-s.Closed
			out <- err
		}()
		d.waiting = slices.Delete(d.waiting, i, i+1)
	}
	if len(d.waiting) > 0 || d.restarts {
		d.again, d.restart = true, d.restart || d.restarts
	}
	l.settle(nil)
}

// settle tells those who wait, and starts what came up meanwhile.
func (l *loop) settle(err error) {
	d := &l.control.describe
	if d.again {
		restart := d.restart
		d.again, d.restart = false, false
		l.negotiate(restart)
		return
	}
	if d.busy || d.offer != nil {
		return
	}
	for _, w := range d.waiting {
		w.out <- err
	}
	d.waiting = nil
}

// renegotiate changes the connection with f. The channel hears when the other side has answered to it.
func (c *Call) renegotiate(f func(*loop, *waiter) error) <-chan error {
	out := make(chan error, 1)
	c.post(task(func(l *loop) {
		if l.conn == nil || l.machine.state != StateConnected || l.ending() {
			out <- ErrState
			return
		}
		w := waiter{out: out}
		if err := f(l, &w); err != nil {
			out <- err
			return
		}
		l.control.describe.waiting = append(l.control.describe.waiting, w)
		l.negotiate(false)
	}))
	return out
}

// AddTrack sends a further track. The other side's Media.Consent decides whether it is received, at once or later, while
// the call goes on; if not, it is not sent. The call owns the source from now on. If this fails it has closed the source, so that
// its device can be opened again; where ctx ended first, it does so as soon as it is known. ctx bounds the wait alone.
func (c *Call) AddTrack(ctx context.Context, s media.Source) (media.StreamInfo, error) {
	if s == nil {
		return media.StreamInfo{}, fmt.Errorf("%w: AddTrack was given a nil source", ErrConfig)
	}
	added := make(chan media.StreamInfo, 1)
	out := c.renegotiate(func(l *loop, w *waiter) error {
		info, err := l.conn.AddTrack(s)
		if err != nil {
			return err
		}
		w.adds, w.ctx = true, info.Ctx
		added <- info
		return nil
	})
	err := c.await(ctx, out)
	if err != nil {
		c.giveBack(s, out, added, err == ctx.Err())
		return media.StreamInfo{}, err
	}
	return <-added, nil
}

// giveBack closes a source that failed, unless the connection took it, which closes it itself; if that is still open, when it is
// known.
func (c *Call) giveBack(s media.Source, out <-chan error, taken <-chan media.StreamInfo, open bool) {
	if !open {
		if len(taken) == 0 {
			_ = s.Close()
		}
		return
	}
	go func() {
		if c.await(context.Background(), out) != nil && len(taken) == 0 {
			_ = s.Close()
		}
	}()
}

// RemoveTrack stops sending a track and closes its source. It returns nil when the other side has answered and the source has
// closed, so that its device can be opened again: to remove a camera and add the same one anew, wait for that. The track is
// removed also where ctx ends first.
func (c *Call) RemoveTrack(ctx context.Context, stream uint16) error {
	var closed <-chan error
	err := c.await(ctx, c.renegotiate(func(l *loop, _ *waiter) (err error) {
		closed, err = l.conn.RemoveTrack(stream)
		return err
	}))
	if err != nil {
		return err
	}
	return c.await(ctx, closed)
}

// ReplaceTrack goes on with another source of the same codec, without asking anybody. The old one is closed, and waited for
// as long as ctx lasts: its device can be opened again then. If ReplaceTrack fails, the new one is closed.
func (c *Call) ReplaceTrack(ctx context.Context, stream uint16, s media.Source) error {
	if s == nil {
		return fmt.Errorf("%w: ReplaceTrack was given a nil source; RemoveTrack ends a track", ErrConfig)
	}
	var closed <-chan error
	out := c.ask(func(l *loop) (err error) {
		closed, err = l.conn.ReplaceTrack(stream, s)
		return err
	})
	if err := c.await(ctx, out); err != nil {
		c.giveBack(s, out, nil, err == ctx.Err())
		return err
	}
	_ = c.await(ctx, closed) // the new one is in place, however the old one ended
	return nil
}

// Hold stops media in both directions, or goes on with it, and tells the other side.
func (c *Call) Hold(ctx context.Context, on bool) error {
	return c.await(ctx, c.renegotiate(func(l *loop, _ *waiter) error {
		if err := l.conn.Hold(on); err != nil {
			return err
		}
		l.signal(inHold, holdBody{on})
		return nil
	}))
}

// NetworkChanged looks for a new path at once, instead of waiting until the old one is found dead: call it when the
// machine moved to another network.
func (c *Call) NetworkChanged() { c.post(inRoam{}) }

// RenewKeys starts a new epoch of the group, as happens by itself every 60 minutes and 2^24 frames.
func (c *Call) RenewKeys() { c.post(inRenew{}) }
