package file_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

var (
	opusTrack = media.TrackInfo{Kind: media.Audio, Codec: media.Opus}
	vp8Track  = media.TrackInfo{Kind: media.Video, Codec: media.VP8}
)

// record plays both files of the clip through a recorder in virtual time, video beginning later by lag, without the
// frames that drop says.
func record(t *testing.T, o file.RecorderOptions, lag time.Duration, drop func(media.Kind, int) bool) (dir string, files []file.RecordedFile) {
	dir = filepath.Join(t.TempDir(), "new", "dir")
	synctest.Test(t, func(t *testing.T) {
		r, err := file.NewRecorder(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		audio, video := r.Track(opusTrack), r.Track(vp8Track)
		done := make(chan bool)
		go func() {
			time.Sleep(lag)
			play(t, "clip.ivf", file.IVF, video, lag, func(n int) bool { return drop(media.Video, n) })
			done <- true
		}()
		play(t, "clip.ogg", file.Ogg, audio, 0, func(n int) bool { return drop(media.Audio, n) })
		<-done
		if err := errors.Join(r.Close(), r.Close()); err != nil {
			t.Error(err)
		}
		files = r.Files()
	})
	return dir, files
}

func play(t *testing.T, name string, format file.Format, sink media.Sink, lag time.Duration, drop func(n int) bool) {
	s, err := file.NewSource(bytes.NewReader(clip(t, name)), format, file.SourceOptions{})
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	missing := 0
	for n := 0; ; n++ {
		f, err := s.Read(t.Context())
		if err != nil {
			return
		}
		if drop(n) {
			missing++
			continue
		}
		f.Missing, missing = missing, 0
		f.Time += lag
		f.Duration = 0 // a receiver does not know
		if err := sink.WriteFrame(f); err != nil {
			t.Error(err)
			return
		}
	}
}

func nothing(media.Kind, int) bool { return false }

// On a lossless path the recording is the source, byte for byte.
func TestRecorderIsLossless(t *testing.T) {
	dir, files := record(t, file.RecorderOptions{}, 0, nothing)
	sameData(t, checkPackets(t, filepath.Join(dir, "video.ivf"), file.IVF), readAll(t, file.IVF, clip(t, "clip.ivf")))
	sameData(t, checkPackets(t, filepath.Join(dir, "audio.ogg"), file.Ogg), readAll(t, file.Ogg, clip(t, "clip.ogg")))
	for _, f := range files {
		streams, duration := probe(t, f.Path)
		want := map[media.Kind]string{media.Audio: "400", media.Video: "240"}[f.Track.Kind]
		if s := streams[0]; s.Frames != want || s.Packets != want || duration != 8 || s.start() != 0 {
			t.Errorf("%s: ffprobe says %+v, %v s", f.Path, s, duration)
		}
		if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v: readable by others", info.Mode(), err)
		}
		if f.Missing != 0 || f.Skipped != 0 || f.Start != 0 || f.Err != nil {
			t.Errorf("%+v", f)
		}
	}
}

// The track that begins later begins later in its file; frames that failed leave a gap in time on both tracks.
func TestRecorderKeepsOneClock(t *testing.T) {
	const lag = 700 * time.Millisecond
	dir, files := record(t, file.RecorderOptions{}, lag, func(k media.Kind, n int) bool {
		return k == media.Audio && n >= 100 && n < 150 || k == media.Video && n >= 60 && n < 90
	})
	if a, v := files[0], files[1]; a.Missing != 50 || v.Missing != 30 || a.Frames != 350 || v.Frames != 210 || v.Start != lag || a.Start != 0 {
		t.Errorf("files: %+v", files)
	}
	audio, _ := os.ReadFile(filepath.Join(dir, "audio.ogg"))
	n := 0
	for _, f := range readAll(t, file.Ogg, audio) {
		if len(f.Data) == 2 {
			continue // what says "lost"
		}
		if n == 100 {
			n += 50
		}
		if want := time.Duration(n) * 20 * time.Millisecond; f.Time != want {
			t.Fatalf("packet %d at %v, want %v", n, f.Time, want)
		}
		n++
	}
	video, _ := os.ReadFile(filepath.Join(dir, "video.ivf"))
	n = 0
	for _, f := range readAll(t, file.IVF, video) {
		if n == 60 {
			n += 30
		}
		want := lag + time.Duration(n)*time.Second/30
		if off := f.Time - want; off < -12*time.Microsecond || off > 12*time.Microsecond { // one tick of 90 kHz
			t.Fatalf("frame %d at %v, want %v", n, f.Time, want)
		}
		n++
	}
	for _, f := range files {
		probe(t, f.Path)
	}
}

