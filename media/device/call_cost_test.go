//go:build cgo && unix

package device

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// TestCallCostBesideFFmpeg: CPU time of a process that sends a call, a picture of 640x360 30 times a second and sound in
// Opus, sealed, over a real connection to another process; beside ffmpeg, which encodes the same pictures and sound at the
// same pace and throws them away. Both are measured without their start. They run side by side, since a core that others
// keep busy makes the same work cost up to a quarter more, and so does it to both. SOTTO_SPEED=1 takes 6 s three times and
// holds the median to 1.3, and prints what ffmpeg takes with the least work once; otherwise it is a moment, and 3. SOTTO_PROFILE=file keeps a profile of the sender. What the
// receiving process takes, which is this one, is printed: it opens all frames, decodes the sound and plays it, and throws the
// pictures away, for nothing here decodes them.
func TestCallCostBesideFFmpeg(t *testing.T) {
	if codec := os.Getenv(senderCodec); codec != "" {
		sendCall(t, media.Codec(codec))
		return
	}
	if raceEnabled || testing.Short() {
		t.Skip("the time of the CPU is measured: not in a short run, nor with the race detector")
	}
	pairs, d, limit, flow := 1, 1500*time.Millisecond, 3.0, 0.2
	if reserved() {
		pairs, d, limit, flow = 3, 6*time.Second, 1.3, 0.85
	}
	eachCodec(t, func(t *testing.T, codec media.Codec) {
		name, settings := ffmpegEncoder(t, codec)
		pictures, sound := writePictures(t), writeSound(t)
		compare := func(name, settings string, pairs int) (ratio float64) {
			start := ffmpegCallCost(t, settings, pictures, sound, time.Second/30)
			var ours, heard, theirs, ratios []float64
			for range pairs {
				var f time.Duration
				s, r := callCost(t, codec, pictures, sound, d, func() {
					f = ffmpegCallCost(t, settings, pictures, sound, d) - start
				})
				if least := flow * d.Seconds(); float64(s.Frames) < 30*least || float64(s.Packets) < 50*least {
					t.Errorf("too little was sent: %+v", s)
				}
				o, h, th := perSecond(s.CPU, s.Wall), perSecond(r.CPU, r.Wall), perSecond(f, d)
				t.Logf("%.1f ms/s, %d pictures, %d skipped, %d packets of sound; received for %.1f ms/s; "+
					"ffmpeg %.1f ms/s, and %v to start; ratio %.2f", o, s.Captured, s.Skipped, s.Packets, h, th, start, o/th)
				ours, heard = append(ours, o), append(heard, h)
				theirs, ratios = append(theirs, th), append(ratios, o/th)
			}
			fmt.Printf("CPU of a call (%s + Opus): sending process %.1f ms/s, receiving process %.1f ms/s; ffmpeg with %s %.1f ms/s, "+
				"ratio of the sender %.2f\n", codec, median(ours), median(heard), name, median(theirs), median(ratios))
			return median(ratios)
		}
		if ratio := compare(name, settings, pairs); ratio > limit || ratio <= 0 {
			t.Errorf("%.2f times ffmpeg, %.1f is allowed", ratio, limit)
		}
		if cheap := cheapest.Replace(settings); cheap != settings && reserved() {
			compare(name+" at its fastest", cheap, 1)
		}
	})
}

// perSecond is in milliseconds a second.
func perSecond(cpu, d time.Duration) float64 { return 1e3 * cpu.Seconds() / d.Seconds() }

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// callCost starts a process that sends a call to this one, and says what each takes once pictures and sound arrive. beside is
// called meanwhile.
func callCost(t *testing.T, codec media.Codec, pictures, sound string, d time.Duration, beside func()) (sent, received spent) {
	t.Run("call", func(t *testing.T) { // what it opens is gone at its end
		w := startSender(t, codec, pictures, sound)
		var video, audio atomic.Int64
		conn, fingerprint := notedConn(t, w, codec, true, receiver(t, &video, &audio))
		spoke := make(chan error, 1)
		go func() { spoke <- receiveCall(w, conn, fingerprint, &sent) }()
		awaitFlow(t, &video, &audio, spoke)
		arrived := [2]int64{video.Load(), audio.Load()}
		cpu, began := used(t), time.Now()
		if err := w.send(note{Measure: d}); err != nil {
			t.Fatal(err)
		}
		beside()
		if err := <-spoke; err != nil {
			t.Fatal(err)
		}
		received = spent{CPU: used(t) - cpu, Wall: time.Since(began)}
		wantMore(t, "pictures", &video, arrived[0]+int64(0.9*float64(sent.Frames))-2)
		wantMore(t, "packets of sound", &audio, arrived[1]+int64(0.9*float64(sent.Packets))-2)
	})
	if t.Failed() {
		t.FailNow()
	}
	return sent, received
}

