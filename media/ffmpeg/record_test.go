package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// take plays n frames of a kind into a sink, moved by so much in time, and returns the time of the first. Sound has no gap, though a
// source drops what waits for too long.
func take(t testing.TB, source media.Source, sink media.Sink, n int, by time.Duration) (first time.Duration) {
	t.Helper()
	for i := range n {
		f := mustRead(t, source, 1)[0]
		f.Time += by
		if i == 0 {
			first = f.Time
		}
		if source.Track().Kind == media.Audio {
			f.Time = first + time.Duration(i)*20*time.Millisecond
		}
		if err := sink.WriteFrame(f.Frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	return first
}

// A stream is what ffprobe says of one.
type probed struct {
	Codec  string            `json:"codec_name"`
	Type   string            `json:"codec_type"`
	Start  string            `json:"start_time"`
	Frames string            `json:"nb_read_frames"`
	Width  int               `json:"width"`
	Tags   map[string]string `json:"tags"`
}

// ffprobe decodes a file.
func ffprobe(t testing.TB, path string) (streams []probed) {
	t.Helper()
	out := runProgram(t, "ffprobe", "-loglevel", "error", "-count_frames", "-of", "json", "-show_streams", "file:"+path)
	var answer struct{ Streams []probed }
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Streams
}

func (p probed) start() float64 { v, _ := strconv.ParseFloat(p.Start, 64); return v }
func (p probed) frames() int    { n, _ := strconv.Atoi(p.Frames); return n }

// samplesOf decodes the sound of a file to 48 kHz mono.
func samplesOf(t testing.TB, path string, stream string) []int16 {
	t.Helper()
	out := runProgram(t, "ffmpeg", "-nostdin", "-loglevel", "error", "-i", "file:"+path, "-map", stream, "-f", "s16le", "-ar", "48000", "-ac", "1", "-")
	return samplesIn([]byte(out))
}

// samplesIn are samples of 16 bits, little endian.
func samplesIn(b []byte) []int16 {
	samples := make([]int16, len(b)/2)
	for i := range samples {
		samples[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	return samples
}

// power is the share of the energy of samples that is at a frequency (Goertzel), 0 to 1.
func power(samples []int16, hz float64) float64 {
	w := 2 * math.Pi * hz / 48000
	var re, im, total float64
	for i, v := range samples {
		s, c := math.Sincos(w * float64(i))
		re, im, total = re+float64(v)*c, im+float64(v)*s, total+float64(v)*float64(v)
	}
	if total == 0 {
		return 0
	}
	return 2 * (re*re + im*im) / (total * float64(len(samples)))
}

// Tracks of two participants in one file of each kind: all frames, each track in its place, under hostile names.
func TestRecord(t *testing.T) {
	for name, codec := range map[string]media.Codec{
		"-y.webm": media.VP8, "a%d 'b\"\n|:.mkv": media.VP8, "h264.mkv": media.H264, "concat:é.mp4": media.H264,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, "ffmpeg", "ffprobe")
			s := mustOpen(t, Format("lavfi", both, nil), Config{Codec: codec, KeyInterval: 300 * time.Millisecond})
			path := filepath.Join(t.TempDir(), name)
			r, err := Record(RecordConfig{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			audio := take(t, s.Audio(), r.Sink(s.Audio().Track()), 30, 0)
			video := take(t, s.Video(), r.Sink(s.Video().Track()), 20, 2*time.Second) // begins later
			second := r.Participant("Zoë; -f null")
			take(t, s.Audio(), second.Sink(s.Audio().Track()), 5, time.Hour) // its clock is another
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			checkRecording(t, path, codec, video-audio)
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
				t.Errorf("%v", left)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", info.Mode(), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if err := r.Sink(s.Audio().Track()).WriteFrame(media.Frame{Data: []byte{1}}); !errors.Is(err, fs.ErrClosed) {
				t.Error(err)
			}
		})
	}
}

func checkRecording(t *testing.T, path string, codec media.Codec, later time.Duration) {
	t.Helper()
	streams := ffprobe(t, path)
	if len(streams) != 3 {
		t.Fatalf("%+v", streams)
	}
	audio, video, second := streams[0], streams[1], streams[2]
	if audio.Codec != "opus" || video.Codec != strings.ToLower(string(codec)) || second.Codec != "opus" || video.Width != 320 {
		t.Errorf("%+v", streams)
	}
	if audio.frames() < 29 || audio.frames() > 30 || video.frames() != 20 || second.frames() > 5 {
		t.Errorf("%d, %d, %d frames", audio.frames(), video.frames(), second.frames())
	}
	if d := video.start() - audio.start() - later.Seconds(); d < -0.02 || d > 0.02 {
		t.Errorf("video begins %v after audio, and %v s more", later, d)
	}
	if d := second.start() - audio.start(); d < 0 || d > 10 {
		t.Errorf("the second participant begins %v s after the first", d)
	}
	if title := second.Tags["title"]; title != "Zoë; -f null" && !strings.HasSuffix(path, ".mp4") { // MP4 names no tracks
		t.Errorf("title %q", title)
	}
	samples := samplesOf(t, path, "0:0")
	if p := power(samples[9600:24000], 1000); p < 0.9 {
		t.Errorf("%.2f of the sound is at 1 kHz", p)
	}
}

// G.711 is in an .mkv file as it came, in its place.
func TestRecordG711(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	for codec, name := range map[media.Codec]string{media.PCMU: "mulaw", media.PCMA: "alaw"} {
		path := filepath.Join(t.TempDir(), "x.mkv")
		r, err := Record(RecordConfig{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		info := media.TrackInfo{Kind: media.Audio, Codec: codec, ClockRate: 8000, Channels: 1}
		early, late := r.Sink(info), r.Sink(info)
		var want []byte
		for n := range 50 {
			f := media.Frame{Data: bytes.Repeat([]byte{byte(n)}, 160), Time: time.Duration(n) * 20 * time.Millisecond, Key: true}
			want = append(want, f.Data...)
			if err := early.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
			f.Time += 2 * time.Second
			if err := late.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		streams := ffprobe(t, path)
		if len(streams) != 2 || streams[0].Codec != "pcm_"+name || streams[0].start() != 0 || streams[1].start() != 2 {
			t.Errorf("%+v", streams)
		}
		got := runProgram(t, "ffmpeg", "-nostdin", "-loglevel", "error", "-i", "file:"+path, "-map", "0:1", "-c", "copy", "-f", name, "-")
		if got != string(want) {
			t.Errorf("%s: %d bytes, want %d", codec, len(got), len(want))
		}
	}
}

// What cannot be recorded is refused, in time and in words, and nothing is left of it.
func TestRecordRefused(t *testing.T) {
	need(t, "ffmpeg")
	dir := t.TempDir()
	for _, path := range []string{"", "x", "x.avi", filepath.Join(dir, "none", "x.mkv"), filepath.Join(dir, "\x00.mkv")} {
		if _, err := Record(RecordConfig{Path: path}); err == nil {
			t.Errorf("%q was taken", path)
		}
	}
	path := filepath.Join(dir, "x.webm")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Record(RecordConfig{Path: path}); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "precious" {
		t.Error("overwritten")
	}
	_ = os.Remove(path)
	r, err := Record(RecordConfig{Path: path, MaxBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Sink(media.TrackInfo{Codec: media.H264}).WriteFrame(media.Frame{Data: []byte{0, 0, 1, 5}, Key: true}); err == nil || !strings.Contains(err.Error(), ".mkv") {
		t.Error(err)
	}
	if err := r.Sink(media.TrackInfo{Codec: "iLBC"}).WriteFrame(media.Frame{Data: []byte{1}}); err == nil || strings.Contains(err.Error(), ".mkv") {
		t.Errorf("advice that does not help: %v", err)
	}
	big := media.Frame{Data: append([]byte("\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00"), make([]byte, 91)...), Key: true}
	if err := r.Sink(media.TrackInfo{Kind: media.Video, Codec: media.VP8}).WriteFrame(big); !errors.Is(err, file.ErrSizeLimit) {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, file.ErrSizeLimit) || !strings.Contains(err.Error(), "nothing was recorded") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v", left)
	}
}

// Frames that no file can hold do not end a track.
func TestRecordPassesOverBadFrames(t *testing.T) {
	need(t, "ffmpeg")
	r, err := Record(RecordConfig{Path: filepath.Join(t.TempDir(), "x.mkv")})
	if err != nil {
		t.Fatal(err)
	}
	sink := r.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})
	for n, data := range []string{"\xff", "\xf8\x01", "", "\xff", "\xf8\x02"} {
		if err := sink.WriteFrame(media.Frame{Data: []byte(data), Time: time.Duration(n) * 20 * time.Millisecond}); err != nil {
			t.Errorf("frame %d: %v", n, err)
		}
	}
	if err := r.Close(); !errors.Is(err, file.ErrFrame) { // the file is there, and not whole
		t.Error(err)
	}
	if _, err := os.Stat(r.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the parts stay: %v", err)
	}
	if s := ffprobe(t, r.cfg.Path); len(s) != 1 || s[0].Codec != "opus" || s[0].frames() < 2 {
		t.Errorf("%+v", s)
	}
}

// An ffmpeg that fails at the end: its words, and the parts stay.
func TestRecordFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.webm")
	r, err := Record(RecordConfig{Path: path, Program: script(t, "echo 'No space left on device' >&2; exit 1")})
	if err != nil {
		t.Fatal(err)
	}
	sink := r.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})
	for i := range 10 {
		if err := sink.WriteFrame(media.Frame{Data: []byte{0xf8, 1, 2}, Time: time.Duration(i) * 20 * time.Millisecond, Key: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err = r.Close(); err == nil || !strings.Contains(err.Error(), "No space left") || !strings.Contains(err.Error(), r.dir) {
		t.Error(err)
	}
	f, err := file.OpenOgg(filepath.Join(r.dir, "0.ogg"), file.SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// An ffmpeg that hangs at the end is ended.
func TestRecordHangs(t *testing.T) {
	t.Parallel()
	path := script(t, "trap '' TERM; echo $$ > \"$0.pid\"; while :; do sleep 1; done")
	r, err := Record(RecordConfig{Path: filepath.Join(t.TempDir(), "x.webm"), Program: path})
	if err != nil {
		t.Fatal(err)
	}
	r.patience = 300 * time.Millisecond
	if err := r.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus}).WriteFrame(media.Frame{Data: []byte{0xf8, 1}, Key: true}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := r.Close(); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Error(err)
	}
	if took := time.Since(start); took > tooLong {
		t.Errorf("Close took %v", took)
	}
	gone(t, pidIn(path+".pid"))
}

// A player that dies ends its sink with its words; one that does not read costs frames, never the call's time.
func TestPlayFails(t *testing.T) {
	t.Parallel()
	play := func(body string) (*Player, media.Sink) {
		p, err := Play(PlayConfig{Program: script(t, body), Format: "sdl"})
		if err != nil {
			t.Fatal(err)
		}
		return p, p.Sink(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})
	}
	frame := func(i int) media.Frame {
		return media.Frame{Data: append([]byte{0xf8}, make([]byte, 1000)...), Time: time.Duration(i) * 20 * time.Millisecond, Key: true}
	}
	p, sink := play("echo 'no display' >&2; exit 1")
	i := 0
	var err error
	eventually(t, "the sink fails", func() bool { err = sink.WriteFrame(frame(i)); i++; return err != nil })
	if !strings.Contains(err.Error(), "no display") {
		t.Error(err)
	}
	_ = p.Close()

	p, sink = play("trap '' TERM; echo $$ > \"$0.pid\"; while :; do sleep 1; done")
	start := time.Now()
	for i := range 1000 {
		if err := sink.WriteFrame(frame(i)); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took > tooLong {
		t.Errorf("a thousand frames took %v", took)
	}
	eventually(t, "it runs", func() bool { return pidIn(p.program.path+".pid") > 0 })
	_ = p.Close()
	if took := time.Since(start); took > tooLong {
		t.Errorf("Close took %v", took)
	}
	gone(t, pidIn(p.program.path+".pid"))
}
