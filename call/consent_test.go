package call

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// A tally counts frames.
type tally struct{ frames atomic.Int64 }

func (s *tally) WriteFrame(media.Frame) error { s.frames.Add(1); return nil }
func (s *tally) Close() error                 { return nil }

// runs says whether frames come.
func (s *tally) runs() bool {
	time.Sleep(500 * time.Millisecond)
	before := s.frames.Load()
	time.Sleep(2 * time.Second)
	return s.frames.Load() > before
}

// A shutter is a camera that takes no picture.
type shutter struct{ closed atomic.Int64 }

func (s *shutter) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Video, Codec: media.VP8, ClockRate: 90000}
}

func (s *shutter) Read(ctx context.Context) (media.Frame, error) {
	<-ctx.Done()
	return media.Frame{}, ctx.Err()
}

func (s *shutter) Close() error { s.closed.Add(1); return nil }

// A question is a person who thinks.
type question struct {
	asked  atomic.Int64
	answer chan bool
}

func (q *question) consent(ctx context.Context, _ media.TrackInfo) bool {
	q.asked.Add(1)
	select {
	case yes := <-q.answer:
		return yes
	case <-ctx.Done():
		return false
	}
}

// asks brings a call in which one side adds a camera, and the other's person thinks about it.
func asks(t *testing.T, who role, f func(t *testing.T, from, to *Call, q *question, sink *tally)) {
	t.Helper()
	onStage(t, func(t *testing.T, s *stage) {
		alice, bob, them := honest(t, s)
		q, sink := &question{answer: make(chan bool)}, &tally{}
		take := func(media.TrackInfo) media.Sink { return sink }
		peer, _ := alice.contacts.Lookup(them.id.Public())
		a, err := alice.Dial(t.Context(), peer, Media{Receive: take, Consent: q.consent})
		if err != nil {
			t.Fatal(err)
		}
		b, err := bob.rung(t).Answer(t.Context(), Media{Receive: take, Consent: q.consent})
		if err != nil {
			t.Fatal(err)
		}
		next[Connected](t, a)
		next[Connected](t, b)
		from, to := a, b
		if who == callee {
			from, to = b, a
		}
		if _, err := from.AddTrack(t.Context(), &lens{}); err != nil {
			t.Fatal(err)
		}
		f(t, from, to, q, sink)
		a.Close()
		b.Close()
	})
}

// restarts starts ICE anew at a side, and asserts that the other has answered.
func restarts(t *testing.T, c *Call) {
	t.Helper()
	var before, after uint64
	var open bool
	c.within(func(l *loop) { before = l.control.describe.n })
	c.NetworkChanged()
	time.Sleep(3 * time.Second)
	c.within(func(l *loop) { after, open = l.control.describe.n, l.control.describe.offer != nil })
	if after == before || open {
		t.Errorf("%d offers where there were %d, one unanswered: %v", after, before, open)
	}
}

// TestWhileConsentWaits: a person thinks about a track for a minute. Until then ICE can be started anew from either side, the
// track is not received, and nobody is asked again; then the person takes it, and it runs; or does not, and it does not.
// Mutations: consents without its case of late; consented without negotiate, or without a look at yes; consents without
// asking (asked again by the restarts).
func TestWhileConsentWaits(t *testing.T) {
	for _, who := range []role{caller, callee} {
		for _, yes := range []bool{true, false} {
			asks(t, who, func(t *testing.T, from, to *Call, q *question, sink *tally) {
				restarts(t, to)
				restarts(t, from)
				time.Sleep(time.Minute)
				if sink.runs() {
					t.Error("received before there was consent")
				}
				if n := q.asked.Load(); n != 1 {
					t.Errorf("asked %d times", n)
				}
				q.answer <- yes
				if sink.runs() != yes {
					t.Errorf("from %v: runs is not %v", who, yes)
				}
				if from.State() != StateConnected || to.State() != StateConnected {
					t.Errorf("%v, %v", from.State(), to.State())
				}
				if yes {
					restarts(t, to)
					restarts(t, from)
					if !sink.runs() {
						t.Error("lost by a restart")
					}
				}
			})
		}
	}
}

