package media

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestInventedStreams: RTP of streams that no description names reaches nobody and makes no section; a flood of them ends
// the connection instead of filling the memory. The mutation that makes it fail: leave out BufferFactory.
func TestInventedStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		audio := newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{audio}, nil, both, both)
		p.connected(t)
		time.Sleep(time.Second)
		track := p.a.conn.sections[0].track
		invent := func(from, to uint32) {
			for ssrc := from; ssrc < to; ssrc++ {
				track.mu.Lock()
				h := track.header
				h.SSRC = ssrc
				if _, err := track.writer.WriteRTP(&h, []byte("not described")); err != nil {
					t.Error(err)
				}
				track.mu.Unlock()
			}
		}
		invent(1000, 1050)
		time.Sleep(time.Second)
		if n := len(p.b.conn.pc.GetTransceivers()); n != 2 || p.b.conn.State() != ConnConnected {
			t.Errorf("%d sections, state %v", n, p.b.conn.State())
		}
		got := len(p.b.sinkOf("0").all())
		if got < 90 || len(p.b.sinks) != 1 {
			t.Errorf("%d frames, %d sinks", got, len(p.b.sinks))
		}
		invent(2000, 4000)
		time.Sleep(time.Second)
		if !slices.ContainsFunc(p.b.seen(), func(e Event) bool {
			s, ok := e.(StateChanged)
			return ok && s.State == ConnFailed && errors.Is(s.Err, ErrDescription)
		}) {
			t.Errorf("state %v", p.b.conn.State())
		}
	})
}

// TestUnnamedSectionMakesNoTracks: a section of the peer that names no stream is no place for streams that it invents. The
// mutation that makes it fail: leave out the unused ssrc in below.
func TestUnnamedSectionMakesNoTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		offer, err := p.a.conn.Offer(nil, both)
		check(t, err)
		var unnamed []string
		for line := range strings.SplitSeq(offer, "\r\n") {
			if !strings.HasPrefix(line, "a=ssrc") && !strings.HasPrefix(line, "a=msid") {
				unnamed = append(unnamed, line)
			}
		}
		answer, err := p.b.conn.Answer(strings.Join(unnamed, "\r\n"), p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		for _, c := range p.b.candidates() {
			check(t, p.a.conn.AddCandidate(c))
		}
		p.connected(t)
		track := p.a.conn.sections[1].track
		for ssrc := range uint32(50) {
			h := track.header
			h.SSRC = 5000 + ssrc
			if _, err := track.writer.WriteRTP(&h, []byte("not described")); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Second)
		if n := len(p.b.conn.pc.GetTransceivers()); n != 2 {
			t.Errorf("%d sections", n)
		}
	})
}
