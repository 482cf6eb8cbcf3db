package ffmpeg

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// mark stands in for encryption: a byte before each frame.
type mark byte

func (m mark) Seal(dst, _, frame []byte) ([]byte, error) {
	return append(append(dst, byte(m)), frame...), nil
}

func (m mark) Open(dst, _, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != byte(m) {
		return dst, errors.New("not sealed")
	}
	return append(dst, sealed[1:]...), nil
}

// An end is one side of a call.
type end struct {
	conn   *media.Conn
	cert   *media.Certificate
	events chan media.Event
	found  []media.Candidate
}

func newEnd(t *testing.T, callee bool, codec media.Codec, sink func(media.TrackInfo) media.Sink) *end {
	t.Helper()
	cert, err := media.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	e := &end{cert: cert, events: make(chan media.Event, 1000)}
	e.conn, err = media.NewConn(media.ConnConfig{
		Settings: media.Settings{Loopback: true, VideoCodecs: []media.Codec{codec}}, Certificate: cert, Callee: callee, Sink: sink,
		Seal:   func(uint16) media.Sealer { return mark(7) },
		Open:   func(string) media.Opener { return mark(7) },
		Notify: func(ev media.ConnEvent) { e.events <- ev.Event },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = e.conn.Close(ctx)
	})
	return e
}

// gather waits for all candidates.
func (e *end) gather(t *testing.T) []media.Candidate {
	t.Helper()
	for deadline := time.After(10 * time.Second); ; {
		select {
		case ev := <-e.events:
			switch ev := ev.(type) {
			case media.CandidateFound:
				e.found = append(e.found, ev.Candidate)
			case media.GatheringDone:
				return e.found
			}
		case <-deadline:
			t.Fatal("no candidates")
		}
	}
}

// dial connects two ends; a sends.
func dial(t *testing.T, a, b *end, sources []media.Source) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	offer, err := a.conn.Offer(sources, media.Kinds{})
	check(err)
	answer, err := b.conn.Answer(offer, a.cert.Fingerprint(), nil, media.Kinds{Audio: true, Video: true})
	check(err)
	a.conn.Start()
	b.conn.Start()
	found := b.gather(t)
	check(a.conn.Accept(answer, b.cert.Fingerprint()))
	for _, c := range found {
		check(a.conn.AddCandidate(c))
	}
	for _, c := range a.gather(t) {
		check(b.conn.AddCandidate(c))
	}
}

// A counting sink counts what goes on to the next one.
type counting struct {
	media.Sink
	mu *sync.Mutex
	n  *int
}

func (c counting) WriteFrame(f media.Frame) error {
	c.mu.Lock()
	*c.n++
	c.mu.Unlock()
	return c.Sink.WriteFrame(f)
}

// A camera and a microphone go through a call into a recording: every picture that arrived is in it and can be decoded, and
// the sound is the tone.
func TestCall(t *testing.T) {
	for _, codec := range []media.Codec{media.VP8, media.H264} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			need(t, "ffmpeg", "ffprobe")
			path := filepath.Join(t.TempDir(), "call.mkv")
			r, err := Record(RecordConfig{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			s := mustOpen(t, Format("lavfi", both, nil), Config{Codec: codec, KeyInterval: 500 * time.Millisecond})
			var mu sync.Mutex
			counts := map[media.Kind]*int{media.Audio: new(int), media.Video: new(int)}
			a := newEnd(t, false, codec, func(media.TrackInfo) media.Sink { return nil })
			b := newEnd(t, true, codec, func(i media.TrackInfo) media.Sink { return counting{r.Sink(i), &mu, counts[i.Kind]} })
			dial(t, a, b, s.Sources())
			eventually(t, "sound and picture", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return *counts[media.Audio] > 60 && *counts[media.Video] > 40
			})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := errors.Join(b.conn.Close(ctx), a.conn.Close(ctx)); err != nil {
				t.Error(err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			checkCall(t, path, *counts[media.Audio], *counts[media.Video], int(s.Stats().AudioDropped))
		})
	}
}

// checkCall wants what arrived in the recording; for sound that was dropped before it was sent there may be packets too.
func checkCall(t *testing.T, path string, audio, video, dropped int) {
	t.Helper()
	streams := ffprobe(t, path)
	slices.SortFunc(streams, func(a, b probed) int { return len(b.Type) + int(b.Type[0]) - len(a.Type) - int(a.Type[0]) }) // video first
	if len(streams) != 2 || streams[0].Type != "video" {
		t.Fatalf("%+v", streams)
	}
	if n := streams[0].frames(); n != video {
		t.Errorf("%d pictures of %d", n, video)
	}
	if n := streams[1].frames(); n < audio-1 || n > audio+dropped {
		t.Errorf("%d packets of %d", n, audio)
	}
	most := 2.0
	if alone() {
		most = 0.7
	}
	if d := streams[0].start() - streams[1].start(); d < -most || d > most {
		t.Errorf("video begins %v s after audio", d)
	}
	samples := samplesOf(t, path, "0:a:0")
	if p := power(samples[14400:], 1000); p < 0.9 {
		t.Errorf("%.2f of the sound is at 1 kHz", p)
	}
	t.Logf("%d pictures, %d packets", video, audio)
}
