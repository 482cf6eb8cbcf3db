package media

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/sotto-calls/sotto/internal/sim"
)

// h264Frame is access unit n: on a key frame with parameter sets, the picture in three slices, one NAL unit behind a short
// start code.
func h264Frame(n, size int, key bool) []byte {
	r := rand.New(rand.NewPCG(264, uint64(n)))
	var b []byte
	nal := func(code string, head ...byte) {
		b = append(append(b, code...), head...)
		for range 8 + r.IntN(size*2/3) {
			b = append(b, byte(1+r.IntN(255)))
		}
	}
	kind, first := byte(0x41), byte(0x9a) // first_mb 0, slice type 5, parameter set 0
	if key {
		b = append(b, "\x00\x00\x00\x01\x67\x42\xe0\x1f\xda\x02\x80\xf6\x80"...)
		b = append(b, "\x00\x00\x00\x01\x68\xce\x3c\x80"...)
		kind, first = 0x65, 0x88 // slice type 7; the parameter set is in the next byte
	}
	nal("\x00\x00\x00\x01", kind, first, 0x84)
	nal("\x00\x00\x01", kind, 0x22)
	nal("\x00\x00\x00\x01", kind, 0x23, byte(n)|1, byte(n>>7)|1)
	return b
}

// wantSubsequence checks that what came is part of what was sent, in order and byte for byte, key frames known as such,
// and that losses are declared. It returns how many frames came.
func wantSubsequence(t *testing.T, sink *memorySink, src *scriptSource) int {
	t.Helper()
	got, next := sink.all(), 0
	for i, f := range got {
		from := next
		for ; next < src.count; next++ {
			if bytes.Equal(src.data(next, f.Key), f.Data) {
				break
			}
		}
		if next == src.count {
			t.Fatalf("%s: frame %d of those that came was never sent, or is out of order", src.codec, i)
		}
		if i > 0 && (next > from) != (f.Missing > 0) {
			// A key frame of H264 opens without its readable parameter sets, which are copies (layout_h264.go). What is lost of
			// these could as well have been a picture: H264 does not number them, and one is declared.
			if next > from || src.codec != H264 || !f.Key || f.Missing != 1 {
				t.Errorf("%s: before frame %d %d are missing, %d declared", src.codec, next, next-from, f.Missing)
			}
		}
		if src.keyEvery < 1<<20 && f.Key != (next%src.keyEvery == 0) && src.forced == 0 {
			t.Errorf("%s: frame %d: key %v", src.codec, next, f.Key)
		}
		next++
	}
	return len(got)
}

func newVideo(codec Codec, count, size int) *scriptSource {
	s := newSource(Video, count, size)
	s.codec, s.keyEvery = codec, 30
	return s
}

// TestCallInEveryCodec: both ways at once in two codecs, lossless to the last frame, and each side is told what comes.
func TestCallInEveryCodec(t *testing.T) {
	all := codecsOf(Video)
	for i, codec := range all {
		synctest.Test(t, func(t *testing.T) {
			w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
			there, back := newVideo(codec, 150, 4000), newVideo(all[(i+1)%len(all)], 120, 9000)
			p.dial(t, []Source{there}, []Source{back}, both, both)
			p.connected(t)
			time.Sleep(7 * time.Second)
			tracks := [][]TrackInfo{p.b.conn.Tracks(), p.a.conn.Tracks()}
			p.close()
			w.Close()
			for j, c := range []struct {
				sink *memorySink
				src  *scriptSource
			}{{p.b.sinkOf("0"), there}, {p.a.sinkOf("0"), back}} {
				if n := wantSubsequence(t, c.sink, c.src); n != c.src.count {
					t.Errorf("%s: %d of %d frames", c.src.codec, n, c.src.count)
				}
				if got := tracks[j][0].Codec; got != c.src.codec {
					t.Errorf("a track of %s is said to be %s", c.src.codec, got)
				}
			}
		})
	}
}

// TestLossIsRepairedInEveryCodec at 3 % loss; and where half is lost, what comes is still what was sent.
func TestLossIsRepairedInEveryCodec(t *testing.T) {
	for _, codec := range codecsOf(Video) {
		synctest.Test(t, func(t *testing.T) {
			w, p := simPair(t, sim.Link{OneWay: 40 * time.Millisecond, Loss: 0.03, Seed: 3})
			src := newVideo(codec, 1500, 4000)
			p.dial(t, []Source{src}, nil, Kinds{}, both)
			p.connected(t)
			time.Sleep(32 * time.Second)
			healed := len(p.b.sinkOf("0").all())
			w.SetLoss(0.5)
			time.Sleep(2 * time.Second)
			w.SetLoss(0)
			time.Sleep(20 * time.Second)
			stats := p.b.conn.Stats().Received[0]
			p.close()
			w.Close()
			n := wantSubsequence(t, p.b.sinkOf("0"), src)
			t.Logf("%s: %d frames in 32 s, %d of %d in all; %+v", codec, healed, n, src.count, stats)
			if healed < 32*30-40 || n < src.count-70 || n == src.count || stats.Recovered == 0 || stats.FailedSum() > 2 {
				t.Errorf("%s: %d frames in 32 s, %d of %d in all; %+v", codec, healed, n, src.count, stats)
			}
		})
	}
}

