//go:build unix

package media

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	wmedia "github.com/pion/webrtc/v4/pkg/media"
)

// A cost is what some calls used while they ran.
type cost struct {
	cpu    time.Duration
	heap   uint64
	frames int64
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure lets calls run for a while and says what that took. frames counts what arrived.
func measure(d time.Duration, frames *atomic.Int64) cost {
	<-time.After(time.Second)
	before, count := cpuTime(), frames.Load()
	<-time.After(d)
	c := cost{cpu: cpuTime() - before, frames: frames.Load() - count}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.heap = m.HeapAlloc
	return c
}

// A steadySource is a camera of 1 Mbit/s or Opus at 32 kbit/s without the cost of making frames.
type steadySource struct {
	kind  Kind
	step  time.Duration
	start time.Time
	data  []byte
	n     int
}

func newSteady(kind Kind) *steadySource {
	s := &steadySource{kind: kind, step: 20 * time.Millisecond, data: make([]byte, 80)}
	if kind == Video {
		s.step, s.data = time.Second/30, make([]byte, 1_000_000/8/30)
	}
	return s
}

func (s *steadySource) Track() TrackInfo { return trackInfo(defaultRules[s.kind], "") }

func (s *steadySource) Read(ctx context.Context) (Frame, error) {
	if s.start.IsZero() {
		s.start = time.Now()
	}
	s.n++ // a busy machine makes a frame late and loses none
	timer := time.NewTimer(time.Until(s.start.Add(time.Duration(s.n) * s.step)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return Frame{Data: s.data, Time: time.Duration(s.n) * s.step, Key: s.kind == Audio || s.n == 1}, nil
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

func (s *steadySource) Close() error { return nil }

type countingSink struct{ n *atomic.Int64 }

func (s countingSink) WriteFrame(Frame) error { s.n.Add(1); return nil }
func (s countingSink) Close() error           { return nil }

// ours runs calls of this package, with sealing.
func ours(t testing.TB, calls int, d time.Duration) cost {
	var frames atomic.Int64
	var pairs []*pair
	for range calls {
		settings := Settings{Loopback: true}
		va, vb := newVault(1), newVault(2)
		p := &pair{a: newSide(t, settings, false, va, vb), b: newSide(t, settings, true, vb, va)}
		for _, s := range []*side{p.a, p.b} {
			s.conn.cfg.Sink = func(TrackInfo) Sink { return countingSink{&frames} }
		}
		p.dial(t, []Source{newSteady(Audio), newSteady(Video)}, []Source{newSteady(Audio), newSteady(Video)}, both, both)
		p.connected(t)
		pairs = append(pairs, p)
	}
	c := measure(d, &frames)
	for _, p := range pairs {
		p.close()
	}
	return c
}

// bare runs the same media over bare PeerConnections, stock or alike, with the reorder buffer of this package.
func bare(t testing.TB, end func(testing.TB) *webrtc.PeerConnection, calls int, d time.Duration) cost {
	var frames atomic.Int64
	var closers []func() error
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range calls {
		a, b := bareEnd(ctx, t, end(t), &frames), bareEnd(ctx, t, end(t), &frames)
		connectBare(t, a, b)
		closers = append(closers, a.GracefulClose, b.GracefulClose)
	}
	c := measure(d, &frames)
	stop()
	for _, f := range closers {
		check(t, f())
	}
	return c
}

// stock is a PeerConnection as pion makes it: its codecs and interceptors, on the loopback interface alone.
func stock(t testing.TB) *webrtc.PeerConnection {
	var e webrtc.SettingEngine
	e.SetIncludeLoopbackCandidate(true)
	e.SetInterfaceFilter(func(name string) bool { return name == "lo" || name == "lo0" })
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	m, r := &webrtc.MediaEngine{}, &interceptor.Registry{}
	check(t, m.RegisterDefaultCodecs())
	check(t, webrtc.RegisterDefaultInterceptors(m, r))
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r)).
		NewPeerConnection(webrtc.Configuration{})
	check(t, err)
	return pc
}

// alike is a PeerConnection with the engines of this package, and a data channel as ours has.
func alike(t testing.TB) *webrtc.PeerConnection {
	cert, err := NewCertificate()
	check(t, err)
	pc, err := newPeerConnection(Settings{Loopback: true}.withLogger(), cert, false, &streamLimit{})
	check(t, err)
	negotiated, id := true, uint16(0)
	_, err = pc.CreateDataChannel("x", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	check(t, err)
	return pc
}

// bareEnd sends steady media on a PeerConnection, and counts the frames that arrive.
func bareEnd(ctx context.Context, t testing.TB, pc *webrtc.PeerConnection, frames *atomic.Int64) *webrtc.PeerConnection {
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go func() {
			buf := make([]byte, maxPacket)
			for {
				if _, _, err := receiver.Read(buf); err != nil {
					return
				}
			}
		}()
		bareReceive(track, frames)
	})
	for _, kind := range []Kind{Audio, Video} {
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: defaultRules[kind].mime}, kind.String(), "s")
		check(t, err)
		sender, err := pc.AddTrack(track)
		check(t, err)
		go func() {
			buf := make([]byte, maxPacket)
			for {
				if _, _, err := sender.Read(buf); err != nil {
					return
				}
			}
		}()
		src := newSteady(kind)
		go func() {
			for {
				if _, err := src.Read(ctx); err != nil {
					return
				}
				if err := track.WriteSample(wmedia.Sample{Data: src.data, Duration: src.step}); err != nil {
					return
				}
			}
		}()
	}
	return pc
}

