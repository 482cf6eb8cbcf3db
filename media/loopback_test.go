package media

import (
	"context"
	"os"
	"os/exec"
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

// TestCallByMDNS: the names lead to each other. It runs in a network of its own, so that no multicast leaves the machine.
func TestCallByMDNS(t *testing.T) {
	if os.Getenv(apart) == "" {
		runApart(t)
		return
	}
	p := newPair(t, Settings{}, Settings{})
	audio := newSource(Audio, 25, 100)
	p.dial(t, []Source{audio}, nil, both, both)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	check(t, p.a.conn.Drain(ctx))
	if n := len(p.a.candidates()); n == 0 {
		t.Error("no candidate")
	}
	p.close()
	wantBytes(t, p.b.sinkOf("0"), audio)
}

// apart is set for the process that runs in a network of its own.
const apart = "SOTTO_TEST_APART"

// runApart runs this test again in a new network namespace with one interface that has multicast.
func runApart(t *testing.T) {
	t.Helper()
	const network = `ip link set lo up && ip link add name va0 type veth peer name vb0 &&
		ip addr add 10.91.0.2/24 dev va0 && ip link set va0 up && ip link set vb0 up &&
		ip route add default dev va0 && exec "$0" "$@"`
	c := exec.CommandContext(t.Context(), "unshare", "-n", "sh", "-c", network, os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), apart+"=1")
	out, err := c.CombinedOutput()
	switch {
	case strings.Contains(string(out), "=== RUN"):
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	case os.Getenv("SOTTO_REQUIRE") == "1":
		t.Fatalf("SOTTO_REQUIRE=1, but there is no network namespace: %v\n%s", err, out)
	default:
		t.Skipf("needs root, unshare and iproute2 for a network of its own: %v", err)
	}
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
