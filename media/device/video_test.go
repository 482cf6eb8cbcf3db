package device

import (
	"context"
	"errors"
	"image"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A fakeDevice is a camera that yields a picture every interval and can be pulled.
type fakeDevice struct {
	interval time.Duration
	w, h     int

	mu     sync.Mutex
	fault  error // what open and grab fail with
	open   int   // how many are open
	opened []time.Time
}

func (d *fakeDevice) set(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = err
}

func (d *fakeDevice) state() (open int, opened []time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open, slices.Clone(d.opened)
}

func (d *fakeDevice) opener() (grabber, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, time.Now())
	if d.fault != nil {
		return nil, d.fault
	}
	d.open++
	return &fakeGrabber{d: d}, nil
}

type fakeGrabber struct{ d *fakeDevice }

func (g *fakeGrabber) size() (int, int) { return g.d.w, g.d.h }

func (g *fakeGrabber) grab(ctx context.Context, dst *image.YCbCr) (time.Time, error) {
	t := time.NewTimer(g.d.interval)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-t.C:
	}
	g.d.mu.Lock()
	defer g.d.mu.Unlock()
	fill(dst.Y, 100)
	return time.Now(), g.d.fault
}

func (g *fakeGrabber) close() {
	g.d.mu.Lock()
	defer g.d.mu.Unlock()
	g.d.open--
}

// A fakeEncoder writes down what it is told.
type fakeEncoder struct {
	keys, rates []int // of which picture; what was set
	pictures    int
	skip        int // so many pictures from now on
	closed      int
	fault       error
	luma        byte
}

func (e *fakeEncoder) encode(p *image.YCbCr, _ time.Duration, key bool) ([]byte, bool, error) {
	e.luma = p.Y[0]
	if e.skip > 0 {
		e.skip--
		return nil, false, nil
	}
	if key {
		e.keys = append(e.keys, e.pictures)
	}
	e.pictures++
	return []byte{1}, key, e.fault
}

func (e *fakeEncoder) setBitrate(bps int) error { e.rates = append(e.rates, bps); return nil }
func (e *fakeEncoder) close() error             { e.closed++; return nil }

// bubble runs a test with a Video of a fake device at 25 pictures a second.
func bubble(t *testing.T, notify func(media.DeviceEvent), f func(t *testing.T, v *Video, d *fakeDevice, e *fakeEncoder)) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDevice{interval: 40 * time.Millisecond, w: 128, h: 96}
		e := &fakeEncoder{}
		cfg, err := VideoConfig{Width: 64, Height: 64, Notify: notify}.complete()
		if err != nil {
			t.Fatal(err)
		}
		v, err := newVideo(cfg, KindCamera, "cam", d.opener, func(media.Codec, encoderConfig) (encoder, error) { return e, nil })
		if err != nil {
			t.Fatal(err)
		}
		f(t, v, d, e)
		if err := errors.Join(v.Close(), v.Close()); err != nil {
			t.Error(err)
		}
		if open, _ := d.state(); open != 0 || e.closed != 1 {
			t.Errorf("%d devices open, encoder closed %d times", open, e.closed)
		}
		if _, err := v.Read(t.Context()); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after Close: %v", err)
		}
	})
}