// TestPreference: the order is the offerer's; what is not on its list is refused, and the owner is told.
func TestPreference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: time.Millisecond})
		p := newPair(t, Settings{Net: w.Host("1.2.3.4"), VideoCodecs: []Codec{AV1, VP8}}, Settings{Net: w.Host("1.2.3.5")})
		src := newVideo(VP9, 30, 1000)
		offer, err := p.a.conn.Offer(nil, both)
		check(t, err)
		if _, err := p.a.conn.AddTrack(newVideo(VP9, 1, 1)); err == nil {
			t.Error("took a source that Settings exclude")
		}
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), []Source{src}, both)
		check(t, err)
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		if !strings.Contains(offer, "AV1/90000") || strings.Contains(offer, "VP9/90000") || strings.Contains(answer, "VP9/90000") {
			t.Errorf("%s\n%s", offer, answer)
		}
		p.b.await("the source's end", func(e Event) bool {
			s, ok := e.(SourceEnded)
			return ok && errors.Is(s.Err, ErrCodec) && strings.Contains(s.Err.Error(), "AV1 VP8")
		})
		if p.b.conn.Untaken() {
			t.Error("a codec that the peer lacks is asked for again")
		}
	})
}

// TestNoCodecInCommon: what has none of our codecs is refused before anything is changed, and the error says what both
// sides have; a description that has one is still taken afterwards. The mutation that makes it fail: parseDescription that
// is given all rules; in the last case formatNames that takes any rtpmap of a format.
func TestNoCodecInCommon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: time.Millisecond})
		only := func(ip string, codecs ...Codec) Settings { return Settings{Net: w.Host(ip), VideoCodecs: codecs} }
		p := newPair(t, only("1.2.3.4", VP8, H264), only("1.2.3.5", H264))
		offer, err := p.a.conn.Offer(nil, both)
		check(t, err)
		refused := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, ErrCodec) || !strings.Contains(err.Error(), "VP8/90000") || !strings.Contains(err.Error(), "[H264]") {
				t.Errorf("%s: %v", what, err)
			}
		}
		for what, lacking := range map[string]string{
			"without H264":     strings.ReplaceAll(offer, "H264/90000", "H265/90000"),
			"H264 said second": strings.ReplaceAll(offer, "a=rtpmap:102 H264", "a=rtpmap:102 VP9/90000\r\na=rtpmap:102 H264"),
		} {
			for range 2 {
				_, err := p.b.conn.Answer(lacking, p.a.cert.Fingerprint(), []Source{newVideo(H264, 1, 1)}, both)
				refused(what, err)
			}
		}
		if n := len(p.b.conn.Streams()); n != 0 {
			t.Errorf("%d streams of offers that were refused", n)
		}
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))

		q := newPair(t, only("1.2.3.6", H264), only("1.2.3.7", H264))
		offer, err = q.a.conn.Offer(nil, both)
		check(t, err)
		answer, err = q.b.conn.Answer(offer, q.a.cert.Fingerprint(), nil, both)
		check(t, err)
		refused("an answer", q.a.conn.Accept(strings.ReplaceAll(answer, "H264/90000", "VP8/90000"), q.b.cert.Fingerprint()))
		check(t, q.a.conn.Accept(answer, q.b.cert.Fingerprint()))
	})
}

// TestSecondCodec: another camera of another codec gets a section of its own; a stream keeps its codec.
func TestSecondCodec(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
		first, second := newVideo(VP8, 60, 1000), newVideo(AV1, 60, 1000)
		p.dial(t, []Source{first}, nil, both, both)
		p.connected(t)
		time.Sleep(3 * time.Second)
		if err := taken(p.a.conn.ReplaceTrack(1, newVideo(AV1, 1, 1))); !errors.Is(err, ErrCodec) {
			t.Errorf("replaced by another codec: %v", err)
		}
		check(t, taken(p.a.conn.RemoveTrack(1)))
		info, err := p.a.conn.AddTrack(second)
		check(t, err)
		describe(t, p.a, p.b, false, all)
		time.Sleep(3 * time.Second)
		p.close()
		w.Close()
		if info.Codec != AV1 || wantSubsequence(t, p.b.sinkOf("0"), first) != 60 || wantSubsequence(t, p.b.sinkOf(info.MID), second) != 60 {
			t.Errorf("%+v: %d frames", info, len(p.b.sinkOf(info.MID).all()))
		}
	})
}

