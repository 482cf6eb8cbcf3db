package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
)

const grace = 3 * time.Second

// A call leaves a file for each participant, one with the pictures, and the mix of all.
func TestRecording(t *testing.T) {
	out := withRecorder(t, &bot{policy: policy{grace: grace}, beep: true}, func(s *stage) {
		a := s.ring(true)
		time.Sleep(grace + 20*time.Second + time.Second)
		a.notice()
		a.hangUp()
	})
	dir := one(t, out)
	if got, want := names(t, dir), "mix.wav participant-1.ogg participant-1.webm recorder.ogg recording.json"; got != want {
		t.Fatalf("files: %s\nwant   %s", got, want)
	}
	m := readManifest(t, dir)
	if len(m.Participants) != 2 || m.Participants[0].Name != "Alice" || m.Participants[0].Agreed || m.Participants[0].Noticed.IsZero() ||
		strings.Join(m.Participants[0].Files, " ") != "participant-1.ogg participant-1.webm" || m.Participants[1].Name != "Bob (recorder)" ||
		m.Ended.Sub(m.Began) < 20*time.Second || m.Began.Sub(m.Participants[0].Noticed) < grace || !strings.Contains(m.Why, "left") {
		t.Errorf("the manifest says %+v", m)
	}
	length := m.Ended.Sub(m.Began)
	samples := readMix(t, dir)
	if got := time.Duration(len(samples)) * time.Second / 48000; (got - length).Abs() > 200*time.Millisecond {
		t.Errorf("the mix has %v, want %v", got, length)
	}
	if loud := amplitude(samples[48000:2*48000], 440); loud < 1000 {
		t.Errorf("the mix has the caller's tone with %.0f", loud)
	}
	for second, want := range map[int]bool{0: true, 5: false, 15: true} {
		piece := samples[second*48000:][:48000]
		if loud := amplitude(piece, beepTone) > 300; loud != want {
			t.Errorf("second %d of the mix has a beep: %t", second, loud)
		}
	}
	checkFiles(t, dir, length)
}

// checkFiles asks ffprobe.
func checkFiles(t *testing.T, dir string, length time.Duration) {
	t.Helper()
	require(t, "ffprobe")
	for name, codecs := range map[string]string{"mix.wav": "pcm_s16le", "participant-1.ogg": "opus", "participant-1.webm": "opus vp8", "recorder.ogg": "opus"} {
		got, seconds := probe(t, filepath.Join(dir, name))
		if got != codecs {
			t.Errorf("%s has %s, want %s", name, got, codecs)
		}
		if math.Abs(seconds-length.Seconds()) > 0.8 {
			t.Errorf("%s has %.2f s, want %v", name, seconds, length)
		}
	}
}

// Whoever hangs up on the notice is not recorded: not even a folder is made.
func TestHangUpOnNotice(t *testing.T) {
	out := withRecorder(t, &bot{policy: policy{grace: grace}}, func(s *stage) {
		a := s.ring(false)
		time.Sleep(2 * time.Second)
		a.notice()
		a.hangUp()
		time.Sleep(10 * time.Second)
	})
	if _, err := os.Stat(out); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
}

// With -require-consent nothing is written before the caller agrees.
func TestConsent(t *testing.T) {
	out := withRecorder(t, &bot{policy: policy{grace: grace, consent: true}}, func(s *stage) {
		a := s.ring(false)
		time.Sleep(20 * time.Second)
		if !strings.Contains(a.notice(), consentText) {
			t.Error("the notice does not say how to agree")
		}
		a.send("yes")
		time.Sleep(time.Second)
		if _, err := os.Stat(s.bot.out); err == nil {
			t.Error("something was written before the caller agreed")
		}
		a.send(consentText)
		time.Sleep(4 * time.Second)
		a.hangUp()
	})
	dir := one(t, out)
	if got, want := names(t, dir), "mix.wav participant-1.ogg recorder.ogg recording.json"; got != want {
		t.Fatalf("files: %s\nwant   %s", got, want)
	}
	if m := readManifest(t, dir); !m.Participants[0].Agreed || (m.Ended.Sub(m.Began)-4500*time.Millisecond).Abs() > time.Second {
		t.Errorf("the manifest says %+v", m)
	}
	require(t, "ffprobe")
	if codecs, seconds := probe(t, filepath.Join(dir, "participant-1.ogg")); codecs != "opus" || seconds < 3.5 || seconds > 4.2 {
		t.Errorf("the sound is %s of %.1f s", codecs, seconds)
	}
}

