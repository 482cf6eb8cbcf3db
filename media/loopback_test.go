package media

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLoopback: two connections on one machine, on real sockets and without any network but lo, lossless to the last
// frame.
func TestLoopback(t *testing.T) {
	settings := Settings{Loopback: true}
	p := newPair(t, settings, settings)
	sources := []*scriptSource{newSource(Audio, 75, 100), newSource(Video, 45, 6000), newSource(Audio, 60, 100), newSource(Video, 40, 6000)}
	start := time.Now()
	p.dial(t, []Source{sources[0], sources[1]}, []Source{sources[2], sources[3]}, both, both)
	p.connected(t)
	t.Logf("connected after %v", time.Since(start))
	check(t, p.a.conn.Drain(t.Context()))
	check(t, p.b.conn.Drain(t.Context()))
	p.close()
	for i, sink := range []*memorySink{p.b.sinkOf("0"), p.b.sinkOf("1"), p.a.sinkOf("0"), p.a.sinkOf("1")} {
		if n := arrived(t, "a track", sink, sources[i]); n != sources[i].count {
			t.Errorf("source %d: %d of %d frames", i, n, sources[i].count)
		}
	}
}

// TestHostAddressesHide: by default no bare host address is handed out. Where the machine has no multicast there may be
// no candidate at all, but never an address.
func TestHostAddressesHide(t *testing.T) {
	p := newPair(t, Settings{}, Settings{})
	offer, err := p.a.conn.Offer(nil, both)
	check(t, err)
	if _, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both); err != nil {
		t.Fatal(err)
	}
	lines := p.b.candidates()
	if slices.ContainsFunc(lines, func(c Candidate) bool { return !strings.Contains(c.Line, ".local ") }) {
		t.Errorf("%v", lines)
	}
	t.Logf("%d candidates", len(lines))
}

// TestCallByMDNS: where the machine has multicast, the names lead to each other.
func TestCallByMDNS(t *testing.T) {
	p := newPair(t, Settings{}, Settings{})
	audio := newSource(Audio, 25, 100)
	p.dial(t, []Source{audio}, nil, both, both)
	if len(p.a.candidates()) == 0 || len(p.b.candidates()) == 0 {
		t.Skip("no network interface with multicast here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := p.a.conn.Drain(ctx); err != nil && os.Getenv("SOTTO_REQUIRE") != "1" {
		t.Skip("multicast does not come back to this machine")
	}
	p.close()
	wantBytes(t, p.b.sinkOf("0"), audio)
}

// wantBytes is wantFrames without the exact times, for real sockets.
func wantBytes(t *testing.T, sink *memorySink, src *scriptSource) {
	t.Helper()
	if n := arrived(t, "a track", sink, src); n != src.count {
		t.Errorf("%d of %d frames", n, src.count)
	}
}

// TestMessages: in order, both ways, within the limits.
func TestMessages(t *testing.T) {
	settings := Settings{Loopback: true}
	p := newPair(t, settings, settings)
	p.dial(t, nil, nil, both, both)
	p.a.await("the channel", isA[ChannelOpen])
	p.b.await("the channel", isA[ChannelOpen])
	for i := range 300 {
		check(t, p.a.conn.SendMessage(append([]byte{byte(i), byte(i >> 8)}, make([]byte, i*10)...)))
	}
	check(t, p.b.conn.SendMessage(make([]byte, MaxMessage)))
	if p.a.conn.SendMessage(make([]byte, MaxMessage+1)) == nil || p.a.conn.SendMessage(nil) == nil {
		t.Error("a message out of bounds was sent")
	}
	count := func(s *side) (n int) {
		for _, e := range s.seen() {
			if m, ok := e.(MessageReceived); ok {
				if s == p.b && (int(m.Data[0])|int(m.Data[1])<<8 != n || len(m.Data) != 2+n*10) {
					t.Fatalf("message %d is not the one that was sent", n)
				}
				n++
			}
		}
		return n
	}
	p.b.await("all messages", func(Event) bool { return count(p.b) == 300 })
	p.a.await("a message", func(Event) bool { return count(p.a) == 1 })
	if s := p.a.conn.Stats(); s.Messages.Sent != 300 || s.Messages.Received != 1 {
		t.Errorf("%+v", s.Messages)
	}
}
