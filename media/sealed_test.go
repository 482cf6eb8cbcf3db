package media

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// A spy remembers what an opener was given.
type spy struct {
	Opener
	mu            *sync.Mutex
	clear, sealed *[][]byte
}

func (s spy) Open(dst, clear, sealed []byte) ([]byte, error) {
	s.mu.Lock()
	*s.clear, *s.sealed = append(*s.clear, bytes.Clone(clear)), append(*s.sealed, bytes.Clone(sealed))
	s.mu.Unlock()
	return s.Opener.Open(dst, clear, sealed)
}

// TestWhatTravelsIsNotTheFrame: beneath SRTP already, no 16 bytes in a row of any frame are on the wire, and of a picture
// one byte alone is clear.
func TestWhatTravelsIsNotTheFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		var mu sync.Mutex
		var clear, sealed [][]byte
		open := p.b.conn.cfg.Open
		p.b.conn.cfg.Open = func(mid string) Opener { return spy{open(mid), &mu, &clear, &sealed} }
		video := newSource(Video, 60, 3000)
		video.keyEvery = 20
		p.dial(t, []Source{video}, nil, Kinds{}, both)
		p.connected(t)
		time.Sleep(3 * time.Second)
		p.close()
		w.Close()
		if len(sealed) != video.count {
			t.Fatalf("%d sealed frames came", len(sealed))
		}
		for i, s := range sealed {
			data := frameData(Video, i, video.size)
			for j := 0; j+16 <= len(data); j += 16 {
				if bytes.Contains(s, data[j:j+16]) {
					t.Fatalf("frame %d travels readable", i)
				}
			}
			if want := []byte{1}; i%20 == 0 && clear[i][0] != 0 || i%20 != 0 && !bytes.Equal(clear[i], want) {
				t.Fatalf("frame %d: clear bytes %x", i, clear[i])
			}
		}
	})
}

// TestWrongKeyOpensNothing: a peer without the key gets no frame, and every one is counted with its reason.
func TestWrongKeyOpensNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		p.b.conn.cfg.Open = func(string) Opener { return &testOpener{v: newVault(9)} }
		audio, video := newSource(Audio, 100, 100), newSource(Video, 60, 3000)
		p.dial(t, []Source{audio, video}, nil, Kinds{}, both)
		p.connected(t)
		time.Sleep(3 * time.Second)
		stats := p.b.conn.Stats()
		p.close()
		w.Close()
		for i, count := range []uint64{100, 60} {
			r := stats.Received[i]
			if r.Opened != 0 || r.Frames != count || r.Failed[FailAuthentication] != count || r.FailedSum() != count {
				t.Errorf("%+v", r)
			}
		}
		if len(p.b.sinks) != 0 || slices.ContainsFunc(p.b.seen(), isA[FirstFrame]) {
			t.Error("something reached the sink")
		}
		if plis := stats.Received[1].PLIs; plis == 0 || plis > 6 {
			t.Errorf("%d key frames asked for in 3 s", plis)
		}
	})
}

// TestKeyComesLate: frames that came before their key wait for it; none is lost, and their times are right.
func TestKeyComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		late := &vault{}
		p.b.conn.cfg.Open = func(string) Opener { return &testOpener{v: late} }
		audio, video := newSource(Audio, 200, 100), newSource(Video, 100, 3000)
		p.dial(t, []Source{audio, video}, nil, Kinds{}, both)
		p.connected(t)
		time.Sleep(time.Second)
		if n := len(p.b.sinkOf("0").all()); n != 0 {
			t.Errorf("%d frames without a key", n)
		}
		late.install(1)
		time.Sleep(5 * time.Second)
		p.close()
		w.Close()
		wantFrames(t, "audio", p.b.sinkOf("0"), audio)
		wantFrames(t, "video", p.b.sinkOf("1"), video)
	})
}

// TestSendKeyComesLate: a sender without a key waits for it with its frame.
func TestSendKeyComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		late := &vault{}
		p.a.conn.cfg.Seal = func(ctx uint16) Sealer { return &testSealer{v: late, ctx: ctx} }
		audio := newSource(Audio, 200, 100)
		p.dial(t, []Source{audio}, nil, Kinds{}, both)
		p.connected(t)
		time.Sleep(time.Second)
		if p.a.conn.Stats().Sent[0].Packets != 0 {
			t.Error("sent without a key")
		}
		late.install(1)
		time.Sleep(5 * time.Second)
		p.close()
		w.Close()
		wantFrames(t, "audio", p.b.sinkOf("0"), audio)
	})
}

// plainSealer seals nothing, as a peer would that tries to get plaintext accepted.
type plainSealer struct{}

func (plainSealer) Seal(dst, _, frame []byte) ([]byte, error) { return append(dst, frame...), nil }

// TestPitfall13PlaintextIsDropped: frames that were not sealed, empty ones among them, never reach a sink. The mutation
// that makes it fail: deliver data in receiver.open when the opener returns an error.
func TestPitfall13PlaintextIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		p.a.conn.cfg.Seal = func(uint16) Sealer { return plainSealer{} }
		silence := newSource(Audio, 100, 8)
		video := newSource(Video, 60, 3000)
		p.dial(t, []Source{silence, video}, nil, Kinds{}, both)
		p.connected(t)
		time.Sleep(3 * time.Second)
		stats := p.b.conn.Stats()
		p.close()
		w.Close()
		if len(p.b.sinks) != 0 || stats.Received[0].Opened+stats.Received[1].Opened != 0 {
			t.Error("plaintext reached a sink")
		}
		if stats.Received[0].FailedSum() != 100 || stats.Received[1].FailedSum() != 60 {
			t.Errorf("%+v", stats.Received)
		}
	})
}
