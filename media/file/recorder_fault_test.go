package file_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// smallDisk gives files that fail after so many bytes, in the middle of a write.
type smallDisk struct {
	*os.File
	left int
}

func (d *smallDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		n, _ := d.File.Write(p[:d.left])
		d.left = 0
		return n, &os.PathError{Op: "write", Path: d.Name(), Err: syscall.ENOSPC}
	}
	d.left -= len(p)
	return d.File.Write(p)
}

// until writes frames, again and again, until the sink fails.
func until(sink media.Sink, frames []media.Frame) error {
	for i := 0; ; i++ {
		f := frames[i%len(frames)]
		if err := sink.WriteFrame(f); err != nil {
			return err
		}
	}
}

// When the disk is full the recording ends with the error, and what is there is readable and as long as it says.
func TestRecorderFullDisk(t *testing.T) {
	audio, video := readAll(t, file.Ogg, clip(t, "clip.ogg")), readAll(t, file.IVF, clip(t, "clip.ivf"))
	for _, webm := range []bool{false, true} {
		for _, size := range []int{25_000, 25_001, 25_010, 25_040, 25_100} {
			dir := t.TempDir()
			r, err := file.NewRecorder("", file.RecorderOptions{WebM: webm, Create: func(name string) (io.WriteCloser, error) {
				f, err := os.Create(filepath.Join(dir, name))
				return &smallDisk{f, size}, err
			}})
			if err != nil {
				t.Fatal(err)
			}
			for sink, frames := range map[media.Sink][]media.Frame{r.Track(vp8Track): video, r.Track(opusTrack): audio} {
				if err := until(sink, frames); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("ended with %v", err)
				}
			}
			if err := r.Close(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Close says %v", err)
			}
			readable(t, r)
		}
	}
}

// readable checks that ffprobe reads what the recorder wrote: all frames, or for Ogg all but those of the last page.
func readable(t *testing.T, r *file.Recorder) {
	t.Helper()
	for _, f := range r.Files() {
		if f.Frames == 0 {
			continue
		}
		streams, _ := probe(t, f.Path)
		for _, s := range streams {
			if (s.Codec == "vp8") != (f.Track.Kind == media.Video) {
				continue
			}
			if n := seconds(s.Frames); s.Frames != s.Packets || n > float64(f.Frames) || n < float64(f.Frames-10) || n < 1 {
				t.Errorf("%s: ffprobe reads %s packets, %s frames; %d were taken", f.Path, s.Packets, s.Frames, f.Frames)
			}
		}
	}
}

// The same on a file system that is really full.
func TestRecorderFullFileSystem(t *testing.T) {
	for _, webm := range []bool{false, true} {
		dir := t.TempDir()
		if err := mountSmall(dir); err != nil {
			if os.Getenv("SOTTO_REQUIRE") == "1" {
				t.Fatalf("SOTTO_REQUIRE=1, but a small file system cannot be mounted: %v", err)
			}
			t.Skipf("needs root to mount a small file system: %v", err)
		}
		t.Cleanup(func() { _ = unmount(dir) })
		r, err := file.NewRecorder(dir, file.RecorderOptions{WebM: webm})
		if err != nil {
			t.Fatal(err)
		}
		if err := until(r.Track(vp8Track), readAll(t, file.IVF, clip(t, "clip.ivf"))); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("ended with %v", err)
		}
		if err := r.Close(); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Close says %v", err)
		}
		readable(t, r)
	}
}

// A program that dies closes nothing. What it has recorded is readable all the same.
func TestRecorderNeverClosed(t *testing.T) {
	audio, video := readAll(t, file.Ogg, clip(t, "clip.ogg")), readAll(t, file.IVF, clip(t, "clip.ivf"))
	for _, webm := range []bool{false, true} {
		r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{WebM: webm})
		if err != nil {
			t.Fatal(err)
		}
		as, vs := r.Track(opusTrack), r.Track(vp8Track)
		for _, f := range audio[:203] {
			if err := as.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range video[:121] {
			if err := vs.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		readable(t, r)
		if !webm {
			if streams, _ := probe(t, r.Files()[1].Path); streams[0].Frames != "121" || streams[0].duration() < 3 {
				t.Errorf("ffprobe says %+v, want 121 frames and about 4 s", streams[0])
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A sink that is no file at all still gets a valid stream.
func TestRecorderToAPipe(t *testing.T) {
	for _, webm := range []bool{false, true} {
		dir := t.TempDir()
		r, err := file.NewRecorder("", file.RecorderOptions{WebM: webm, Create: func(name string) (io.WriteCloser, error) {
			f, err := os.Create(filepath.Join(dir, name))
			return struct{ io.WriteCloser }{f}, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		vs, as := r.Track(vp8Track), r.Track(opusTrack)
		for _, f := range readAll(t, file.IVF, clip(t, "clip.ivf")) {
			if err := vs.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range readAll(t, file.Ogg, clip(t, "clip.ogg")) {
			if err := as.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		names, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(names) == 0 {
			t.Fatal("no files")
		}
		for _, name := range names {
			streams, _ := probe(t, name)
			for _, s := range streams {
				if want := fmt.Sprint(map[string]int{"vp8": 240, "opus": 400}[s.Codec]); s.Frames != want {
					t.Errorf("%s: %s frames, want %s", name, s.Frames, want)
				}
			}
		}
	}
}
