package ffmpeg

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

var clipOnce sync.Once

// clip is a file of two seconds with a picture and a tone.
func clip(t testing.TB) string {
	t.Helper()
	need(t, "ffmpeg", "ffprobe")
	path := filepath.Join(shared, "clip.mkv")
	clipOnce.Do(func() { makeClip(t, path) })
	return path
}

func makeClip(t testing.TB, path string) {
	t.Helper()
	runProgram(t, "ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2",
		"-f", "lavfi", "-i", "sine=frequency=1000:duration=2", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", path)
}

// A showing is a file that was played to its end, and how long that took.
type showing struct {
	s            *Stream
	start        time.Time
	took         time.Duration
	video, audio []arrival
}

func show(t *testing.T, path string) showing {
	t.Helper()
	p := showing{s: mustOpen(t, File(path), Config{}), start: time.Now()}
	var reading sync.WaitGroup
	for _, source := range p.s.Sources() {
		frames := &p.video
		if source.Track().Kind == media.Audio {
			frames = &p.audio
		}
		reading.Go(func() {
			var err error
			if *frames, err = read(t.Context(), source, 1000); err != io.EOF {
				t.Errorf("%s: %v", source.Track().Kind, err)
			}
		})
	}
	reading.Wait()
	p.took = time.Since(p.start)
	return p
}

// A file is played at its own pace, both tracks together, and ends. Where a machine that is not reserved holds this test up
// for half a second frames are dropped: then it is played again, twice at most.
func TestFile(t *testing.T) {
	t.Parallel()
	path := clip(t)
	for try := 1; ; try++ {
		p := show(t, path)
		st := p.s.Stats()
		if st.VideoDropped+st.AudioDropped == 0 {
			checkClip(t, p)
			return
		}
		if try == 3 || alone() {
			t.Fatalf("%+v", st)
		}
		t.Logf("NOT STEADY: %+v in %v; once more", st, p.took)
	}
}

func checkClip(t *testing.T, p showing) {
	t.Helper()
	if i := p.s.Video().Track(); i.Width != 160 || i.Height != 120 || i.Label != "clip.mkv" {
		t.Errorf("%+v", i)
	}
	if n := len(p.video); n < 49 || n > 51 {
		t.Errorf("%d pictures of 50", n)
	}
	if n := len(p.audio); n < 99 || n > 103 {
		t.Errorf("%d packets of 100", n)
	}
	monotone(t, p.video)
	monotone(t, p.audio)
	for _, f := range append(p.video, p.audio...) {
		if early := f.Time - f.at.Sub(p.start); early > 20*time.Millisecond {
			t.Fatalf("a frame at %v came %v early", f.Time, early)
		}
	}
	if p.took < 1900*time.Millisecond || p.took > 10*time.Second {
		t.Errorf("two seconds took %v", p.took)
	}
	if p.s.Err() != nil {
		t.Error(p.s.Err())
	}
}

// A track that is not read does not hold up the other one, and is where that one is when it is read again.
func TestFileWithOneTrackRead(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, File(clip(t)), Config{Loop: true, KeyInterval: 200 * time.Millisecond})
	audio := mustRead(t, s.Audio(), 150) // three seconds: past the end, too
	monotone(t, audio)
	checkRate(t, audio, 20*time.Millisecond)
	v := mustRead(t, s.Video(), 1)[0]
	if !v.Key || v.Time < 2*time.Second {
		t.Errorf("the picture is of %v, key %v; the sound of %v", v.Time, v.Key, audio[149].Time)
	}
}

// A file that nobody reads stands still.
func TestFilePauses(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, File(clip(t)), Config{NoAudio: true})
	mustRead(t, s.Video(), 10)
	s.mu.Lock()
	s.start = s.start.Add(-time.Minute) // a minute later
	s.mu.Unlock()
	next := mustRead(t, s.Video(), 2)
	if !(next[0].Time > time.Minute) || next[1].Time-next[0].Time > 60*time.Millisecond {
		t.Errorf("%v, %v", next[0].Time, next[1].Time)
	}
}

// Whatever a file is called, that file is read and nothing else.
func TestFileNames(t *testing.T) {
	data, err := os.ReadFile(clip(t))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{
		"-i", "-y", "--", "concat:a|b", "a%d.png", "a%03d.mkv", "%", "pipe:0", "pipe:", "http:..example.com.a", "a:b", "rtsp:x",
		"line\nbreak", "quo'te\"s\\", "$(touch owned);`touch owned`", "zoë 電話", "*?[a]", " ", "data:,x",
		"subfile,,start,0,end,1,,:x", "file:x", "|", "\xff\xfe",
	}
	t.Chdir(t.TempDir())
	if runtime.GOOS == "windows" {
		t.Skip("such names cannot be made there")
	}
	p, err := find(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var trying sync.WaitGroup
	for i, name := range names {
		trying.Go(func() {
			if err := tryName(t.Context(), p, name, data, i%6 == 0); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		})
	}
	trying.Wait()
	if left, _ := os.ReadDir("."); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// tryName makes a file of that name, looks into it, plays it if asked to, and removes it.
func tryName(ctx context.Context, p program, name string, data []byte, play bool) error {
	if err := os.WriteFile(name, data, 0o600); err != nil {
		return err
	}
	defer os.Remove(name)
	in := File(name)
	cfg, err := Config{}.withDefaults(in)
	if err != nil {
		return err
	}
	has, err := in.look(ctx, p, cfg)
	if err == nil && (!has.video || !has.audio || has.rate != 25) {
		err = errors.New("it is another file")
	}
	if err != nil || !play {
		return err
	}
	pl, err := newPlan(p, in, cfg, has)
	if err != nil {
		return err
	}
	s, err := open(ctx, pl)
	if err != nil {
		return err
	}
	defer s.Close()
	if s.Video().Track().Width != 160 {
		return errors.New("it is another file")
	}
	return nil
}

// What is not there, or is no media file, or names other files, is refused with a reason.
func TestFileRefused(t *testing.T) {
	need(t, "ffmpeg", "ffprobe")
	dir := t.TempDir()
	good := clip(t)
	list := "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n" + good + "\n#EXT-X-ENDLIST\n"
	for name, content := range map[string]string{
		"list.m3u8": list, "list.mkv": list, "list.txt": "ffconcat version 1.0\nfile '" + filepath.Base(good) + "'\n",
		"empty.mkv": "", "text.mkv": "this is no film",
		"call.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 VP8/90000\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), File(path), Config{})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s was opened", name)
		} else if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{filepath.Join(dir, "none"), "http://127.0.0.1:1/x", "concat:" + good + "|" + good, "pipe:0"} {
		if _, err := Open(t.Context(), File(path), Config{}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, in := range []Input{File(""), File("a\x00b"), File(dir), {}} {
		if _, err := Open(t.Context(), in, Config{}); err == nil {
			t.Errorf("%+v was opened", in)
		}
	}
}

// A context that ends ends Open, and nothing of it is left.
func TestOpenEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	path := script(t, "echo $$ > \"$0.pid\"; exec sleep 60")
	go func() {
		eventually(t, "it runs", func() bool { return pidIn(path+".pid") > 0 })
		cancel()
	}()
	_, err := Open(ctx, Camera("/dev/video9"), Config{Program: path})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	gone(t, pidIn(path+".pid"))
}
