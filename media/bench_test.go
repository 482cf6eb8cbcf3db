package media

import (
	"context"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

// nowhere takes packets and forgets them.
type nowhere struct {
	webrtc.TrackLocalWriter
	packets int
}

func (n *nowhere) WriteRTP(_ *rtp.Header, b []byte) (int, error) { n.packets++; return len(b), nil }

// bench is a sender of 4 kB pictures to nowhere.
func bench(t testing.TB) (*sender, *nowhere, Frame) { return benchIn(t, VP8) }

// benchIn is the same for any codec.
func benchIn(t testing.TB, codec Codec) (*sender, *nowhere, Frame) {
	kind := ruleOf(codec).kind
	source := newSource(kind, 1, 1)
	source.codec = codec
	s := newSide(t, Settings{LAN: true}, false, newVault(1), newVault(2))
	t.Cleanup(s.close)
	_, err := s.conn.Offer([]Source{source}, both)
	check(t, err)
	to := s.conn.sections[0].sender
	out := &nowhere{}
	to.track.writer, to.track.playout = out, 1
	to.clock.reported = true
	f := Frame{Data: make([]byte, 4166), Key: true}
	switch {
	case kind == Audio:
		f.Data = f.Data[:120]
	case codec == H264:
		f.Data = h264Frame(1, 2700, true)
	}
	return to, out, f
}

// TestSendingAllocatesNothing per frame, sealing included.
func TestSendingAllocatesNothing(t *testing.T) {
	for _, codec := range append(codecsOf(Audio), codecsOf(Video)...) {
		s, _, f := benchIn(t, codec)
		ctx := context.Background()
		s.frame(ctx, f)
		if n := testing.AllocsPerRun(100, func() { s.frame(ctx, f) }); n > 1 { // the test sealer's nonce
			t.Errorf("%s: %v allocations a frame", codec, n)
		}
		s.sealer = &fixedSFrame{sframe: make([]byte, 4000)}
		s.frame(ctx, f)
		if n := testing.AllocsPerRun(100, func() { s.frame(ctx, f) }); n > 0 {
			t.Errorf("%s: %v allocations a frame for its layout and its packets", codec, n)
		}
	}
}

// BenchmarkSendIn is what a picture of some 4 kB costs in each codec before SRTP.
func BenchmarkSendIn(b *testing.B) {
	for _, codec := range codecsOf(Video) {
		b.Run(string(codec), func(b *testing.B) {
			s, out, f := benchIn(b, codec)
			b.ReportAllocs()
			b.SetBytes(int64(len(f.Data)))
			ctx := context.Background()
			for b.Loop() {
				s.frame(ctx, f)
			}
			perPacket(b, out.packets)
		})
	}
}

// BenchmarkSend is what a picture of 4 kB costs before SRTP: sealed, and packed by pion's packetizer without sealing.
func BenchmarkSend(b *testing.B) {
	b.Run("sealed", func(b *testing.B) {
		s, out, f := bench(b)
		b.ReportAllocs()
		ctx := context.Background()
		for b.Loop() {
			s.frame(ctx, f)
		}
		perPacket(b, out.packets)
	})
	b.Run("bare", func(b *testing.B) {
		packer := rtp.NewPacketizerWithOptions(1200, &codecs.VP8Payloader{}, rtp.NewRandomSequencer(), 90000)
		out := &nowhere{}
		data := make([]byte, 4166)
		b.ReportAllocs()
		for b.Loop() {
			for _, p := range packer.Packetize(data, 3000) {
				if _, err := out.WriteRTP(&p.Header, p.Payload); err != nil {
					b.Fatal(err)
				}
			}
		}
		perPacket(b, out.packets)
	})
}

// BenchmarkReceive is what a picture of 4 kB costs after SRTP, opened and not.
func BenchmarkReceive(b *testing.B) {
	for _, sealed := range []bool{true, false} {
		name := map[bool]string{true: "sealed", false: "bare"}[sealed]
		b.Run(name, func(b *testing.B) {
			r := aloneReceiver(b, Video)
			r.opener = &testOpener{v: newVault(1)}
			r.conn.cfg.Sink = func(TrackInfo) Sink { return nil }
			s, _, f := bench(b)
			var wire [][]byte
			s.track.writer = tapWriter{&nowhere{}, func(h *rtp.Header, payload []byte) {
				raw, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
				check(b, err)
				wire = append(wire, raw)
			}}
			s.frame(b.Context(), f)
			b.ReportAllocs()
			seq, packets := uint16(0), 0
			var h rtp.Header
			for b.Loop() {
				now := time.Now()
				for _, raw := range wire {
					p := r.frames.take()
					n := copy(p.buf[:], raw)
					seq++
					p.buf[2], p.buf[3] = byte(seq>>8), byte(seq)
					r.packet(p, n, &h, false, now)
					packets++
				}
				if sealed {
					r.work(now)
					continue
				}
				if f, ok := r.frames.pop(now, waitLeast); ok {
					_ = append([]byte(nil), f.data...)
				}
			}
			perPacket(b, packets)
		})
	}
}

func perPacket(b *testing.B, packets int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
}
