package media

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"
)

// Opus frames may be sent in pairs and more, the new one behind copies of those before it (audio/red, RFC 2198). The
// whole payload is one SFrame. The copies fill in for packets that were lost.

const (
	maxCopies = 8       // in one packet; more are refused
	maxBlock  = 1 << 10 // bytes of a copy, below
	maxBack   = 1 << 14 // ticks that a copy may be older, below
	maxPair   = 1200    // bytes of a frame and its copy: no packet of sound becomes too large by it
)

// A redBlock is a copy of an earlier frame.
type redBlock struct {
	data []byte
	back uint32 // ticks before the new one
}

// A redPayload is the new frame and the copies, oldest first.
type redPayload struct {
	primary []byte
	copies  [maxCopies]redBlock
	count   int
}

// parseRED takes an opened payload apart. It reports false if it makes no sense; nothing is copied.
func parseRED(b []byte) (p redPayload, ok bool) {
	var sizes [maxCopies]int
	for {
		if len(b) == 0 {
			return p, false
		}
		if b[0]&0x80 == 0 {
			b = b[1:]
			break
		}
		if len(b) < 4 || p.count == maxCopies {
			return p, false
		}
		p.copies[p.count].back = uint32(b[1])<<6 | uint32(b[2])>>2
		sizes[p.count] = int(b[2]&3)<<8 | int(b[3])
		p.count++
		b = b[4:]
	}
	for i, size := range sizes[:p.count] {
		if size > len(b) {
			return p, false
		}
		p.copies[i].data, b = b[:size:size], b[size:]
	}
	p.primary = b
	return p, len(b) > 0
}

// since are the copies of frames after the one with timestamp last, at most so many, oldest first.
func (p *redPayload) since(ts, last uint32, most int) []redBlock {
	n := 0
	for _, c := range p.copies[:p.count] {
		if age := int32(ts - c.back - last); c.back > 0 && len(c.data) > 0 && age > 0 && (n == 0 || c.back < p.copies[n-1].back) {
			p.copies[n] = c
			n++
		}
	}
	return p.copies[max(0, n-most):n]
}

// deliverRED delivers the new frame of an opened payload, and before it copies of frames that are missing.
func (r *receiver) deliverRED(f wholeFrame, plain []byte, at time.Duration) {
	p, ok := parseRED(plain)
	if !ok {
		r.failed(FailMalformed, f.missing)
		return
	}
	missing := r.lost + f.missing
	if r.prompt { // what was lost is not known yet: the sink knows a frame that it has
		missing = p.count
	}
	if r.opened && missing > 0 {
		copies := p.since(f.ts, r.lastTS, missing)
		missing -= len(copies)
		for _, c := range copies {
			r.stats.restored.Add(1)
			r.hand(Frame{Data: c.data, Time: max(at-span(int64(c.back), f.rule.rate), 0), Key: true, Missing: missing})
			missing = 0
		}
	}
	r.deliver(Frame{Data: p.primary, Time: at, Key: true, Missing: missing})
}

// A redWriter puts each frame behind a copy of the one before it.
type redWriter struct {
	last    []byte
	at      uint32 // its timestamp
	payload []byte
}

// wrap returns the payload for a frame; it is good until the next call. inner is the payload type of Opus.
func (w *redWriter) wrap(frame []byte, ts uint32, inner uint8) []byte {
	w.payload = w.payload[:0]
	if n, back := len(w.last), ts-w.at; 0 < n && n < maxBlock && 0 < back && back < maxBack && n+len(frame) <= maxPair {
		w.payload = append(w.payload, 0x80|inner, byte(back>>6), byte(back<<2)|byte(n>>8), byte(n), inner)
		w.payload = append(w.payload, w.last...)
	} else {
		w.payload = append(w.payload, inner)
	}
	w.last, w.at = append(w.last[:0], frame...), ts
	w.payload = append(w.payload, frame...)
	return w.payload
}

// redOf finds the redundant format of nothing but Opus with this payload type among those negotiated.
func redOf(codecs []webrtc.RTPCodecParameters, inner webrtc.PayloadType) (webrtc.PayloadType, bool) {
	for _, c := range codecs {
		if !strings.EqualFold(c.MimeType, mimeRED) {
			continue
		}
		blocks := strings.Split(c.SDPFmtpLine, "/")
		if len(blocks) > 1 && !slices.ContainsFunc(blocks, func(b string) bool { return b != strconv.Itoa(int(inner)) }) {
			return c.PayloadType, true
		}
	}
	return 0, false
}