func read(t *testing.T, v *Video) media.Frame {
	t.Helper()
	f, err := v.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestVideoYieldsFramesByTheClockOfTheDevice(t *testing.T) {
	bubble(t, nil, func(t *testing.T, v *Video, d *fakeDevice, e *fakeEncoder) {
		time.Sleep(time.Second)
		if _, opened := d.state(); len(opened) != 0 {
			t.Error("the device is in use before Read")
		}
		want := media.TrackInfo{Kind: media.Video, Codec: media.H264, ClockRate: 90000, Width: 64, Height: 64, Label: "cam"}
		if v.Track() != want {
			t.Errorf("%+v", v.Track())
		}
		for n := range 10 {
			f := read(t, v)
			if f.Time != time.Duration(n+1)*40*time.Millisecond || f.Key != (n == 0) {
				t.Errorf("frame %d at %v, key %t", n, f.Time, f.Key)
			}
		}
		if e.luma != 100 {
			t.Errorf("luma %d after scaling", e.luma)
		}
		if s := v.Stats(); s.Captured != 10 || s.Encoded != 10 || s.Dropped+s.Skipped != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestVideoKeepsTheNewestForWhoIsLate(t *testing.T) {
	bubble(t, nil, func(t *testing.T, v *Video, d *fakeDevice, _ *fakeEncoder) {
		read(t, v)
		time.Sleep(401 * time.Millisecond)
		synctest.Wait()
		if f := read(t, v); f.Time != 440*time.Millisecond {
			t.Errorf("got the picture of %v", f.Time)
		}
		if s := v.Stats(); s.Dropped != 9 {
			t.Errorf("%+v", s)
		}
	})
}

// A slowEncoder encodes nothing before it is let.
type slowEncoder struct {
	fakeEncoder
	let chan struct{}
}

func (e *slowEncoder) encode(p *image.YCbCr, at time.Duration, key bool) ([]byte, bool, error) {
	<-e.let
	return e.fakeEncoder.encode(p, at, key)
}

// TestVideoReadBySeveral: the camera goes on while several read at once, against the advice, and the encoder is slow.
func TestVideoReadBySeveral(t *testing.T) {
	const readers = 4
	d := &fakeDevice{interval: time.Millisecond, w: 64, h: 64}
	e := &slowEncoder{let: make(chan struct{})}
	cfg, err := VideoConfig{Width: 64, Height: 64, FrameRate: 120}.complete()
	if err != nil {
		t.Fatal(err)
	}
	v, err := newVideo(cfg, KindCamera, "cam", d.opener, func(media.Codec, encoderConfig) (encoder, error) { return e, nil })
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	errs := make(chan error)
	for range readers {
		go func() {
			_, err := v.Read(t.Context())
			errs <- err
		}()
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for v.Stats().Captured < 20 {
		<-tick.C
	}
	close(e.let)
	for range readers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if s := v.Stats(); s.Encoded != readers {
		t.Errorf("%d readers, %+v", readers, s)
	}
}

func TestVideoMutedLetsTheDeviceGo(t *testing.T) {
	bubble(t, nil, func(t *testing.T, v *Video, d *fakeDevice, e *fakeEncoder) {
		read(t, v)
		v.SetMuted(true)
		v.SetMuted(true)
		synctest.Wait()
		if open, _ := d.state(); open != 0 {
			t.Error("muted, and the device is open")
		}
		time.Sleep(time.Hour)
		v.SetMuted(false)
		if f := read(t, v); !f.Key || f.Time < time.Hour {
			t.Errorf("after the pause: key %t at %v", f.Key, f.Time)
		}
		if open, opened := d.state(); open != 1 || len(opened) != 2 {
			t.Errorf("%d open, opened %d times", open, len(opened))
		}
		if len(e.keys) != 2 {
			t.Errorf("key frames %v", e.keys)
		}
	})
}

func TestVideoMutedBeforeItBegins(t *testing.T) {
	bubble(t, nil, func(t *testing.T, v *Video, d *fakeDevice, _ *fakeEncoder) {
		v.SetMuted(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := v.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, opened := d.state(); len(opened) != 0 {
			t.Error("opened")
		}
	})
}

func TestVideoComesBackWithItsDevice(t *testing.T) {
	var events []media.DeviceEvent
	note := func(e media.DeviceEvent) { events = append(events, e) }
	bubble(t, note, func(t *testing.T, v *Video, d *fakeDevice, e *fakeEncoder) {
		read(t, v)
		pulled := &media.DeviceError{Device: "cam", Fault: media.DeviceGone}
		d.set(pulled)
		start := time.Now()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(events) != 1 || events[0].Up || events[0].Device != "cam" || !errors.Is(events[0].Err, pulled) {
			t.Fatalf("%+v", events)
		}
		_, opened := d.state()
		var after []time.Duration
		for _, at := range opened[1:] {
			after = append(after, at.Sub(start).Round(10*time.Millisecond))
		}
		// Pulled at 40 ms; tries after 0.2, 0.4, 0.8, 1.6 and then every 2 s.
		want := []time.Duration{240, 640, 1440, 3040, 5040, 7040, 9040}
		for i := range want {
			want[i] *= time.Millisecond
		}
		if !slices.Equal(after, want) {
			t.Errorf("tried after %v", after)
		}
		d.set(nil)
		if f := read(t, v); !f.Key {
			t.Error("no key frame when the device is back")
		}
		if len(events) != 2 || !events[1].Up || events[1].Err != nil {
			t.Errorf("%+v", events)
		}
		// It does not wait long for the next try after having worked.
		d.set(pulled)
		time.Sleep(300 * time.Millisecond)
		if _, again := d.state(); len(again) != len(opened)+2 {
			t.Errorf("opened %d times, then %d", len(opened), len(again))
		}
		d.set(nil)
		read(t, v)
	})
}

func TestVideoObeys(t *testing.T) {
	bubble(t, nil, func(t *testing.T, v *Video, _ *fakeDevice, e *fakeEncoder) {
		read(t, v)
		v.ForceKeyFrame()
		v.SetBitrate(1)
		v.SetBitrate(500_000)
		if f := read(t, v); !f.Key {
			t.Error("no key frame on request")
		}
		v.SetBitrate(0)
		e.skip = 3 // the rate control may leave pictures out, and the one that was asked for
		v.ForceKeyFrame()
		if f := read(t, v); !f.Key || f.Time != 240*time.Millisecond {
			t.Errorf("key %t at %v", f.Key, f.Time)
		}
		if !slices.Equal(e.rates, []int{500_000, minRate}) {
			t.Errorf("bitrates %v", e.rates)
		}
		if s := v.Stats(); s.Skipped != 3 || s.Encoded != 3 {
			t.Errorf("%+v", s)
		}
		e.fault = errors.New("broken")
		if _, err := v.Read(t.Context()); !errors.Is(err, e.fault) {
			t.Error(err)
		}
		e.fault = nil
	})
}

func TestVideoClosedWhileItWaits(t *testing.T) {
	bubble(t, nil, func(t *testing.T, v *Video, d *fakeDevice, _ *fakeEncoder) {
		d.set(&media.DeviceError{Fault: media.DeviceMissing})
		got := make(chan error, 1)
		go func() {
			_, err := v.Read(context.Background())
			got <- err
		}()
		time.Sleep(time.Second)
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		if err := <-got; !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestRateLimit(t *testing.T) {
	for _, c := range []struct{ device, limit, want int }{{30, 30, 30}, {60, 30, 30}, {50, 30, 30}, {25, 30, 25}, {31, 30, 30}, {120, 7, 7}} {
		r := rateLimit{interval: time.Second / time.Duration(c.limit)}
		n := 0
		for i := range 10 * c.device {
			jitter := time.Duration(i*7%5-2) * time.Millisecond
			if r.admits(time.Unix(0, 0).Add(time.Duration(i)*time.Second/time.Duration(c.device) + jitter)) {
				n++
			}
		}
		if n < 10*c.want-6 || n > 10*c.want+6 {
			t.Errorf("%d/s limited to %d: %d in 10 s", c.device, c.limit, n)
		}
	}
}

func TestVideoConfig(t *testing.T) {
	good := []VideoConfig{{}, {Width: 1280, Height: 720, FrameRate: 60, Codec: media.VP8, Bitrate: 30_000}}
	for _, c := range good {
		if _, err := c.complete(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	bad := []VideoConfig{
		{Width: 640}, {Width: 641, Height: 360}, {Width: 8192, Height: 360}, {Width: -2, Height: -2},
		{FrameRate: -1}, {FrameRate: 121}, {Codec: media.VP9}, {Bitrate: 10}, {Bitrate: -1},
	}
	for _, c := range bad {
		if _, err := c.complete(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	_, err := VideoConfig{Width: 1, Height: 1, FrameRate: 1000, Codec: "x", Bitrate: 1}.complete()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || len(joined.Unwrap()) != 4 {
		t.Errorf("not every fault is named: %v", err)
	}
	if n := usualBitrate(640, 360, 30); n != 800_000 {
		t.Error(n)
	}
}

func TestWithin(t *testing.T) {
	for _, c := range [][4]int{{1920, 1080, 1280, 720}, {1024, 768, 960, 720}, {800, 600, 800, 600}, {3840, 1080, 1280, 360}, {20, 20, 64, 64}} {
		if w, h := within(c[0], c[1], 1280, 720); w != c[2] || h != c[3] {
			t.Errorf("%dx%d: %dx%d", c[0], c[1], w, h)
		}
	}
}
