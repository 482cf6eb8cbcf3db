package call

import (
	"log/slog"
	"testing"

	"github.com/pion/transport/v4"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
)

// inside is a callee that is connected, as its loop sees it; nobody runs the loop.
func inside(t testing.TB, n transport.Net) *loop {
	t.Helper()
	cfg := Config{Identity: e2ee.Generate(), Logger: slog.New(slog.DiscardHandler), DirectToStrangers: true}
	cfg.Media.Net = n
	c := newCall(&Client{config: cfg}, callee, e2ee.Generate().Public(), [32]byte{1})
	k, err := newKeys(c, callee)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoop(c, k, reach(callee, StateConnected))
	conn, err := media.NewConn(l.worker.config(cfg, true))
	if err != nil {
		t.Fatal(err)
	}
	l.adopt(conn)
	if err := k.frames.Declare(k.theirLeaf(), []e2ee.Stream{{Ctx: 1, MID: "0", Kind: 2, Codec: "VP8"}}); err != nil {
		t.Fatal(err)
	}
	return l
}

// settles lets the worker do what waits for it, and takes the outcomes.
func (l *loop) settles() {
	done := make(chan struct{})
	l.worker.do(func(*worker) task { close(done); return nil })
	<-done
	for v, ok := l.call.inbox.TryGet(); ok; v, ok = l.call.inbox.TryGet() {
		l.take(v)
	}
}

// FuzzInCall: whatever the verified other side says inside the group, no panic; one message is at most one event; and
// nothing but a description with another fingerprint ends the call. The mutations that make it fail on its seeds: muted
// without its look at the seq, inCall that tells of a Hold whatever its seq.
func FuzzInCall(f *testing.F) {
	host := sim.NewWorld(f, sim.Link{}).Host("1.2.3.4")
	say := func(t inCallType, body []byte) []byte { return encode(inCallBody{Type: t, Seq: 1, Body: body}) }
	for t, b := range map[inCallType]any{inMute: muteBody{1, true}, inHold: holdBody{true},
		inDescribe:  describeBody{Kind: describeOffer, N: 1, SDP: []byte("v=0\r\n"), Streams: []stream{{Ctx: 2, MID: "1", Kind: 1, Codec: "opus"}}},
		inCandidate: candidate{"0", "candidate:1 1 udp 1 1.2.3.4 5 typ host"}} {
		f.Add(say(t, encode(b)))
	}
	f.Add(say(inChat, []byte("hello")))
	f.Add(say(inMute, encode(muteBody{4000, true}))) // never declared
	f.Add(say(inDescribe, encode(describeBody{Kind: describeAnswer, N: 1})))
	f.Add(say(inDescribe, encode(describeBody{Kind: describeRefusal, N: 1<<64 - 1})))
	f.Add(say(inDescribe, encode(describeBody{Kind: describeOffer, N: 1<<64 - 1, Restart: true})))
	f.Add(say(77, nil))
	f.Fuzz(func(t *testing.T, plain []byte) {
		l := inside(t, host)
		defer l.undo()
		for range 2 { // the same again tells nothing that is not said again
			_ = l.inCall(plain)
			l.settles()
		}
		var told []Event
		for ev, ok := l.call.events.TryGet(); ok; ev, ok = l.call.events.TryGet() {
			told = append(told, ev)
		}
		b, err := decode[inCallBody](plain, maxMLS)
		switch most := len(told); {
		case err != nil && most > 0, b.Type != inChat && most > 1, most > 2:
			t.Errorf("%x: %v", plain, told)
		}
		if l.end != nil && l.end.Reason != AuthFailed || l.machine.state == StateEnded && b.Type != inDescribe {
			t.Errorf("%x ends the call: %+v", plain, l.end)
		}
	})
}
