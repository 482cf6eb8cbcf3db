package media

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestDrainBeforeConnected: Drain, called at once, waits for the path, the sources and the peer's report, so that Close
// right after it loses nothing, with a round trip of 400 ms.
func TestDrainBeforeConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 200 * time.Millisecond})
		audio, video := newSource(Audio, 10, 100), newSource(Video, 10, 9000)
		p.dial(t, []Source{audio, video}, nil, both, both)
		check(t, p.a.conn.Drain(t.Context()))
		p.close()
		wantFrames(t, "audio", p.b.sinkOf("0"), audio)
		wantFrames(t, "video", p.b.sinkOf("1"), video)
	})
}

// TestSinkThatFails: it is closed, its owner told, and the call goes on.
func TestSinkThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		full := errors.New("disk full")
		bad := &memorySink{}
		good := p.b.conn.cfg.Sink
		p.b.conn.cfg.Sink = func(i TrackInfo) Sink {
			if i.Kind == Audio {
				return bad
			}
			return good(i)
		}
		video := newSource(Video, 60, 100)
		p.dial(t, []Source{newSource(Audio, 100, 100), video}, nil, both, both)
		time.Sleep(time.Second)
		bad.mu.Lock()
		bad.fail = full
		bad.mu.Unlock()
		time.Sleep(3 * time.Second)
		if !bad.isClosed() || len(bad.all()) == 0 {
			t.Error("the sink was not closed")
		}
		p.b.await("the failure", func(e Event) bool { f, ok := e.(SinkFailed); return ok && f.MID == "0" && errors.Is(f.Err, full) })
		wantFrames(t, "video", p.b.sinkOf("1"), video)
	})
}

// TestStats: what is counted adds up on both sides, and the round trip is found.
func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 30 * time.Millisecond})
		if s := p.a.conn.Stats(); s.State != ConnNew || s.Local != "" || len(s.Sent) != 0 {
			t.Errorf("%+v", s)
		}
		video := newSource(Video, 90, 5000)
		video.keyEvery = 30
		p.dial(t, []Source{newSource(Audio, 100, 100), video}, nil, both, both)
		time.Sleep(6 * time.Second)
		a, b := p.a.conn.Stats(), p.b.conn.Stats()
		for i := range 2 {
			s, r := a.Sent[i], b.Received[i]
			if s.Frames != r.Frames || s.Frames != r.Opened || s.Packets != r.Packets || s.Bytes != r.Bytes || s.MID != r.MID || s.Lost != 0 {
				t.Errorf("sent %+v, received %+v", s, r)
			}
		}
		if a.Sent[1].KeyFrames != 3 || b.Received[1].KeyFrames != 3 {
			t.Errorf("key frames: %d sent, %d received", a.Sent[1].KeyFrames, b.Received[1].KeyFrames)
		}
		if a.RTT < 55*time.Millisecond || a.RTT > 65*time.Millisecond || a.Local != "host" || a.Remote != "host" {
			t.Errorf("%+v", a)
		}
		check(t, p.a.conn.SetICEServers([]ICEServer{{URLs: []string{"turn:1.1.1.1"}, Username: "u", Credential: "c"}}))
		if p.a.conn.SetICEServers([]ICEServer{{}}) == nil {
			t.Error("a server without URL was taken")
		}
	})
}