// TestRED: a peer that sends Opus in redundant blocks is understood, and what is lost is restored.
func TestRED(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 200 * time.Millisecond}) // too far for repairs in time
		src := &redSource{scriptSource: newSource(Audio, 500, 100)}
		p.dial(t, []Source{src}, nil, both, both)
		track := p.a.conn.sections[0].track
		track.mu.Lock()
		track.header.PayloadType = uint8(rules[1].pt)
		n := 0
		track.writer = dropping{track.writer, func() bool { n++; return n%10 == 7 || n%10 == 8 }}
		track.mu.Unlock()
		p.connected(t)
		time.Sleep(12 * time.Second)
		stats := p.b.conn.Stats().Received[0]
		p.close()
		w.Close()
		got := p.b.sinkOf("0").all()
		for i, f := range got {
			if !bytes.Equal(f.Data, frameData(Audio, i, src.size)) || f.Missing != 0 || f.Time-got[0].Time != time.Duration(i)*src.step {
				t.Fatalf("frame %d at %v, %d missing", i, f.Time, f.Missing)
			}
		}
		if len(got) != src.count || stats.Restored != 100 || stats.Codec != Opus {
			t.Errorf("%d frames; %+v", len(got), stats)
		}
	})
}

// TestREDSent: who wishes it sends each frame twice, and single losses do not show. The mutation that makes it fail: send
// the copy of the frame itself, not of the one before.
func TestREDSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: 200 * time.Millisecond})
		p := newPair(t, Settings{Net: w.Host("1.2.3.4"), RED: true}, Settings{Net: w.Host("1.2.3.5")})
		p.oneWay, p.net = 200*time.Millisecond, w
		src, back := newSource(Audio, 500, 100), newSource(Audio, 500, 100)
		p.dial(t, []Source{src}, []Source{back}, both, both)
		p.connected(t)
		track := p.a.conn.sections[0].track
		track.mu.Lock()
		n := 0
		track.writer = dropping{track.writer, func() bool { n++; return n%10 == 7 }}
		track.mu.Unlock()
		time.Sleep(12 * time.Second)
		to, from := p.b.conn.Stats().Received[0], p.a.conn.Stats().Received[0]
		p.close()
		w.Close()
		wantFrames(t, "with copies", p.b.sinkOf("0"), src)
		wantFrames(t, "without", p.a.sinkOf("0"), back)
		if to.Restored < 45 || to.Restored > 50 || from.Restored != 0 || to.Bytes < 3*from.Bytes/2 {
			t.Errorf("%+v, and without copies %+v", to, from)
		}
	})
}

// A redSource puts each frame behind copies of the two before it.
type redSource struct{ *scriptSource }

func (s *redSource) Read(ctx context.Context) (Frame, error) {
	f, err := s.scriptSource.Read(ctx)
	if err != nil {
		return f, err
	}
	n := int(f.Time / s.step)
	var head, blocks []byte
	for back := min(n, 2); back > 0; back-- {
		old := frameData(Audio, n-back, s.size)
		offset := 960 * back
		head = append(head, 0x80|111, byte(offset>>6), byte(offset<<2)|byte(len(old)>>8), byte(len(old)))
		blocks = append(blocks, old...)
	}
	f.Data = append(append(append(head, 111), blocks...), f.Data...)
	return f, nil
}

// dropping loses packets after they were numbered, and so that no repair has them either.
type dropping struct {
	webrtc.TrackLocalWriter
	lose func() bool
}

func (d dropping) WriteRTP(h *rtp.Header, b []byte) (int, error) {
	if d.lose() {
		return len(b), nil
	}
	return d.TrackLocalWriter.WriteRTP(h, b)
}