func TestRecorderSizeLimit(t *testing.T) {
	for _, webm := range []bool{false, true} {
		dir := t.TempDir()
		const limit = 100_000
		r, err := file.NewRecorder(dir, file.RecorderOptions{MaxBytes: limit, WebM: webm})
		if err != nil {
			t.Fatal(err)
		}
		audio, video := readAll(t, file.Ogg, clip(t, "clip.ogg")), readAll(t, file.IVF, clip(t, "clip.ivf"))
		as, vs := r.Track(opusTrack), r.Track(vp8Track)
		var failed error
		for failed == nil {
			if len(audio) > 0 && audio[0].Time <= video[0].Time {
				failed, audio = as.WriteFrame(audio[0]), audio[1:]
			} else {
				failed, video = vs.WriteFrame(video[0]), video[1:]
			}
		}
		if failed != file.ErrSizeLimit {
			t.Fatalf("ended with %v", failed)
		}
		if err := errors.Join(as.WriteFrame(audio[0]), vs.WriteFrame(video[0])); !errors.Is(err, file.ErrSizeLimit) {
			t.Errorf("goes on after the limit: %v", err)
		}
		if err := r.Close(); !errors.Is(err, file.ErrSizeLimit) {
			t.Errorf("Close says %v", err)
		}
		checkDirectory(t, r, limit)
	}
}

// checkDirectory checks that the files are within the limit, nearly full, and that ffprobe reads as many frames as were
// accepted.
func checkDirectory(t *testing.T, r *file.Recorder, limit int64) {
	t.Helper()
	var total int64
	sizes := map[string]int64{}
	for _, f := range r.Files() {
		info, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		sizes[f.Path] = info.Size()
		streams, _ := probe(t, f.Path)
		for _, s := range streams {
			if (s.Codec == "vp8") == (f.Track.Kind == media.Video) && seconds(s.Frames) != float64(f.Frames) {
				t.Errorf("%s: ffprobe reads %s frames, %d were written", f.Path, s.Frames, f.Frames)
			}
		}
	}
	for _, n := range sizes {
		total += n
	}
	if total > limit || total < limit*9/10 {
		t.Errorf("%d bytes of %d", total, limit)
	}
}

