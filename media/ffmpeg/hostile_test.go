package ffmpeg

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// opusFrame is a packet of 20 ms that no decoder is asked to like.
func opusFrame(at time.Duration) media.Frame {
	return media.Frame{Data: []byte{0xf8, 1, 2}, Time: at, Key: true}
}

// sound records a second of sound.
func sound(t testing.TB, r *Recording) {
	t.Helper()
	sink := r.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})
	for i := range 50 {
		if err := sink.WriteFrame(opusFrame(time.Duration(i) * 20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
}

// partBytes is how much is in the parts of a recording.
func partBytes(t testing.TB, r *Recording) (n int64) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(r.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		n += info.Size()
	}
	return n
}

// jump is a sender whose times jump by 59 minutes a packet, until it is refused or has sent 100.
func jump(sink media.Sink) (err error) {
	for i := 0; i < 100 && err == nil; i++ {
		err = sink.WriteFrame(opusFrame(time.Duration(i) * 59 * time.Minute))
	}
	return err
}

// What a writer puts in for jumping times counts against MaxBytes, and so do the headers of many small frames: all tracks
// end. It fails if Recording counts the bytes that come, if part.Write writes what spend refuses, and if spend does not
// remember that it refused: after a large frame there is room for small ones.
func TestRecordLimitsWhatIsWritten(t *testing.T) {
	const limit = 50_000
	vp8 := append([]byte("\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"), make([]byte, 30_000)...)
	for name, write := range map[string]func(media.Sink) error{
		"jumps": jump,
		"large frames": func(sink media.Sink) error {
			return errors.Join(sink.WriteFrame(media.Frame{Data: vp8, Key: true}), sink.WriteFrame(media.Frame{Data: vp8}))
		},
		"small frames": func(sink media.Sink) (err error) {
			for i := 0; i < 20_000 && err == nil; i++ {
				err = sink.WriteFrame(opusFrame(time.Duration(i) * 20 * time.Millisecond))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Record(RecordConfig{Path: filepath.Join(t.TempDir(), "x.mkv"), Program: script(t, "exit 1"), MaxBytes: limit})
			if err != nil {
				t.Fatal(err)
			}
			other := r.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})
			if err := other.WriteFrame(opusFrame(0)); err != nil {
				t.Fatal(err)
			}
			info := media.TrackInfo{Kind: media.Audio, Codec: media.Opus}
			if name == "large frames" {
				info = media.TrackInfo{Kind: media.Video, Codec: media.VP8}
			}
			if err := write(r.Sink(info)); !errors.Is(err, file.ErrSizeLimit) {
				t.Error(err)
			}
			for i := 0; err == nil && i < 10; i++ {
				err = other.WriteFrame(opusFrame(time.Duration(i) * 20 * time.Millisecond))
			}
			if !errors.Is(err, file.ErrSizeLimit) {
				t.Errorf("the other track goes on: %v", err)
			}
			if err := r.Close(); !errors.Is(err, file.ErrSizeLimit) {
				t.Error(err)
			}
			if n := partBytes(t, r); n > limit || n < limit/2 {
				t.Errorf("%d bytes of at most %d", n, limit)
			}
		})
	}
}

// Without a limit jumping times cost some 240 kB once, not with each packet. It fails if OggWriter.room forgets what was
// filled.
func TestRecordJumpsWithoutLimit(t *testing.T) {
	r, err := Record(RecordConfig{Path: filepath.Join(t.TempDir(), "x.mkv"), Program: script(t, "exit 1")})
	if err != nil {
		t.Fatal(err)
	}
	if err := jump(r.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})); err != nil {
		t.Error(err)
	}
	_ = r.Close()
	if n := partBytes(t, r); n > 300_000 {
		t.Errorf("%d bytes of 100 packets of 3", n)
	}
}

