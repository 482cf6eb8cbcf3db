package file_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
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

// end is one side of a connection.
type end struct {
	conn *media.Conn
	cert *media.Certificate

	found  []media.Candidate
	events chan media.Event
}

func newEnd(t *testing.T, w *sim.World, address string, callee bool, sink func(media.TrackInfo) media.Sink) *end {
	t.Helper()
	cert, err := media.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	e := &end{cert: cert, events: make(chan media.Event, 1000)}
	e.conn, err = media.NewConn(media.ConnConfig{
		Settings: media.Settings{Net: w.Host(address)}, Certificate: cert, Callee: callee, Sink: sink,
		Seal:   func(uint16) media.Sealer { return mark(7) },
		Open:   func(string) media.Opener { return mark(7) },
		Notify: func(ev media.ConnEvent) { e.events <- ev.Event },
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// await drops events until one that match likes, and keeps the candidates on the way.
func (e *end) await(t *testing.T, match func(media.Event) bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case ev := <-e.events:
			if c, ok := ev.(media.CandidateFound); ok {
				e.found = append(e.found, c.Candidate)
			}
			if match(ev) {
				return
			}
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}

func gathered(e media.Event) bool { _, ok := e.(media.GatheringDone); return ok }

func (e *end) take(t *testing.T, found []media.Candidate) {
	t.Helper()
	for _, c := range found {
		if err := e.conn.AddCandidate(c); err != nil {
			t.Fatal(err)
		}
	}
}

// carry sends the clip through a call over a link and records it at the other end, in virtual time.
func carry(t *testing.T, o file.RecorderOptions, loss float64) []file.RecordedFile {
	dir := t.TempDir()
	var files []file.RecordedFile
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: 30 * time.Millisecond})
		defer w.Close()
		r, err := file.NewRecorder(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		a := newEnd(t, w, "1.2.3.4", false, func(media.TrackInfo) media.Sink { return nil })
		b := newEnd(t, w, "5.6.7.8", true, r.Track)
		defer closeEnds(t, a, b)
		var sources []media.Source
		for name, format := range map[string]file.Format{"clip.ivf": file.IVF, "clip.ogg": file.Ogg} {
			s, err := file.NewSource(bytes.NewReader(clip(t, name)), format, file.SourceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, s)
		}
		connect(t, a, b, sources)
		w.SetLoss(loss)
		time.Sleep(12 * time.Second)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		files = r.Files()
	})
	return files
}

func connect(t *testing.T, a, b *end, sources []media.Source) {
	t.Helper()
	kinds := media.Kinds{Audio: true, Video: true}
	offer, err := a.conn.Offer(sources, media.Kinds{})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.conn.Answer(offer, a.cert.Fingerprint(), nil, kinds)
	if err != nil {
		t.Fatal(err)
	}
	a.conn.Start()
	b.conn.Start()
	b.await(t, gathered)
	if err := a.conn.Accept(answer, b.cert.Fingerprint()); err != nil {
		t.Fatal(err)
	}
	a.take(t, b.found)
	a.await(t, gathered)
	b.take(t, a.found)
	for range sources {
		b.await(t, func(ev media.Event) bool { _, ok := ev.(media.FirstFrame); return ok })
	}
}

func closeEnds(t *testing.T, ends ...*end) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, e := range ends {
		if err := e.conn.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}

func formatOf(f file.RecordedFile) (name string, format file.Format) {
	if f.Track.Kind == media.Audio {
		return "clip.ogg", file.Ogg
	}
	return "clip.ivf", file.IVF
}

// Over a path without loss the recording holds every frame of the source, in order, none extra, byte for byte.
func TestCallIsRecordedWhole(t *testing.T) {
	files := carry(t, file.RecorderOptions{}, 0)
	if len(files) != 2 {
		t.Fatalf("%d tracks", len(files))
	}
	for _, f := range files {
		name, format := formatOf(f)
		sameData(t, checkPackets(t, f.Path, format), readAll(t, format, clip(t, name)))
		streams, duration := probe(t, f.Path)
		if s := streams[0]; s.Frames != s.Packets || duration < 7.99 || duration > 8.2 {
			t.Errorf("%s: ffprobe says %+v, %v s", name, s, duration)
		}
		if f.Start > 50*time.Millisecond || f.Missing != 0 {
			t.Errorf("%+v", f)
		}
	}
}

// Over a bad path frames are missing. Those that are there stand at their times, on both tracks, and ffprobe reads them.
func TestCallWithLossIsRecordedInTime(t *testing.T) {
	for _, f := range carry(t, file.RecorderOptions{}, 0.30) {
		name, format := formatOf(f)
		b, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		source := readAll(t, format, clip(t, name))
		n, kept := -1, 0
		for _, got := range readAll(t, format, b) {
			if f.Track.Kind == media.Audio && len(got.Data) == 2 {
				continue // what says "lost"
			}
			for n++; n < len(source) && !bytes.Equal(source[n].Data, got.Data); n++ {
			}
			if n == len(source) {
				t.Fatalf("%s: a frame that was not sent, or out of order", name)
			}
			if off := got.Time - source[n].Time; off < -50*time.Millisecond || off > 50*time.Millisecond {
				t.Errorf("%s: frame %d is at %v, want %v", name, n, got.Time, source[n].Time)
			}
			kept++
		}
		if f.Missing == 0 || kept != int(f.Frames) || kept < len(source)/2 {
			t.Errorf("%s: %d frames of %d, %+v", name, kept, len(source), f)
		}
		probe(t, f.Path)
	}
}
