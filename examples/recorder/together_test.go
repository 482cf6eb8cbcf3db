package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// What README.md says makes one file of pictures and sound: the sound begins when the picture turns white, whichever of the
// tracks began first.
func TestSoundAndPicturesTogether(t *testing.T) {
	require(t, "ffmpeg")
	require(t, "ffprobe")
	const clap = 2 * time.Second
	pictures := made(t, "video.ivf", file.IVF, "-f", "lavfi", "-i",
		fmt.Sprintf("color=black:size=64x48:rate=30:duration=4,drawbox=color=white:thickness=fill:enable='gte(t,%g)'", clap.Seconds()),
		"-c:v", "libvpx-vp9", "-deadline", "realtime", "-lag-in-frames", "0", "-g", "10")
	sound := made(t, "audio.ogg", file.Ogg, "-f", "lavfi", "-i",
		fmt.Sprintf("sine=frequency=440:duration=4,volume=0:enable='lt(t,%g)'", clap.Seconds()), "-c:a", "libopus")
	for name, late := range map[string][2]time.Duration{"pictures first": {0, time.Second}, "sound first": {time.Second, 0}} {
		t.Run(name, func(t *testing.T) {
			r, err := begin(t.TempDir(), 10<<20, t.Logf)
			if err != nil {
				t.Fatal(err)
			}
			f, err := r.participant("participant-1", true)
			if err != nil {
				t.Fatal(err)
			}
			g := &gate{}
			g.open(f)
			playInto(t, g, pictures, sound, late)
			r.finish()
			if got := names(t, r.folder.path); got != "mix.wav participant-1.ivf participant-1.ogg" {
				t.Errorf("files: %s", got)
			}
			path := together(t, r.folder.path)
			white := when(t, "movie="+path+",signalstats", "lavfi.signalstats.YAVG", 150)
			loud := when(t, "amovie="+path+",asetnsamples=480,astats=metadata=1:reset=1", "lavfi.astats.Overall.RMS_level", -40)
			t.Logf("white after %v, loud after %v", white, loud)
			if off := white - loud; off.Abs() > 40*time.Millisecond {
				t.Errorf("the picture is %v after the sound", off)
			}
		})
	}
}

// A clip is a track with all its frames.
type clip struct {
	info   media.TrackInfo
	frames []media.Frame
}

// made lets ffmpeg make a file, and reads it.
func made(t *testing.T, name string, open file.Format, args ...string) (c clip) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("ffmpeg", append(append([]string{"-v", "error", "-nostdin"}, args...), path)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := open(in)
	if err != nil {
		t.Fatal(err)
	}
	c.info = r.Track()
	for f, err := r.ReadFrame(); err == nil; f, err = r.ReadFrame() {
		c.frames = append(c.frames, f)
	}
	return c
}

// playInto lets both tracks through a gate, in the middle of a call, in the order of their times. What of a track comes before
// late is not there.
func playInto(t *testing.T, g *gate, pictures, sound clip, late [2]time.Duration) {
	t.Helper()
	const before = time.Minute // that the call had lasted
	tracks := [2]clip{pictures, sound}
	sinks := [2]media.Sink{g.track(pictures.info, t.Logf), g.track(sound.info, t.Logf)}
	for {
		next := 0
		switch {
		case len(tracks[0].frames) == 0 && len(tracks[1].frames) == 0:
			return
		case len(tracks[0].frames) == 0, len(tracks[1].frames) > 0 && tracks[1].frames[0].Time < tracks[0].frames[0].Time:
			next = 1
		}
		f := tracks[next].frames[0]
		tracks[next].frames = tracks[next].frames[1:]
		if f.Time < late[next] {
			continue
		}
		f.Time += before
		if err := sinks[next].WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
}

// together runs the line of README.md in a folder, and returns the path of what it makes.
func together(t *testing.T, dir string) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(readme)) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "ffmpeg ") {
			continue
		}
		c := exec.Command(words[0], append([]string{"-v", "error", "-nostdin"}, words[1:]...)...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%s: %v %s", line, err, out)
		}
		path := filepath.Join(dir, words[len(words)-1])
		if codecs, _ := probe(t, path); codecs != "opus vp9" {
			t.Errorf("%s has %s", path, codecs)
		}
		return path
	}
	t.Fatal("README.md has no line with ffmpeg")
	return ""
}

// when is the time in a file at which a measure of a filter of ffmpeg first exceeds a limit.
func when(t *testing.T, filter, measure string, limit float64) time.Duration {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-f", "lavfi", "-i", filter, "-show_entries", "frame=pts_time:frame_tags="+measure,
		"-of", "csv=p=0").Output()
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	for _, frame := range all {
		at, err := strconv.ParseFloat(frame[0], 64)
		v, err2 := strconv.ParseFloat(frame[len(frame)-1], 64)
		if err == nil && err2 == nil && v > limit {
			return time.Duration(at * float64(time.Second))
		}
	}
	t.Fatalf("%s is never more than %g", measure, limit)
	return 0
}