// Who does not answer, says no, or changes their mind, is left.
func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		name    string
		consent bool
		say     []string
		files   string
		why     string
	}{
		{"no answer", true, nil, "", "they did not agree in time"},
		{"no", true, []string{`{"sotto":"consent","record":false}`}, "", "they do not want to be recorded"},
		{"no, where nobody asks", false, []string{`{"sotto":"consent","record":false}`}, "", "they do not want to be recorded"},
		{"yes, and then no", true, []string{consentText, `{"sotto":"consent","record":false}`},
			"mix.wav participant-1.ogg recorder.ogg recording.json", "they do not want to be recorded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := withRecorder(t, &bot{policy: policy{grace: grace, consent: c.consent}}, func(s *stage) {
				a := s.ring(false)
				for _, text := range c.say {
					time.Sleep(time.Second)
					a.send(text)
				}
				if ev := <-a.ended; ev.Reason != call.Left || !ev.Remote {
					t.Errorf("the call ended: %v", ev)
				}
				time.Sleep(time.Second)
				if !strings.Contains(s.log.String(), c.why) {
					t.Errorf("no line with %q in\n%s", c.why, s.log)
				}
			})
			if c.files == "" {
				if one(t, out) != "" {
					t.Error("something was written")
				}
				return
			}
			dir := one(t, out)
			if got := names(t, dir); got != c.files {
				t.Errorf("files: %s\nwant   %s", got, c.files)
			}
			if p := readManifest(t, dir).Participants[0]; p.Agreed || !p.Refused {
				t.Errorf("the manifest says %+v", p)
			}
		})
	}
}

// A call that is cut leaves whole files; one that goes on leaves files that can be read up to there.
func TestBadEnds(t *testing.T) {
	require(t, "ffprobe")
	var halfway string
	out := withRecorder(t, &bot{policy: policy{grace: 0}}, func(s *stage) {
		a := s.ring(true)
		time.Sleep(5 * time.Second)
		halfway = copyFolder(t, one(t, s.bot.out)) // what is there if the machine fails now
		a.call.Close()
		time.Sleep(40 * time.Second)
	})
	if got, want := names(t, halfway), "mix.wav.part participant-1.ogg.part participant-1.webm.part recorder.ogg.part"; got != want {
		t.Errorf("halfway there are %s, want %s", got, want)
	}
	if got, want := names(t, one(t, out)), "mix.wav participant-1.ogg participant-1.webm recorder.ogg recording.json"; got != want {
		t.Errorf("in the end there are %s, want %s", got, want)
	}
	for _, file := range []string{filepath.Join(halfway, "mix.wav.part"), filepath.Join(halfway, "participant-1.ogg.part"),
		filepath.Join(halfway, "participant-1.webm.part"), filepath.Join(one(t, out), "participant-1.webm")} {
		if b, err := exec.Command("ffmpeg", "-v", "error", "-i", file, "-f", "null", "-").CombinedOutput(); err != nil || len(b) > 0 {
			t.Errorf("%s cannot be played: %v %s", file, err, b)
		}
	}
}

// At the limit the files are completed and the call ends.
func TestLimit(t *testing.T) {
	const limit = 1 << 20
	out := withRecorder(t, &bot{policy: policy{grace: 0}, limit: limit}, func(s *stage) {
		a := s.ring(true)
		if ev := <-a.ended; ev.Reason != call.Left || !ev.Remote {
			t.Errorf("the call ended: %v", ev)
		}
	})
	dir := one(t, out)
	sum := int64(0)
	for _, name := range strings.Fields(names(t, dir)) {
		if strings.HasSuffix(name, unfinished) {
			t.Errorf("%s is not finished", name)
		}
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sum += info.Size()
	}
	if sum < limit*9/10 || sum > limit+64<<10 {
		t.Errorf("%d bytes were written, want about %d", sum, limit)
	}
	if why := readManifest(t, dir).Why; !strings.Contains(why, "which is the limit") {
		t.Errorf("it ended because %s", why)
	}
}

