package media

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestPayloadTypesOfALaterOffer: a peer that was called names other payload types when it offers, as Firefox does: they are those
// to send with from then on, and again those of before when we offer. The mutation that makes it fail: rebind without takesTypes.
func TestPayloadTypesOfALaterOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
		p.dial(t, []Source{newSource(Video, 1<<20, 100)}, []Source{newSource(Video, 1<<20, 100)}, Kinds{Video: true}, Kinds{Video: true})
		p.connected(t)
		track := p.a.conn.sections[0].track
		sends := func(want uint8) {
			t.Helper()
			track.mu.Lock()
			defer track.mu.Unlock()
			if track.writer == nil || track.header.PayloadType != want {
				t.Errorf("it sends payload type %d, want %d", track.header.PayloadType, want)
			}
		}
		sends(96)
		others := strings.NewReplacer("SAVPF 96", "SAVPF 120", ":96 ", ":120 ", "apt=96", "apt=120")
		ours := strings.NewReplacer("SAVPF 120", "SAVPF 96", ":120 ", ":96 ", "apt=120", "apt=96")
		offer, err := p.b.conn.Describe(false)
		check(t, err)
		answer, err := p.a.conn.Apply(others.Replace(offer), p.b.cert.Fingerprint(), all)
		check(t, err)
		check(t, p.b.conn.Described(ours.Replace(answer), p.a.cert.Fingerprint()))
		sends(120)
		describe(t, p.a, p.b, false, nil)
		sends(96)
	})
}