// TestConsentToWhatIsGone: the track was removed when the person takes it: nothing happens, and the same section later is
// asked about again. Mutation: Take in media without peerSends.
func TestConsentToWhatIsGone(t *testing.T) {
	asks(t, caller, func(t *testing.T, from, to *Call, q *question, sink *tally) {
		ctx := from.Streams()[0].Ctx
		if err := from.RemoveTrack(t.Context(), ctx); err != nil {
			t.Fatal(err)
		}
		q.answer <- true
		time.Sleep(time.Second)
		if _, err := from.AddTrack(t.Context(), &lens{}); err != nil {
			t.Fatal(err)
		}
		if sink.runs() || q.asked.Load() != 2 {
			t.Errorf("asked %d times; received without consent: %v", q.asked.Load(), sink.frames.Load() > 0)
		}
		q.answer <- true
		if !sink.runs() {
			t.Error("the second track does not run")
		}
	})
}

// hears waits for the victim's next description by the relay.
func (p *peer) hears(why string, kind uint8) describeBody {
	p.t.Helper()
	for {
		r, err := p.group.Handle(p.want(why, msgInCall).message.Body)
		if err != nil {
			p.t.Fatal(err)
		}
		b, err := decode[inCallBody](r.Application, maxMLS)
		if err != nil {
			p.t.Fatal(err)
		}
		if b.Type != inDescribe {
			continue
		}
		d, err := decode[describeBody](b.Body, maxBody)
		if err != nil || d.Kind != kind {
			p.t.Fatalf("%s: kind %d (%v), want %d", why, d.Kind, err, kind)
		}
		return d
	}
}

// TestMoreStreamsThanACallMayHave: an offer that declares too many is refused, and one that declares no more is taken after
// it; an answer that does ends our offer, and the next one is made.
// What was to be added with it is closed, and not sent. Mutations: describeOffered that drops on an error of Declare;
// describeAnswered that keeps the offer then, or that forgets it in place of takeBack.
func TestMoreStreamsThanACallMayHave(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		c.within(func(l *loop) { l.control.open = false }) // all is heard by the relay
		offer, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		n, ctx := uint64(0), uint16(0)
		offers := func(streams int) {
			n++
			d := describeBody{Kind: describeOffer, N: n, SDP: []byte(offer)}
			for range streams {
				d.Streams = append(d.Streams, stream{Ctx: ctx, MID: "0", Kind: 1, Codec: "opus"})
				ctx++
			}
			p.says(n, inDescribe, encode(d))
		}
		for ctx < e2ee.MaxStreams {
			offers(maxStreams)
			p.hears("64 streams at most", describeAnswer)
		}
		offers(1)
		if d := p.hears("the 65th", describeRefusal); d.N != n {
			t.Errorf("a refusal of %d", d.N)
		}
		offers(0)
		p.hears("the one after it", describeAnswer)

		p.conn.Forget()
		sent := len(c.Streams())
		for try := range uint64(2) {
			said := make(chan error, 1)
			cam := &shutter{}
			go func() {
				if try == 0 {
					_, err := c.AddTrack(t.Context(), cam)
					said <- err
					return
				}
				said <- c.Hold(t.Context(), true)
			}()
			d := p.hears("our own", describeOffer)
			b := describeBody{Kind: describeAnswer, N: d.N}
			if try == 0 {
				b.Streams = []stream{{Ctx: ctx, MID: "0", Kind: 1, Codec: "opus"}}
			} else {
				answer, err := p.conn.Apply(string(d.SDP), c.fingerprint(), nil)
				if err != nil {
					t.Fatal(err)
				}
				b.SDP = []byte(answer)
			}
			p.says(n+1+try, inDescribe, encode(b))
			if err := <-said; (err != nil) != (try == 0) {
				t.Errorf("change %d: %v", try, err)
			}
			if closed := cam.closed.Load(); try == 0 && (closed != 1 || len(c.Streams()) != sent) {
				t.Errorf("the camera was closed %d times; we send %+v", closed, c.Streams())
			}
		}
	})
}