// The recorder rings somebody, too.
func TestRing(t *testing.T) {
	out := withRecorder(t, &bot{policy: policy{grace: grace}}, func(s *stage) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			in, err := s.net.Alice.Client.Accept(s.t.Context())
			if err != nil {
				s.t.Error(err)
				return
			}
			c, err := in.Answer(s.t.Context(), testMedia(s.t, false))
			if err != nil {
				s.t.Error(err)
				return
			}
			a := s.follow(c)
			time.Sleep(grace + 5*time.Second)
			a.notice()
			a.hangUp()
		}()
		if err := s.bot.ring(s.t.Context(), s.net.Bob.Peer.Name); err != nil {
			s.t.Error(err)
		}
		if err := s.bot.ring(s.t.Context(), "Nobody"); err == nil || !strings.Contains(err.Error(), "contact list") {
			s.t.Errorf("nobody: %v", err)
		}
		<-done
	})
	if got, want := names(t, one(t, out)), "mix.wav participant-1.ogg recorder.ogg recording.json"; got != want {
		t.Errorf("files: %s, want %s", got, want)
	}
}

// Ctrl-C while it rings takes the call back.
func TestRingIsTakenBack(t *testing.T) {
	withRecorder(t, &bot{policy: policy{grace: grace}}, func(s *stage) {
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		defer cancel()
		if err := s.bot.ring(ctx, s.net.Bob.Peer.Name); err == nil || !strings.Contains(err.Error(), "nothing was recorded: the recorder ends") {
			s.t.Errorf("ring: %v", err)
		}
		if !strings.Contains(s.log.String(), "is gone: ended here: cancelled") {
			s.t.Errorf("the recorder said\n%s", s.log)
		}
	})
}

// When the program ends it hangs up and completes the files.
func TestTheRecorderEnds(t *testing.T) {
	out := withRecorder(t, &bot{policy: policy{grace: 0}}, func(s *stage) {
		a := s.ring(false)
		time.Sleep(3 * time.Second)
		s.stop()
		if ev := <-a.ended; ev.Reason != call.Left || !ev.Remote {
			t.Errorf("the call ended: %v", ev)
		}
	})
	if got := names(t, one(t, out)); strings.Contains(got, unfinished) || !strings.Contains(got, "recording.json") {
		t.Errorf("files: %s", got)
	}
}

func copyFolder(t *testing.T, dir string) (to string) {
	t.Helper()
	to = t.TempDir()
	for _, name := range strings.Fields(names(t, dir)) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// readMix returns the samples of mix.wav.
func readMix(t *testing.T, dir string) (samples []int16) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "mix.wav"))
	if err != nil || len(b) < 44 || string(b[:4]) != "RIFF" || int(binary.LittleEndian.Uint32(b[40:])) != len(b)-44 {
		t.Fatalf("mix.wav: %d bytes, %v", len(b), err)
	}
	for b = b[44:]; len(b) >= 2; b = b[2:] {
		samples = append(samples, int16(binary.LittleEndian.Uint16(b)))
	}
	return samples
}

// amplitude is that of the sine of this frequency in samples at 48 kHz.
func amplitude(samples []int16, hertz float64) float64 {
	var re, im float64
	for i, s := range samples {
		angle := 2 * math.Pi * hertz * float64(i) / 48000
		re += float64(s) * math.Cos(angle)
		im += float64(s) * math.Sin(angle)
	}
	return 2 * math.Hypot(re, im) / float64(len(samples))
}

// probe asks ffprobe for the codecs of a file, in alphabetical order, and its length in seconds.
func probe(t *testing.T, path string) (codecs string, seconds float64) {
	t.Helper()
	b, err := exec.Command("ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", path).Output()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var p struct {
		Streams []struct {
			Codec string `json:"codec_name"`
		}
		Format struct{ Duration string }
	}
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range p.Streams {
		all = append(all, s.Codec)
	}
	if len(all) == 2 && all[0] > all[1] {
		all[0], all[1] = all[1], all[0]
	}
	fmt.Sscan(p.Format.Duration, &seconds)
	return strings.Join(all, " "), seconds
}

// require skips a test that needs a program, or fails it where SOTTO_REQUIRE=1.
func require(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but %s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
}