func bareReceive(track *webrtc.TrackRemote, frames *atomic.Int64) {
	kind := Audio
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		kind = Video
	}
	a := newAssembler(kind)
	var h rtp.Header
	for {
		p := a.take()
		n, _, err := track.Read(p.buf[:])
		if err != nil {
			return
		}
		size, err := h.Unmarshal(p.buf[:n])
		if err != nil {
			continue
		}
		p.payload, p.rule, p.ts, p.marker, p.at = p.buf[size:n], defaultRules[kind], h.Timestamp, h.Marker, time.Now()
		a.push(p, h.SequenceNumber)
		for {
			f, ok := a.pop(p.at, waitLeast)
			if !ok {
				break
			}
			_ = slices.Clone(f.data)
			frames.Add(1)
		}
	}
}

func connectBare(t testing.TB, a, b *webrtc.PeerConnection) {
	connected := make(chan struct{}, 8)
	b.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			connected <- struct{}{}
		}
	})
	offer, err := a.CreateOffer(nil)
	check(t, err)
	done := webrtc.GatheringCompletePromise(a)
	check(t, a.SetLocalDescription(offer))
	<-done
	check(t, b.SetRemoteDescription(*a.LocalDescription()))
	answer, err := b.CreateAnswer(nil)
	check(t, err)
	done = webrtc.GatheringCompletePromise(b)
	check(t, b.SetLocalDescription(answer))
	<-done
	check(t, a.SetRemoteDescription(*b.LocalDescription()))
	<-connected
}

// TestCostBesideBare: CPU and live heap of sealed calls against bare connections, interleaved, medians. It takes minutes
// and a quiet machine, so it asks for SOTTO_LONG, which may say how many calls; 20 by default.
func TestCostBesideBare(t *testing.T) {
	long := os.Getenv("SOTTO_LONG")
	if long == "" {
		t.Skip("set SOTTO_LONG=1 to measure for minutes")
	}
	calls, rounds, d := 20, 5, 20*time.Second
	if n, err := strconv.Atoi(long); err == nil && n > 1 {
		calls, rounds, d = n, 3, 5*time.Second
	}
	var cpu, heap []float64
	for range rounds {
		o, b := ours(t, calls, d), bare(t, stock, calls, d)
		t.Logf("ours %v %d KiB %d frames, bare %v %d KiB %d frames", o.cpu, o.heap>>10, o.frames, b.cpu, b.heap>>10, b.frames)
		if o.frames < b.frames*95/100 || b.frames < o.frames*95/100 {
			t.Errorf("%d frames arrived, bare %d", o.frames, b.frames)
		}
		cpu = append(cpu, float64(o.cpu)/float64(o.frames)/(float64(b.cpu)/float64(b.frames)))
		heap = append(heap, float64(o.heap)/float64(b.heap))
	}
	slices.Sort(cpu)
	slices.Sort(heap)
	t.Logf("CPU %.3f times bare, heap %.3f times", cpu[rounds/2], heap[rounds/2])
	if cpu[rounds/2] > 1.15 || heap[rounds/2] > 1.15 {
		t.Errorf("CPU %.3f, heap %.3f times bare; 1.15 is allowed", cpu[rounds/2], heap[rounds/2])
	}
}
