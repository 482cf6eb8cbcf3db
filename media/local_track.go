package media

import (
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	burst      = 16               // packets of one picture that are sent at once, and
	burstPause = time.Millisecond // the pause after them: some 150 Mbit/s

	maxPayload       = 1160 // bytes of RTP payload of one video packet: fits an MTU of 1280 with everything around it
	maxSound         = 1400 // bytes of a sealed audio frame, which cannot be split: what the peer's readers take
	playoutDelayURI  = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
	transportWideURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

// A localTrack is the sending side of one media section. It exists for the life of the section, with or without a source,
// so that adding and removing tracks never changes an SSRC. Its sequence numbers and timestamps go on from one source to
// the next.
type localTrack struct {
	kind Kind
	id   string
	base uint32 // RTP timestamp of connection time 0
	red  bool   // Opus is to be sent redundantly

	mu      sync.Mutex // guards what binding sets; writing is done by one goroutine at a time
	rule    *rule      // the codec, for life once a source or the peer has decided it
	decided bool
	named   []string // the payload types in the peer's description: those to send with (RFC 3264, section 6.1)
	writer  webrtc.TrackLocalWriter
	header  rtp.Header
	playout uint8 // id of the playout-delay extension, 0 without

	picture uint16 // its number, 15 bits
	sent    int    // packets of the picture
	payload []byte // scratch

	packets, bytes atomic.Uint64
	lastSeq        atomic.Uint64 // extended; compared with what the peer reports
	lastTS         atomic.Uint32
	ssrc           atomic.Uint32
	inner          atomic.Uint32 // the payload type of Opus in redundant packets, which are sent; 0: plain ones are
	clockRate      atomic.Int64  // of the rule, for those who must not wait while a picture is sent
}

func newLocalTrack(kind Kind, id string, seq uint16, ts uint32) *localTrack {
	t := &localTrack{kind: kind, id: id, base: ts, rule: defaultRules[kind]}
	t.clockRate.Store(t.rule.rate)
	t.header = rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts}
	t.lastSeq.Store(uint64(seq) - 1)
	t.payload = make([]byte, 0, maxPacket)
	return t
}

var errNotBound = errors.New("media: section is not negotiated")

// take decides the codec, unless it was decided otherwise before.
func (t *localTrack) take(r *rule) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.decided && t.rule != r {
		return false
	}
	t.rule, t.decided = r, true
	t.clockRate.Store(r.rate)
	return true
}

// rate is the clock of its RTP timestamps. It never waits.
func (t *localTrack) rate() int64 { return t.clockRate.Load() }

// fits reports whether frames of a codec can be sent here.
func (t *localTrack) fits(r *rule) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.decided || t.rule == r
}

// Bind implements webrtc.TrackLocal. The payload type is the one of the negotiation, never our own idea of it. Where the
// peer does not take the codec, the layer below is told another one, which it cannot do without; nothing is sent then.
func (t *localTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	codec, ok := t.choose(ctx.CodecParameters())
	if !ok {
		return codec, ErrCodec
	}
	if ruleOfMIME(codec.MimeType) != t.rule {
		return codec, nil
	}
	t.writer, t.decided = ctx.WriteStream(), true
	t.header.PayloadType = uint8(codec.PayloadType)
	t.inner.Store(0)
	if pt, ok := redOf(ctx.CodecParameters(), codec.PayloadType); ok && t.names(pt) && t.red && t.rule.codec == Opus {
		t.header.PayloadType = uint8(pt)
		t.inner.Store(uint32(codec.PayloadType))
	}
	t.header.SSRC = uint32(ctx.SSRC())
	t.ssrc.Store(uint32(ctx.SSRC()))
	for _, ext := range ctx.HeaderExtensions() {
		if ext.URI == playoutDelayURI && t.kind == Video {
			t.playout = uint8(ext.ID)
		}
	}
	return codec, nil
}

// takesTypes takes note of the payload types that the peer's description names, and reports whether the track is bound to another.
// The layer below keeps all that ever were negotiated; a peer may name others when it is the one who offers.
func (t *localTrack) takesTypes(formats []string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.named = formats
	return t.writer != nil && !t.names(webrtc.PayloadType(t.header.PayloadType))
}

// names reports whether the peer's description names a payload type, or is not known. Called with mu held.
func (t *localTrack) names(pt webrtc.PayloadType) bool {
	return t.named == nil || slices.Contains(t.named, strconv.Itoa(int(pt)))
}

// choose finds the codec of the track among those negotiated, or takes the first one if nothing is decided: by the payload
// types that the peer names if it can. Called with mu held.
func (t *localTrack) choose(codecs []webrtc.RTPCodecParameters) (first webrtc.RTPCodecParameters, ok bool) {
	named := slices.DeleteFunc(slices.Clone(codecs), func(c webrtc.RTPCodecParameters) bool { return !t.names(c.PayloadType) })
	for _, codec := range append(named, codecs...) {
		r := ruleOfMIME(codec.MimeType)
		if r == t.rule {
			return codec, true
		}
		if r != nil && !r.red && !ok {
			first, ok = codec, true
		}
	}
	if ok && !t.decided {
		t.rule = ruleOfMIME(first.MimeType)
		t.clockRate.Store(t.rule.rate)
	}
	return first, ok
}

// Unbind implements webrtc.TrackLocal.
func (t *localTrack) Unbind(webrtc.TrackLocalContext) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writer = nil
	return nil
}

func (t *localTrack) ID() string                { return t.id }
func (t *localTrack) RID() string               { return "" }
func (t *localTrack) StreamID() string          { return "sotto" }
func (t *localTrack) Kind() webrtc.RTPCodecType { return t.kind.rtpKind() }

// send writes one laid-out frame as packets with timestamp ts.
func (t *localTrack) send(data []byte, ts uint32, key bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writer == nil {
		return errNotBound
	}
	t.header.Timestamp = ts
	t.sent = 0
	if t.kind == Audio {
		return t.write(data, true)
	}
	t.picture = (t.picture + 1) & 0x7fff
	return t.rule.packing.pack(t, data, key)
}

// fragment writes one packet of a picture: head, which lies in payload, and then data. last is the picture's end.
func (t *localTrack) fragment(head int, data []byte, last bool) error {
	if t.sent > 0 && t.sent%burst == 0 && !t.breathe() {
		return errNotBound
	}
	t.payload = append(t.payload[:head], data...)
	return t.write(t.payload, last)
}

// breathe lets the receivers on the way empty their sockets' buffers, of which many hold fewer packets than a large key
// frame has. It reports whether the track is still bound. Called with mu held.
func (t *localTrack) breathe() bool {
	t.mu.Unlock()
	<-time.After(burstPause)
	t.mu.Lock()
	return t.writer != nil
}

// playoutNow is the playout-delay extension's value for "no delay": minimum and maximum 0.
var playoutNow = []byte{0, 0, 0}

// write sends one packet. The header is ours again when the call returns: whoever keeps it copies it.
func (t *localTrack) write(payload []byte, last bool) error {
	t.header.Marker = last && t.kind == Video
	t.header.Extension, t.header.Extensions = false, t.header.Extensions[:0]
	if t.sent == 0 && t.playout != 0 {
		if err := t.header.SetExtension(t.playout, playoutNow); err != nil {
			return err
		}
	}
	_, err := t.writer.WriteRTP(&t.header, payload)
	t.sent++
	t.lastSeq.Add(1)
	t.lastTS.Store(t.header.Timestamp)
	t.header.SequenceNumber++
	t.packets.Add(1)
	t.bytes.Add(uint64(len(payload)))
	return err
}