// TestPacketsOnTheWire: payload types as negotiated, timestamps that follow the frames' times, one marker per picture,
// and the playout-delay extension 0/0 on the first packet of each.
func TestPacketsOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		var mu sync.Mutex
		var sent []rtp.Packet
		video := newSource(Video, 20, 5000)
		p.dial(t, []Source{video}, nil, both, both)
		track := p.a.conn.sections[0].track
		track.mu.Lock()
		track.writer = tapWriter{track.writer, func(h *rtp.Header, b []byte) {
			mu.Lock()
			defer mu.Unlock()
			sent = append(sent, rtp.Packet{Header: h.Clone(), Payload: append([]byte(nil), b...)})
		}}
		track.mu.Unlock()
		time.Sleep(2 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		pictures, first := 0, true
		for i, k := range sent {
			d, ok := vp8Packing{}.head(k.Payload)
			if !ok || d.start != first || k.PayloadType != 96 || k.SequenceNumber != sent[0].SequenceNumber+uint16(i) {
				t.Fatalf("packet %d: %v %+v", i, k.Header, d)
			}
			delay := k.GetExtension(track.playout)
			if first && (len(delay) != 3 || delay[0]|delay[1]|delay[2] != 0) || !first && delay != nil {
				t.Errorf("packet %d: playout delay %x", i, delay)
			}
			if want := sent[0].Timestamp + uint32(ticks(time.Duration(pictures)*video.step, 90000)); k.Timestamp-want+1 > 2 {
				t.Errorf("picture %d: timestamp %d, want %d", pictures, k.Timestamp, want)
			}
			if first = k.Marker; first {
				pictures++
			}
			if size := k.MarshalSize(); size > 1200 {
				t.Errorf("packet of %d bytes", size)
			}
		}
		if pictures != video.count {
			t.Errorf("%d pictures", pictures)
		}
	})
}

type tapWriter struct {
	webrtc.TrackLocalWriter
	tap func(*rtp.Header, []byte)
}

func (w tapWriter) WriteRTP(h *rtp.Header, b []byte) (int, error) {
	w.tap(h, b)
	return w.TrackLocalWriter.WriteRTP(h, b)
}

// TestSendReceiveOnly: a call in which one side only sends and the other only receives, and one that carries messages
// alone.
func TestSendReceiveOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		audio, unwanted := newSource(Audio, 50, 100), newSource(Video, 50, 100)
		p.dial(t, []Source{audio, unwanted}, []Source{newSource(Audio, 50, 100)}, Kinds{}, Kinds{Audio: true})
		p.connected(t)
		time.Sleep(3 * time.Second)
		wantFrames(t, "audio", p.b.sinkOf("0"), audio)
		if unwanted.readSoFar() != 0 || len(p.a.sinks) != 0 || len(p.a.conn.Tracks()) != 0 || len(p.b.conn.Tracks()) != 1 {
			t.Error("something flowed that was not wanted")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		p.dial(t, nil, nil, Kinds{}, Kinds{})
		p.b.await("the channel", isA[ChannelOpen])
		check(t, p.b.conn.SendMessage([]byte("hello")))
		p.a.await("a message", func(e Event) bool { m, ok := e.(MessageReceived); return ok && string(m.Data) == "hello" })
	})
}

// TestRefusesOtherCodecs: a source in a codec without a rule for sealed frames is refused, not sent as it is.
func TestRefusesOtherCodecs(t *testing.T) {
	s, _ := ourOffer(t)
	other := &codecSource{newSource(Video, 1, 1)}
	fresh := newSide(t, Settings{LAN: true}, false, newVault(1), newVault(2))
	t.Cleanup(fresh.close)
	if _, err := fresh.conn.Offer([]Source{other}, both); !errors.Is(err, ErrCodec) {
		t.Errorf("%v", err)
	}
	if _, err := fresh.conn.Offer([]Source{newSource(Video, 1, 1)}, both); err != nil {
		t.Errorf("the connection is of no use after a refusal: %v", err)
	}
	_ = s
}

type codecSource struct{ *scriptSource }

func (codecSource) Track() TrackInfo { return TrackInfo{Kind: Video, Codec: "H265", ClockRate: 90000} }

// TestReplacedAtItsEnd: a source that is replaced in the moment in which it ends is not mistaken for the new one. The
// mutation that makes it fail: sourceEnded that does not look whose end it is.
func TestReplacedAtItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSide(t, Settings{LAN: true}, false, newVault(1), newVault(2))
		t.Cleanup(s.close)
		_, err := s.conn.Offer([]Source{newSource(Audio, 0, 1)}, both)
		check(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		snd := s.conn.sections[0].sender
		source, err := snd.pump(ctx)
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		check(t, taken(s.conn.ReplaceTrack(0, newSource(Audio, 1, 1))))
		if !snd.sourceEnded(ctx, source, err) || snd.quiet(true) || slices.ContainsFunc(s.seen(), isA[SourceEnded]) {
			t.Error("the new source is taken for the one that ended")
		}
	})
}
