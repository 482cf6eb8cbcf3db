package media

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/sotto-calls/sotto/internal/sim"
)

// aloneReceiver is a receiver without a network, for hostile packets.
func aloneReceiver(t testing.TB, kind Kind) *receiver {
	s := newSide(t, Settings{LAN: true}, true, newVault(1), newVault(2))
	t.Cleanup(s.close)
	r := &receiver{
		conn: s.conn, info: trackInfo(defaultRules[kind], "0"), opener: &testOpener{v: s.opens}, remote: &remoteTrack{},
		clock: &receiveClock{call: &s.conn.clock, rate: defaultRules[kind].rate}, frames: newAssembler(kind),
		coding: defaultRules[kind],
	}
	r.allowed.Store(true)
	return r
}

// addVectors adds published hostile packets of one kind, when they are there.
func addVectors(f *testing.F, folders ...string) {
	dir := os.Getenv("SOTTO_VECTORS")
	if dir == "" {
		return
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(dir, "rtp", folder, "*"))
		check(f, err)
		for _, name := range files {
			if b, err := os.ReadFile(name); err == nil && len(b) <= maxPacket {
				f.Add(b)
			}
		}
	}
}

// FuzzRTP: whatever SRTP lets through, no packet makes a receiver panic, and without a seal nothing comes out.
func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x90, 0x80, 0x80, 1, 0, 9, 9})
	f.Add([]byte{0xb0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 1, 2, 3, 255})
	addVectors(f, "sfu-crashes/rtp", "webrtc-corpora/rtp-corpus")
	var receivers []*receiver
	for _, rule := range rules {
		r := aloneReceiver(f, rule.kind)
		r.coding = rule
		receivers = append(receivers, r)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range receivers {
			now := time.Now()
			var h rtp.Header
			p := r.frames.take()
			r.packet(p, copy(p.buf[:], data), &h, len(data)%2 == 0, now)
			r.work(now)
			if r.stats.opened.Load() != 0 {
				t.Fatal("a frame was opened that nobody sealed")
			}
		}
	})
}

// FuzzRTCP: whatever the peer reports, a sender takes it or leaves it.
func FuzzRTCP(f *testing.F) {
	addVectors(f, "sfu-crashes/rtcp", "webrtc-corpora/rtcp-corpus")
	f.Add([]byte{0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2})
	s := newSide(f, Settings{LAN: true}, false, newVault(1), newVault(2))
	f.Cleanup(s.close)
	if _, err := s.conn.Offer([]Source{newSource(Video, 1, 1)}, both); err != nil {
		f.Fatal(err)
	}
	to := s.conn.sections[0].sender
	f.Fuzz(func(_ *testing.T, data []byte) {
		packets, err := rtcp.Unmarshal(data)
		if err != nil {
			return
		}
		to.feedback(packets)
	})
}

// TestCodecsThatAlternate: a peer that changes the codec with every frame gets a few sinks and no more; what is in the last
// one's codec goes on, the rest is dropped and counted.
func TestCodecsThatAlternate(t *testing.T) {
	r := aloneReceiver(t, Audio)
	sinks := 0
	r.conn.cfg.Sink = func(TrackInfo) Sink {
		sinks++
		return &memorySink{}
	}
	sealer := &testSealer{v: newVault(2)}
	for n := range 100 {
		sealed, err := sealer.Seal(nil, nil, []byte{byte(n)})
		check(t, err)
		r.frame(wholeFrame{data: sealed, rule: ruleOf([]Codec{Opus, PCMU}[n%2]), ts: uint32(960 * n)}, time.Now())
	}
	opened, failed := r.stats.opened.Load(), r.stats.fails[FailOther].Load()
	if sinks != maxChanges+1 || opened+failed != 100 || opened != maxChanges+1+(100-maxChanges-1)/2 {
		t.Errorf("%d sinks, %d frames opened, %d dropped", sinks, opened, failed)
	}
}

// TestOddPacket: a packet of a payload type that was not negotiated costs itself, not the track. The mutation that makes it
// fail: run ends at every error but a deadline.
func TestOddPacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		audio := newSource(Audio, 150, 100)
		p.dial(t, []Source{audio}, nil, both, both)
		p.connected(t)
		time.Sleep(time.Second)
		track := p.a.conn.sections[0].track
		track.mu.Lock()
		h := track.header.Clone()
		h.PayloadType = 120
		_, err := track.writer.WriteRTP(&h, make([]byte, 100))
		track.header.SequenceNumber++
		track.mu.Unlock()
		check(t, err)
		time.Sleep(3 * time.Second)
		if n := len(p.b.sinkOf("0").all()); n != audio.count {
			t.Errorf("%d of %d frames", n, audio.count)
		}
	})
}
