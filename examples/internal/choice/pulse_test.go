package choice

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
)

// A speaker of ffmpeg's plays on the sink that the flag names, and on the default one if it names none. Mutation: give ffmpeg the
// name as the URL.
func TestFFmpegPlaysOnTheSinkThatIsNamed(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but ffmpeg is not installed")
		}
		t.Skip(err)
	}
	for name, sink := range map[string]string{"pulse:second": "second", "pulse:first": "first", "pulse:default": "first", "pulse": "first"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			server := pulsetest.Start(t, "first", "second")
			out, err := Device{FFmpeg, name}.Speaker(nil)(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var playing sync.WaitGroup
			playing.Go(func() {
				for out.Write(t.Context(), make([]int16, 480)) == nil { // until Close
				}
			})
			defer playing.Wait()
			defer out.Close()
			if got := playsOn(t, server); got != sink {
				t.Errorf("it plays on %q, want %q", got, sink)
			}
		})
	}
}

// playsOn waits until something is played, and names its sink.
func playsOn(t *testing.T, server *pulsetest.Server) string {
	t.Helper()
	for start := time.Now(); time.Since(start) < 20*time.Second; {
		played := strings.Fields(server.Pactl("list", "short", "sink-inputs"))
		if len(played) < 2 {
			continue
		}
		for line := range strings.Lines(server.Pactl("list", "short", "sinks")) {
			if f := strings.Fields(line); f[0] == played[1] {
				return f[1]
			}
		}
	}
	t.Fatal("nothing is played")
	return ""
}