// A recorder waits for a picture that can be decoded, and tells how many it has passed over.
func TestRecorderBeginsWithAKeyFrame(t *testing.T) {
	source := readAll(t, file.IVF, clip(t, "clip.ivf"))
	r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sink := r.Track(vp8Track)
	for _, f := range source[30:] {
		if err := sink.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f := r.Files()[0]
	if f.Skipped != 30 || f.Frames != 180 || f.Start != source[60].Time {
		t.Errorf("%+v", f)
	}
	sameData(t, checkPackets(t, f.Path, file.IVF), source[60:])
	probe(t, f.Path)
}

// Frames that no file can hold are a peer's fault: what follows them is recorded, they are counted, and where there is nothing
// else there is no file.
func TestRecorderPassesOverBadFrames(t *testing.T) {
	const (
		idr  = "\x00\x00\x00\x01\x65\x88"
		vp8  = "\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00\x00\x00"
		step = 20 * time.Millisecond
	)
	for _, c := range []struct {
		codec     media.Codec
		good, bad string
	}{
		{media.Opus, "\xf8\x01", "\xff"}, {media.Opus, "\xf8\x01", "\xff\x00"}, {media.PCMU, "\x01\x02", ""},
		{media.VP8, vp8, ""}, {media.H264, idr, "\x65\x88"},
	} {
		info := media.TrackInfo{Kind: media.Audio, Codec: c.codec}
		if c.codec == media.VP8 || c.codec == media.H264 {
			info.Kind = media.Video
		}
		for _, webm := range []bool{false, true} {
			r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{WebM: webm})
			if err != nil {
				t.Fatal(err)
			}
			sink := r.Track(info)
			if err := sink.WriteFrame(media.Frame{Data: []byte(c.bad)}); err != nil || r.Files()[0].Path != "" {
				t.Errorf("%s: %v, %+v", c.codec, err, r.Files())
			}
			for n, data := range []string{c.good, "", c.bad, c.good} {
				if err := sink.WriteFrame(media.Frame{Data: []byte(data), Time: time.Duration(n) * step, Key: true}); err != nil {
					t.Errorf("%s: frame %d: %v", c.codec, n, err)
				}
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			f := r.Files()[0]
			if f.Frames != 2 || f.Refused != 3 || f.Skipped != 0 || f.Err != nil || f.End != 3*step {
				t.Errorf("%s: %+v", c.codec, f)
			}
			if b, err := os.ReadFile(f.Path); err != nil || bytes.Count(b, []byte(c.good)) != 2 {
				t.Errorf("%s: %v, %x", c.codec, err, b)
			}
		}
	}
}

// A recording that begins ten minutes into a call does not begin with ten minutes of nothing.
func TestRecorderBeginsInTheMiddle(t *testing.T) {
	const ago = 10 * time.Minute
	r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	audio, video := r.Track(opusTrack), r.Track(vp8Track)
	source := readAll(t, file.Ogg, clip(t, "clip.ogg"))
	for i, f := range source {
		f.Time += ago
		if err := audio.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
		if i == 50 {
			key := readAll(t, file.IVF, clip(t, "clip.ivf"))[0]
			key.Time = f.Time
			if err := video.WriteFrame(key); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if f := r.Files(); f[0].Start != 0 || f[1].Start != time.Second || f[0].End != 8*time.Second {
		t.Errorf("%+v", f)
	}
}

func TestRecorderNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		r, err := file.NewRecorder(dir, file.RecorderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Track(opusTrack).WriteFrame(media.Frame{Data: packet(80, 1)}); err != nil {
			t.Fatal(err)
		}
		_ = r.Track(vp8Track) // nothing comes: no file
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 || entries[0].Name() != "audio-2.ogg" || entries[1].Name() != "audio-3.ogg" {
		t.Errorf("%v %v", entries, err)
	}
}

func TestRecorderRefuses(t *testing.T) {
	r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Track(media.TrackInfo{Kind: media.Video, Codec: "H265"}).WriteFrame(media.Frame{Data: []byte{1}, Key: true}); err == nil {
		t.Error("took H265")
	}
	open := r.Track(opusTrack)
	if err := r.Close(); err == nil {
		t.Error("Close does not tell of the track that failed")
	}
	for _, s := range []media.Sink{open, r.Track(opusTrack)} {
		if err := s.WriteFrame(media.Frame{Data: packet(80, 1)}); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if _, err := file.NewRecorder(filepath.Join(os.DevNull, "x"), file.RecorderOptions{}); err == nil {
		t.Error("made a directory in a device")
	}
}

// Close may come from anywhere at any time: each track ends, and the files are whole.
func TestRecorderCloseWhileWriting(t *testing.T) {
	for _, webm := range []bool{false, true} {
		r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{WebM: webm})
		if err != nil {
			t.Fatal(err)
		}
		writing, done := make(chan bool, 2), make(chan error, 2)
		for _, c := range []struct {
			track  media.TrackInfo
			frames []media.Frame
		}{{opusTrack, readAll(t, file.Ogg, clip(t, "clip.ogg"))}, {vp8Track, readAll(t, file.IVF, clip(t, "clip.ivf"))}} {
			sink := r.Track(c.track)
			go func() {
				for i := 0; ; i++ {
					f := c.frames[i%len(c.frames)]
					f.Time += time.Duration(i/len(c.frames)) * 8 * time.Second
					if err := sink.WriteFrame(f); err != nil {
						done <- err
						return
					}
					if i == 50 {
						writing <- true
					}
				}
			}()
		}
		<-writing
		<-writing
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-done; !errors.Is(err, os.ErrClosed) {
				t.Errorf("ended with %v", err)
			}
		}
		for _, f := range r.Files() {
			if f.Frames < 50 || f.Err != nil {
				t.Errorf("%+v", f)
			}
			probe(t, f.Path)
		}
	}
}
