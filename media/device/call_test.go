//go:build cgo

package device

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/sframe"
	"github.com/sotto-calls/sotto/media"
)

// sceneCamera shows the scene at 30 pictures a second of the real clock.
type sceneCamera struct {
	clock *time.Ticker
	n     int
}

func (c *sceneCamera) size() (int, int) { return sceneW, sceneH }
func (c *sceneCamera) close()           { c.clock.Stop() }

func (c *sceneCamera) grab(ctx context.Context, dst *image.YCbCr) (time.Time, error) {
	select {
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case at := <-c.clock.C:
		scene(dst, c.n)
		c.n++
		return at, nil
	}
}

// A keptFrames is a sink that passes frames on and tells how many there were.
type keptFrames struct {
	media.Sink
	mu     sync.Mutex
	n      int
	enough chan struct{} // closed after 45
}

func (k *keptFrames) WriteFrame(f media.Frame) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.n++; k.n == 45 {
		close(k.enough)
	}
	return k.Sink.WriteFrame(f)
}

// TestSealedCall: what a Video yields goes through a real connection, sealed, into a file, and ffmpeg shows all of it.
func TestSealedCall(t *testing.T) {
	t.Parallel()
	eachCodec(t, func(t *testing.T, codec media.Codec) {
		cfg, err := VideoConfig{Width: sceneW, Height: sceneH, Codec: codec, Bitrate: 1_500_000}.complete()
		if err != nil {
			t.Fatal(err)
		}
		open := func() (grabber, error) { return &sceneCamera{clock: time.NewTicker(time.Second / 30)}, nil }
		v, err := newVideo(cfg, KindCamera, "scene", open, newEncoder)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "got")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		sink := &keptFrames{Sink: writer(codec, f), enough: make(chan struct{})}
		hangUp := call(t, codec, v, sink)
		select {
		case <-sink.enough:
		case <-time.After(20 * time.Second):
			t.Fatal("the frames do not arrive")
		}
		v.ForceKeyFrame()
		v.SetBitrate(700_000)
		hangUp()
		if shown := decode(t, codec, path, sceneW, sceneH); len(shown) != sink.n || sink.n < 45 {
			t.Errorf("%d frames arrived, %d are shown", sink.n, len(shown))
		}
		if s := v.Stats(); s.Encoded < uint64(sink.n) {
			t.Errorf("%+v", s)
		}
	})
}

// call connects two ends on loopback, the one with the source and the other with the sink. The result ends it.
func call(t *testing.T, codec media.Codec, source media.Source, sink media.Sink) (hangUp func()) {
	t.Helper()
	var certs [2]*media.Certificate
	var conns [2]*media.Conn
	var events [2]chan media.Event
	for i := range conns {
		cert, err := media.NewCertificate()
		if err != nil {
			t.Fatal(err)
		}
		notes := make(chan media.Event, 1000)
		certs[i], events[i] = cert, notes
		conns[i], err = media.NewConn(media.ConnConfig{
			Settings: media.Settings{Loopback: true, VideoCodecs: []media.Codec{codec}}, Certificate: cert, Callee: i == 1,
			Sink:   func(media.TrackInfo) media.Sink { return sink },
			Seal:   func(uint16) media.Sealer { return sealer(t) },
			Open:   func(string) media.Opener { return opens(t) },
			Notify: func(e media.ConnEvent) { notes <- e.Event },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	offer, err := conns[0].Offer([]media.Source{source}, media.Kinds{})
	must(err)
	answer, err := conns[1].Answer(offer, certs[0].Fingerprint(), nil, media.Kinds{Video: true})
	must(err)
	conns[0].Start()
	conns[1].Start()
	must(conns[0].Accept(answer, certs[1].Fingerprint()))
	for i := range conns {
		for _, c := range candidates(t, events[i]) {
			must(conns[1-i].AddCandidate(c))
		}
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(conns[0].Close(ctx), conns[1].Close(ctx)); err != nil {
			t.Error(err)
		}
	}
}

func candidates(t *testing.T, events chan media.Event) (all []media.Candidate) {
	t.Helper()
	for {
		select {
		case e := <-events:
			switch e := e.(type) {
			case media.CandidateFound:
				all = append(all, e.Candidate)
			case media.GatheringDone:
				return all
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no candidates")
		}
	}
}

func sealer(t *testing.T) media.Sealer {
	s, err := sframe.NewSealer(sframe.ChaCha20Poly1305SHA256, 7, make([]byte, 32))
	if err != nil {
		t.Error(err)
	}
	return s
}

func opens(t *testing.T) media.Opener {
	o, err := sframe.NewOpener(sframe.ChaCha20Poly1305SHA256, 7, make([]byte, 32))
	if err != nil {
		t.Error(err)
	}
	return o
}
