package media

import (
	"encoding/binary"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// A promptSink is one that wants its frames when they arrive.
type promptSink struct{ memorySink }

func (*promptSink) Prompt() bool { return true }

// hearPromptly dials a call with one source of sound from a and a prompt sink at b.
func hearPromptly(t *testing.T, p *pair, source *scriptSource) *promptSink {
	sink := &promptSink{}
	p.b.conn.cfg.Sink = func(TrackInfo) Sink { return sink }
	p.dial(t, []Source{source}, nil, Kinds{}, both)
	p.connected(t)
	return sink
}

// TestPromptFramesDoNotWait: with 5 % loss no frame waits for another; each has the time that it was sent with, exactly,
// also the ones that were asked for again and came late; none comes twice.
func TestPromptFramesDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const oneWay = 40 * time.Millisecond
		w, p := simPair(t, sim.Link{OneWay: oneWay, Loss: 0.05, Seed: 3})
		audio := newSource(Audio, 1500, 100)
		sink := hearPromptly(t, p, audio)
		time.Sleep(31 * time.Second)
		stats := p.b.conn.Stats().Received[0]
		p.close()
		w.Close()

		frames, late, last := sink.all(), 0, -1
		seen := map[int]bool{}
		number := func(f Frame) int { return int(binary.BigEndian.Uint32(f.Data)) }
		after := func(n int) time.Duration { return time.Duration(n-number(frames[0])) * audio.step } // the first may be lost
		for i, f := range frames {
			n := number(f)
			if seen[n] || f.Missing != 0 || !f.Key {
				t.Fatalf("frame %d: twice %v, %+v", n, seen[n], f)
			}
			seen[n] = true
			if want := frames[0].Time + after(n); (f.Time - want).Abs() > time.Microsecond {
				t.Fatalf("frame %d has time %v, want %v", n, f.Time, want)
			}
			age := sink.at[i].Sub(sink.at[0]) - after(n)
			switch {
			case n < last:
				late++ // it was lost, and asked for again
			case age > 5*time.Millisecond:
				t.Fatalf("frame %d came %v after its turn", n, age)
			}
			last = max(last, n)
		}
		t.Logf("%d of %d frames, %d of them late; %+v", len(frames), audio.count, late, stats)
		if late < 30 || len(frames) < audio.count-20 || stats.Opened != uint64(len(frames)) {
			t.Errorf("%d frames, %d late, %d opened", len(frames), late, stats.Opened)
		}
		if stats.Missing > uint64(audio.count-len(frames)) {
			t.Errorf("%d frames count as missing, %d are", stats.Missing, audio.count-len(frames))
		}
	})
}

// TestEveryCodecOfSound: Opus and G.711 arrive under their own name, clock and channels, byte for byte and in time.
func TestEveryCodecOfSound(t *testing.T) {
	for _, codec := range codecsOf(Audio) {
		synctest.Test(t, func(t *testing.T) {
			_, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
			audio := newSource(Audio, 100, 160)
			audio.codec = codec
			p.dial(t, []Source{audio}, nil, Kinds{}, both)
			time.Sleep(4 * time.Second)
			got := p.b.sinkOf("0").all()
			if wantFrames(t, string(codec), p.b.sinkOf("0"), audio); len(got) > 1 {
				if d := got[len(got)-1].Time - got[0].Time; d != 99*audio.step {
					t.Errorf("%s: the times span %v", codec, d)
				}
			}
			r := ruleOf(codec)
			if info := p.b.conn.Tracks()[0]; info.Codec != codec || info.ClockRate != int(r.rate) || info.Channels != r.channels() {
				t.Errorf("%+v", info)
			}
		})
	}
}

// A muteSource notes what it is told.
type muteSource struct {
	*scriptSource
	told []bool
}

func (s *muteSource) SetMuted(muted bool) { s.told = append(s.told, muted) }

// TestMutersAreTold: of mute and of hold, once each, and so is a source that replaces a muted one.
func TestMutersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		first, second := &muteSource{scriptSource: newSource(Audio, 1000, 50)}, &muteSource{scriptSource: newSource(Audio, 1000, 50)}
		p.dial(t, []Source{first}, nil, Kinds{}, both)
		p.connected(t)
		for _, muted := range []bool{true, true, false, true} {
			check(t, p.a.conn.SetMuted(0, muted))
		}
		check(t, taken(p.a.conn.ReplaceTrack(0, second)))
		check(t, p.a.conn.SetMuted(0, false))
		p.a.conn.Hold(true)
		p.a.conn.Hold(false)
		if want := []bool{true, false, true}; !slices.Equal(first.told, want) {
			t.Errorf("the first was told %v, want %v", first.told, want)
		}
		if want := []bool{true, false, true, false}; !slices.Equal(second.told, want) {
			t.Errorf("the second was told %v, want %v", second.told, want)
		}
	})
}