// What a peer calls a key frame and is none begins no part, and the others are recorded. It fails if track.begins believes
// Frame.Key, if avcStart does without an IDR picture, or if parseVP8 takes a picture of no size.
func TestRecordNoKeyFrame(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	const sets = "\x00\x00\x01\x67\x42\x00\x1e\xab\x00\x00\x01\x68\xce\x3c\x80"
	bad := map[media.Codec][]string{
		media.VP8:  {"\x00garbage and more of it", "\x10\x00\x00\x9d\x01\x2a\x00\x00\x00\x00 no size"},
		media.VP9:  {"\xffgarbage and more of it"},
		media.AV1:  {"\xffgarbage and more of it"},
		media.H264: {"\x00\x00\x01\x65\x88\x84 no parameter sets", sets, "garbage"},
	}
	path := filepath.Join(t.TempDir(), "x.mkv")
	r, err := Record(RecordConfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for codec, frames := range bad {
		for _, data := range frames {
			if err := r.Sink(media.TrackInfo{Kind: media.Video, Codec: codec}).WriteFrame(media.Frame{Data: []byte(data), Key: true}); err != nil {
				t.Errorf("%s: %v", codec, err)
			}
		}
	}
	if parts, _ := filepath.Glob(filepath.Join(r.dir, "*")); len(parts) != 0 {
		t.Errorf("parts: %v", parts)
	}
	sound(t, r)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if streams := ffprobe(t, path); len(streams) != 1 || streams[0].Codec != "opus" {
		t.Errorf("%+v", streams)
	}
}

// A part that ffmpeg cannot read is left out and kept, and the others are recorded: here H264 whose parameter sets
// are garbage. It fails without the second mux in together, and if publish removes all parts.
func TestRecordWithoutBadPart(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	path := filepath.Join(t.TempDir(), "x.mkv")
	r, err := Record(RecordConfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	sound(t, r)
	garbage := "\x00\x00\x01\x67\xff\xff\xff\xff\xff\x00\x00\x01\x68\xff\x00\x00\x01\x65\xff\xff\xff"
	if err := r.Sink(media.TrackInfo{Kind: media.Video, Codec: media.H264}).WriteFrame(media.Frame{Data: []byte(garbage), Key: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "1.flv") || !strings.Contains(err.Error(), r.dir) {
		t.Error(err)
	}
	if streams := ffprobe(t, path); len(streams) != 1 || streams[0].frames() < 49 {
		t.Errorf("%+v", streams)
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, "*"))
	if len(left) != 1 || filepath.Base(left[0]) != "1.flv" {
		t.Errorf("left: %v", left)
	}
}

// An ffmpeg that fails on no part alone, or on all, or hangs on many, is no reason to leave one out: all parts stay, and
// Close does not take for ever. It fails if together publishes without a good mux, or without maxStuck.
func TestRecordGivesUp(t *testing.T) {
	t.Parallel()
	const full = "{ echo 'No space left on device' >&2; exit 1; }"
	const write = "for last; do :; done; echo x > \"${last#file:}\""
	for name, c := range map[string]struct {
		body, words string
		starts      int
	}{
		"all":   {full, "No space left", 7},
		"none":  {"case \"$*\" in *0.ogg*1.ogg*) " + full + ";; esac; " + write, "No space left", 7},
		"twice": {"case \"$*\" in *result*) " + full + ";; *0.ogg*) exit 1;; esac; " + write, "No space left", 8},
		"hangs": {"exec sleep 60", "nowhere", 1 + maxStuck},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.mkv")
			program := script(t, "echo x >> \"$0.starts\"; "+c.body)
			r, err := Record(RecordConfig{Path: path, Program: program})
			if err != nil {
				t.Fatal(err)
			}
			if name == "hangs" {
				r.patience = 300 * time.Millisecond
			}
			for range 6 {
				sound(t, r)
			}
			if err := r.Close(); err == nil || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), r.dir) {
				t.Error(err)
			}
			if b, _ := os.ReadFile(program + ".starts"); len(b) > 2*c.starts || len(b) < 2 {
				t.Errorf("ffmpeg was started %d times, %d at most", len(b)/2, c.starts)
			}
			if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Error(err)
			}
			if parts, _ := filepath.Glob(filepath.Join(r.dir, "*.ogg")); len(parts) != 6 {
				t.Errorf("%d parts are left", len(parts))
			}
		})
	}
}
