package media

import (
	"time"

	"github.com/pion/rtcp"
)

const (
	pliFirst = 400 * time.Millisecond // between two requests for a key frame
	pliLast  = 3 * time.Second        // when none ever comes
)

// A keyRequest limits how often a key frame is asked for. need is set by whoever wants one and cleared by its arrival.
type keyRequest struct {
	need bool
	next time.Time // not before
	gap  time.Duration
}

// due reports whether to ask now, and counts on being obeyed.
func (k *keyRequest) due(now time.Time) bool {
	if !k.need || now.Before(k.next) {
		return false
	}
	if now.Sub(k.next) > pliLast {
		k.gap = 0 // long ago
	}
	k.gap = min(max(2*k.gap, pliFirst), pliLast)
	k.next = now.Add(k.gap)
	return true
}

// wantKey notes that the next thing to ask for is a key frame; every frame of audio is one.
func (r *receiver) wantKey() { r.wanted.need = r.info.Kind == Video }

// askKey sends a PLI.
func (r *receiver) askKey() {
	ssrc := r.remote.ssrcNow()
	if ssrc == 0 {
		return
	}
	r.stats.plis.Add(1)
	r.conn.writeRTCP(&rtcp.PictureLossIndication{SenderSSRC: r.conn.ownSSRC(), MediaSSRC: ssrc})
}

// askAgain sends a NACK for the packets with these sequence numbers, which come from the highest down.
func (r *receiver) askAgain(missing []uint16) {
	if len(missing) == 0 {
		return
	}
	r.stats.nacks.Add(uint64(len(missing)))
	ascending := make([]uint16, len(missing))
	for i, s := range missing {
		ascending[len(missing)-1-i] = s
	}
	r.conn.writeRTCP(&rtcp.TransportLayerNack{
		SenderSSRC: r.conn.ownSSRC(),
		MediaSSRC:  r.remote.ssrcNow(),
		Nacks:      rtcp.NackPairsFromSequenceNumbers(ascending),
	})
}