// TestWireOfEveryCodec: beneath SRTP, what is readable is what docs/design/06-codec-layouts.md allows, to the byte, and no 16
// bytes in a row of the rest of any frame are on the wire.
func TestWireOfEveryCodec(t *testing.T) {
	for _, codec := range codecsOf(Video) {
		synctest.Test(t, func(t *testing.T) {
			w, p := simPair(t, sim.Link{OneWay: time.Millisecond})
			var mu sync.Mutex
			var clear, sealed [][]byte
			open := p.b.conn.cfg.Open
			p.b.conn.cfg.Open = func(mid string) Opener { return spy{open(mid), &mu, &clear, &sealed} }
			src := newVideo(codec, 60, 3000)
			p.dial(t, []Source{src}, nil, Kinds{}, both)
			var wire []rtp.Packet
			track := p.a.conn.sections[0].track
			track.mu.Lock()
			track.writer = tapWriter{track.writer, func(h *rtp.Header, b []byte) {
				mu.Lock()
				defer mu.Unlock()
				wire = append(wire, rtp.Packet{Header: h.Clone(), Payload: bytes.Clone(b)})
			}}
			track.mu.Unlock()
			p.connected(t)
			time.Sleep(3 * time.Second)
			p.close()
			w.Close()
			if len(sealed) != src.count {
				t.Fatalf("%s: %d sealed frames came", codec, len(sealed))
			}
			pictures := slices.Collect(byTimestamp(wire))
			for i, s := range sealed {
				key := i%30 == 0
				if want := wantClear(codec, src.data(i, key), key); !bytes.Equal(clear[i], want) {
					t.Fatalf("%s: frame %d: clear bytes %x, want %x", codec, i, clear[i], want)
				}
				wantWire(t, codec, pictures[i], clear[i], s, key)
				hidden := src.data(i, key)
				for j := 40; j+16 <= len(hidden); j++ {
					if bytes.Contains(s, hidden[j:j+16]) {
						t.Fatalf("%s: frame %d travels readable", codec, i)
					}
				}
			}
		})
	}
}

// byTimestamp cuts packets into pictures.
func byTimestamp(wire []rtp.Packet) func(func([]rtp.Packet) bool) {
	return func(yield func([]rtp.Packet) bool) {
		for len(wire) > 0 {
			n := 1
			for n < len(wire) && wire[n].Timestamp == wire[0].Timestamp {
				n++
			}
			if !yield(wire[:n]) {
				return
			}
			wire = wire[n:]
		}
	}
}

// wantClear is what is authenticated beside a frame.
func wantClear(codec Codec, frame []byte, key bool) []byte {
	switch {
	case codec == VP8 && key:
		return []byte{0}
	case codec == VP8:
		return []byte{1}
	case codec == AV1:
		return []byte{0x30}
	case codec == H264 && key:
		return []byte{0x65, 0x88, frame[bytes.Index(frame, []byte{0x65, 0x88})+2]}
	case codec == H264:
		return []byte{0x41, 0x9a}
	}
	return nil
}

// wantWire takes the packets of a picture apart by hand: descriptor, clear bytes and SFrame are all there is.
func wantWire(t *testing.T, codec Codec, packets []rtp.Packet, clear, sealed []byte, key bool) {
	t.Helper()
	var got []byte
	for i, p := range packets {
		first, last, b := i == 0, i == len(packets)-1, p.Payload
		if p.Marker != last || len(b) > maxPayload {
			t.Fatalf("%s: packet %d of %d: marker %v, %d bytes", codec, i, len(packets), p.Marker, len(b))
		}
		bit := func(on bool, v byte) byte {
			if on {
				return v
			}
			return 0
		}
		var head []byte
		switch codec {
		case VP8:
			head = []byte{0x80 | bit(first, 0x10), 0x80, b[2], b[3]}
		case VP9:
			head = []byte{0x90 | bit(!key, 0x40) | bit(first, 8) | bit(last, 4), b[1] | 0x80, b[2], 2}
			head = head[:len(head)-int(bit(key, 1))]
		case AV1:
			head = []byte{0x10 | bit(!first, 0x80) | bit(!last, 0x40) | bit(first && key, 8)}
		case H264:
			if key && i < 2 {
				want := []string{"\x67\x42\xe0\x1f\xda\x02\x80\xf6\x80", "\x68\xce\x3c\x80"}[i]
				if string(b) != want {
					t.Fatalf("parameter set %x", b)
				}
				continue
			}
			if at, sets := i-2*int(bit(key, 1)), 2*int(bit(key, 1)); len(packets) > sets+1 {
				head = []byte{clear[0]&0xe0 | 28, clear[0]&0x1f | bit(at == 0, 0x80) | bit(last, 0x40)}
				if at == 0 {
					got = append(got, clear[0])
				}
			}
		}
		if !bytes.HasPrefix(b, head) {
			t.Fatalf("%s: packet %d of %d begins with %x, want %x", codec, i, len(packets), b[:len(head)], head)
		}
		got = append(got, b[len(head):]...)
	}
	want := append(bytes.Clone(clear), sealed...)
	if codec == H264 {
		want = append(appendEscaped(bytes.Clone(clear), len(clear), sealed), 0x80)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: something else travels than %d clear bytes and the SFrame", codec, len(clear))
	}
}
