package media

import (
	"errors"
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

	mu      sync.Mutex // guards what binding sets; writing is done by one goroutine at a time
	writer  webrtc.TrackLocalWriter
	header  rtp.Header
	playout uint8 // id of the playout-delay extension, 0 without

	picture uint16
	payload []byte // scratch

	packets, bytes atomic.Uint64
	lastSeq        atomic.Uint64 // extended; compared with what the peer reports
	lastTS         atomic.Uint32
	ssrc           atomic.Uint32
}

func newLocalTrack(kind Kind, id string, seq uint16, ts uint32) *localTrack {
	t := &localTrack{kind: kind, id: id, base: ts}
	t.header = rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: ts}
	t.lastSeq.Store(uint64(seq) - 1)
	t.payload = make([]byte, 0, maxPacket)
	return t
}

// rate is the clock of the RTP timestamps, fixed by the codecs that are carried.
func (k Kind) rate() int64 {
	if k == Audio {
		return 48000
	}
	return 90000
}

func (k Kind) codec() Codec {
	if k == Audio {
		return Opus
	}
	return VP8
}

func (k Kind) mime() string {
	if k == Audio {
		return webrtc.MimeTypeOpus
	}
	return webrtc.MimeTypeVP8
}

func (k Kind) rtpKind() webrtc.RTPCodecType {
	if k == Audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

var errNotBound = errors.New("media: section is not negotiated")

// Bind implements webrtc.TrackLocal. The payload type is the one of the negotiation, never our own idea of it.
func (t *localTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range ctx.CodecParameters() {
		if codec.MimeType != t.kind.mime() {
			continue
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.writer = ctx.WriteStream()
		t.header.PayloadType = uint8(codec.PayloadType)
		t.header.SSRC = uint32(ctx.SSRC())
		t.ssrc.Store(uint32(ctx.SSRC()))
		for _, ext := range ctx.HeaderExtensions() {
			if ext.URI == playoutDelayURI && t.kind == Video {
				t.playout = uint8(ext.ID)
			}
		}
		return codec, nil
	}
	return webrtc.RTPCodecParameters{}, ErrCodec
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
func (t *localTrack) send(data []byte, ts uint32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writer == nil {
		return errNotBound
	}
	t.header.Timestamp = ts
	if t.kind == Audio {
		return t.write(data, false, true)
	}
	t.picture++
	for n, first := 0, true; len(data) > 0; n, first = n+1, false {
		if n > 0 && n%burst == 0 && !t.breathe() {
			return errNotBound
		}
		n := min(len(data), maxPayload-vp8DescriptorSize)
		t.payload = t.payload[:vp8DescriptorSize]
		putVP8Descriptor(t.payload, t.picture&0x7fff, first)
		t.payload = append(t.payload, data[:n]...)
		data = data[n:]
		if err := t.write(t.payload, first, len(data) == 0); err != nil {
			return err
		}
	}
	return nil
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
func (t *localTrack) write(payload []byte, first, marker bool) error {
	t.header.Marker = marker && t.kind == Video
	t.header.Extension, t.header.Extensions = false, t.header.Extensions[:0]
	if first && t.playout != 0 {
		if err := t.header.SetExtension(t.playout, playoutNow); err != nil {
			return err
		}
	}
	_, err := t.writer.WriteRTP(&t.header, payload)
	t.lastSeq.Add(1)
	t.lastTS.Store(t.header.Timestamp)
	t.header.SequenceNumber++
	t.packets.Add(1)
	t.bytes.Add(uint64(len(payload)))
	return err
}