// wantMore waits until at least so many have arrived: the last that were sent are still on their way.
func wantMore(t *testing.T, what string, have *atomic.Int64, want int64) {
	t.Helper()
	tick, late := time.NewTicker(time.Millisecond), time.After(5*time.Second)
	defer tick.Stop()
	for have.Load() < want {
		select {
		case <-tick.C:
		case <-late:
			t.Errorf("%d %s have arrived, of %d at least", have.Load(), what, want)
			return
		}
	}
}

// awaitFlow returns when the call has begun, and what a start costs is over.
func awaitFlow(t *testing.T, video, audio *atomic.Int64, spoke <-chan error) {
	t.Helper()
	tick, late := time.NewTicker(10*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for video.Load() < 20 || audio.Load() < 50 {
		select {
		case <-tick.C:
		case err := <-spoke:
			t.Fatalf("the sender ended: %v", err)
		case <-late:
			t.Fatalf("%d pictures and %d packets of sound arrive", video.Load(), audio.Load())
		}
	}
}

// startSender starts this test again, as the process that sends.
func startSender(t *testing.T, codec media.Codec, pictures, sound string) *wire {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestCallCostBesideFFmpeg$", "-test.timeout=60s")
	if file := os.Getenv("SOTTO_PROFILE"); file != "" {
		c.Args = append(c.Args, "-test.cpuprofile="+file)
	}
	c.Env = append(os.Environ(), senderCodec+"="+string(codec), senderPictures+"="+pictures, senderSound+"="+sound)
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // it ends
		said, _ := io.ReadAll(out)
		if err := c.Wait(); err != nil {
			t.Errorf("the sender: %v\n%s", err, said)
		}
	})
	return newWire(out, in)
}

var benchmark = regexp.MustCompile(`bench: utime=([0-9.]+)s stime=([0-9.]+)s`)

// ffmpegCallCost is what ffmpeg takes to encode the same for d, as it says itself: without loading its libraries. Opus is
// set as in package opus.
func ffmpegCallCost(t *testing.T, settings, pictures, sound string, d time.Duration) time.Duration {
	t.Helper()
	seconds := strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
	args := []string{"-hide_banner", "-nostats", "-nostdin", "-benchmark"}
	args = append(args, strings.Fields("-re -stream_loop -1 -threads 1 -f rawvideo -pix_fmt yuv420p -s 640x360 -r 30 -i")...)
	args = append(args, pictures)
	args = append(args, strings.Fields("-re -stream_loop -1 -f s16le -ar 48000 -ac 1 -i")...)
	args = append(args, sound, "-map", "0:v", "-map", "1:a", "-t", seconds)
	args = append(args, strings.Fields(settings)...)
	args = append(args, strings.Fields("-c:a libopus -b:a 32k -vbr off -application voip -frame_duration 20 "+
		"-compression_level 9 -fec 1 -packet_loss 5 -f null -")...)
	c := exec.CommandContext(t.Context(), "ffmpeg", args...)
	out, err := c.CombinedOutput()
	m := benchmark.FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	sum := time.Duration(0)
	for _, text := range m[1:] {
		s, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(s * float64(time.Second))
	}
	return sum
}

// writePictures writes 80 pictures of the scene, after which its board is where it was: they can be shown over and over.
func writePictures(t *testing.T) (path string) {
	t.Helper()
	var raw []byte
	p := newPicture(sceneW, sceneH)
	for n := range 80 {
		scene(p, n)
		raw = append(append(append(raw, p.Y...), p.Cb...), p.Cr...)
	}
	return written(t, "pictures", raw)
}

// writeSound writes 2 s of what an encoder of speech takes for speech: a voice of some 120 Hz with its harmonics, in four
// syllables a second.
func writeSound(t *testing.T) (path string) {
	t.Helper()
	var raw []byte
	phase := 0.0
	for i := range 2 * 48000 {
		at := float64(i) / 48000
		phase += 2 * math.Pi * (120 + 20*math.Sin(2*math.Pi*at)) / 48000
		v := 0.0
		for k := 1; k <= 25; k++ {
			v += math.Sin(float64(k)*phase) / float64(k)
		}
		loud := max(math.Sin(2*math.Pi*4*at), 0)
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(6000*v*loud)))
	}
	return written(t, "sound", raw)
}

func written(t *testing.T, name string, raw []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
