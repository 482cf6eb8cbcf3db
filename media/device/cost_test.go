//go:build cgo && unix

package device

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// used is the CPU time of this process so far.
func used(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestCostBesideFFmpeg: a picture of 640x360 costs less than 8 ms, and at most 1.3 times what ffmpeg takes for the same
// pictures with settings for calls. Time of the CPU is measured, and still others who use the machine make it longer: only
// SOTTO_SPEED=1, which says that nobody does, holds each to 8 ms and the median of three to 1.3; otherwise it is one
// measurement, 25 ms and 3.
func TestCostBesideFFmpeg(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector costs more than the encoder")
	}
	pairs, most, limit := 1, 25*time.Millisecond, 3.0
	if reserved() {
		pairs, most, limit = 3, 8*time.Millisecond, 1.3
	}
	eachCodec(t, func(t *testing.T, codec media.Codec) {
		raw, all := rawPictures(t)
		var ratios []float64
		for range pairs {
			ours := encoderCost(t, codec, all)
			if ours > most {
				t.Errorf("%v a picture", ours)
			}
			name, settings := ffmpegEncoder(t, codec)
			theirs := ffmpegCost(t, settings, raw, costRounds, len(all)*costRounds)
			ratios = append(ratios, float64(ours)/float64(theirs))
			t.Logf("CPU a picture of 640x360: %v; ffmpeg with %s: %v; ratio %.2f", ours, name, theirs, ratios[len(ratios)-1])
			if cheap := cheapest.Replace(settings); cheap != settings {
				least := ffmpegCost(t, cheap, raw, costRounds, len(all)*costRounds)
				t.Logf("CPU a picture at %s's fastest: %v; ratio %.2f", name, least, float64(ours)/float64(least))
			}
		}
		if ratio := median(ratios); ratio > limit {
			t.Errorf("%.2f times ffmpeg, %.1f is allowed", ratio, limit)
		}
	})
}

const (
	costPictures = 60
	costRounds   = 5
)

// rawPictures makes pictures, and a file of them.
func rawPictures(t *testing.T) (raw string, all []*shot) {
	t.Helper()
	var b []byte
	for n := range costPictures {
		s := &shot{picture: newPicture(sceneW, sceneH)}
		scene(s.picture, n)
		b = append(append(append(b, s.picture.Y...), s.picture.Cb...), s.picture.Cr...)
		all = append(all, s)
	}
	raw = filepath.Join(t.TempDir(), "raw")
	if err := os.WriteFile(raw, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return raw, all
}

// encoderCost is what we take for a picture.
func encoderCost(t *testing.T, codec media.Codec, all []*shot) time.Duration {
	t.Helper()
	e := open(t, codec, encoderConfig{width: sceneW, height: sceneH, fps: 30, bitrate: 800_000})
	begin := used(t)
	for n := range len(all) * costRounds {
		if _, _, err := e.encode(all[n%len(all)].picture, time.Duration(n)*time.Second/30, false); err != nil {
			t.Fatal(err)
		}
	}
	return (used(t) - begin) / time.Duration(len(all)*costRounds)
}

// ffmpegEncoder is the encoder of this ffmpeg that is most like ours, and its settings for calls, or the test is skipped. x264
// does what OpenH264 does from veryfast on: it smooths the edges of blocks, refines motion to quarters of a pixel by the
// transformed difference, and divides blocks of pictures old and new. superfast leaves half of that out, ultrafast all;
// TestLikenessBesideFFmpeg has what either makes of the bits, and cheapest is printed beside.
func ffmpegEncoder(t *testing.T, codec media.Codec) (name, settings string) {
	t.Helper()
	need(t, "ffmpeg")
	list, err := exec.Command("ffmpeg", "-hide_banner", "-encoders").Output()
	if err != nil {
		t.Fatal(err)
	}
	order := [][2]string{
		{"libopenh264", "-allow_skip_frames 1"},
		{"libx264", "-preset veryfast -tune zerolatency -profile:v baseline"},
	}
	if codec == media.VP8 {
		order = [][2]string{{"libvpx", "-deadline realtime -cpu-used 8 -error-resilient 1"}}
	}
	for _, e := range order {
		if strings.Contains(string(list), " "+e[0]+" ") {
			return e[0], "-c:v " + e[0] + " " + e[1] + " -b:v 800k -maxrate 800k -bufsize 800k -g 9999 -threads:v 1"
		}
	}
	if os.Getenv("SOTTO_REQUIRE") == "1" {
		t.Fatalf("SOTTO_REQUIRE=1, but this ffmpeg has none of %v", order)
	}
	t.Skipf("this ffmpeg has none of %v", order)
	return "", ""
}

// cheapest makes of settings those of the least effort.
var cheapest = strings.NewReplacer("-preset veryfast", "-preset ultrafast")

// ffmpegCost is what ffmpeg takes for the same: the pictures are read and scaled by nobody, and the frames go nowhere.
func ffmpegCost(t *testing.T, settings, raw string, rounds, pictures int) time.Duration {
	t.Helper()
	args := fmt.Sprintf("-v error -threads 1 -f rawvideo -pix_fmt yuv420p -s 640x360 -r 30 -stream_loop %d -i", rounds-1)
	c := exec.CommandContext(t.Context(), "ffmpeg", append(strings.Fields(args), raw)...)
	c.Args = append(c.Args, strings.Fields(settings+" -f null -")...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return (c.ProcessState.UserTime() + c.ProcessState.SystemTime()) / time.Duration(pictures)
}

func BenchmarkEncode(b *testing.B) {
	for _, codec := range []media.Codec{media.H264, media.VP8} {
		b.Run(string(codec), func(b *testing.B) {
			e, err := newEncoder(codec, encoderConfig{width: sceneW, height: sceneH, fps: 30, bitrate: 800_000})
			if err != nil {
				b.Skip(err)
			}
			defer e.close()
			p := newPicture(sceneW, sceneH)
			cost := time.Duration(0)
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				scene(p, n)
				b.StartTimer()
				begin := used(b)
				if _, _, err := e.encode(p, time.Duration(n)*time.Second/30, false); err != nil {
					b.Fatal(err)
				}
				cost += used(b) - begin
			}
			b.ReportMetric(float64(cost)/float64(b.N)/1e6, "cpu-ms/picture")
		})
	}
}
