package ffmpeg

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A tone played to PulseAudio by Speaker is heard by Microphone at the other side of a null sink, from the first sample on
// and without a hole. Where the machine is not reserved half of it is enough, in one of five tries.
func TestPulse(t *testing.T) {
	need(t, "ffmpeg", "pulseaudio")
	dir := t.TempDir()
	server := exec.CommandContext(t.Context(), "pulseaudio", "-n", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no",
		"--load=module-null-sink sink_name=sotto", "--load=module-native-protocol-unix socket="+dir+"/native")
	server.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "HOME="+dir)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	eventually(t, "PulseAudio is there", func() bool { _, err := os.Stat(filepath.Join(dir, "native")); return err == nil })
	t.Setenv("PULSE_SERVER", "unix:"+dir+"/native")
	t.Setenv("HOME", dir)

	out, err := Speaker("pulse", "", map[string]string{"device": "sotto"})(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var playing sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer func() { cancel(); playing.Wait(); _ = out.Close() }()
	playing.Go(func() {
		samples := make([]int16, 480)
		for i := 0; ctx.Err() == nil; i += len(samples) {
			for j := range samples {
				samples[j] = int16(8000 * math.Sin(2*math.Pi*1000*float64(i+j)/48000))
			}
			_ = out.Write(ctx, samples)
		}
	})
	in, err := Microphone(Format("pulse", "sotto.monitor", nil))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for try := 1; ; try++ {
		samples, took := listen(t, in, 1500*time.Millisecond)
		good, all := tones(samples[4800:], 0.9)
		t.Logf("1.5 s in %v; %d of %d stretches of 50 ms are the tone; %v wait in the speaker", took, good, all, out.Delay())
		least, pace := all/2, 500*time.Millisecond
		if alone() {
			least, pace = all, 1200*time.Millisecond
		}
		if good >= least && took >= pace {
			return
		}
		if try == 5 {
			t.Fatal("that is not the tone")
		}
	}
}
