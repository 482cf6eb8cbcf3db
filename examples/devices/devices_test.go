package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media/pcm"
)

// try runs the program.
func try(ctx context.Context, t *testing.T, args string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = program(ctx, strings.Fields(args), &o, &e)
	return status, o.String(), e.String()
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args   string
		status int
		want   string // on stderr
	}{
		{"-h", 0, "Usage"},
		{"-level none", 2, "want test, ffmpeg, pulse, device"},
		{"-picture pulse", 2, "want test, ffmpeg, device"},
		{"-tone ffmpeg", 2, "told what"},
		{"-level test -tone test", 2, "one at a time"},
		{"-png x.png", 2, "for a -picture"},
		{"-columns 3", 2, "-columns"},
		{"-for -1s", 2, "-for"},
		{"microphone", 2, "is no flag"},
	} {
		if status, _, errs := try(t.Context(), t, c.args); status != c.status || !strings.Contains(errs, c.want) {
			t.Errorf("%q: %d %s", c.args, status, errs)
		}
	}
}

// A camera is listed once, by the node that takes pictures, and the default is what media/ffmpeg takes where none is named.
func TestCameras(t *testing.T) {
	sysfs := t.TempDir()
	for node, of := range map[string][2]string{"video0": {"0", "Front\n"}, "video1": {"1\n", "Front"}, "video2": {"0\n", ""}} {
		dir := filepath.Join(sysfs, node)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "index"), []byte(of[0]), 0o600),
			os.WriteFile(filepath.Join(dir, "name"), []byte(of[1]), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	list := func(paths ...string) string {
		var b strings.Builder
		for _, c := range cameras(paths, sysfs) {
			fmt.Fprintf(&b, "%s %q %t\n", c.ID, c.Name, c.Default)
		}
		return b.String()
	}
	for got, want := range map[string]string{
		list("/dev/video2", "/dev/video1", "/dev/video0"): "/dev/video0 \"Front\" true\n/dev/video2 \"/dev/video2\" false\n",
		list("/dev/video2", "/dev/video9"):                "/dev/video2 \"/dev/video2\" false\n/dev/video9 \"/dev/video9\" false\n",
	} {
		if got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
	}
}

func TestText(t *testing.T) {
	got := text([]found{
		{Backend: "pulse", Kind: "speaker", Use: "pulse:a", Name: "Loud", Default: true},
		{Backend: "pulse", Kind: "microphone", Use: "pulse:b\x1b[2J", Name: "Evil\x1b[2J"},
		{Backend: "pulse", Kind: "microphone", Use: "pulse:c", Name: "Good"},
	}, []missing{{"device", "not built in"}})
	want := "microphones\n" +
		"  pulse:b?[2J                              \"Evil\\x1b[2J\"\n" +
		"  pulse:c                                  \"Good\"\n" +
		"speakers\n" +
		"* pulse:a                                  \"Loud\"\n" +
		"* is the default. Try one: devices -level MICROPHONE, -tone SPEAKER, -picture CAMERA\n" +
		"device: not built in\n"
	if got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	if got := text(nil, nil); !strings.Contains(got, "-camera test") {
		t.Error(got)
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		voice pcm.Voice
		want  string
	}{
		{pcm.Voice{Level: 127}, " -127 dBov           [                  ]"},
		{pcm.Voice{Level: 45}, "  -45 dBov           [#########         ]"},
		{pcm.Voice{Level: 0, Speaking: true}, "    0 dBov  speech   [##################]"},
	} {
		if got := bar(c.voice, 42); got != c.want {
			t.Errorf("%v: %q, want %q", c.voice, got, c.want)
		}
		for _, columns := range []int{40, 80, 1000} {
			if n := len(bar(c.voice, columns)); n >= columns {
				t.Errorf("%d columns: %d", columns, n)
			}
		}
	}
}

// The test devices, in virtual time.
func TestTestDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		status, out, errs := try(t.Context(), t, "-level test -json -for 2s")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if took := time.Since(start); status != 0 || len(lines) < 19 || len(lines) > 21 || took < 2*time.Second || took > 2100*time.Millisecond {
			t.Errorf("%d %s: %d lines in %v", status, errs, len(lines), took)
		}
		var v struct {
			DBov     int `json:"dBov"`
			Speaking *bool
		}
		if err := json.Unmarshal([]byte(lines[5]), &v); err != nil || v.DBov != -23 || v.Speaking == nil {
			t.Errorf("%s: %v", lines[5], err)
		}
		start = time.Now()
		status, out, errs = try(t.Context(), t, "-tone test -for 3s")
		if took := time.Since(start); status != 0 || took < 2900*time.Millisecond || took > 3100*time.Millisecond || !strings.Contains(out, "would have been -23 dBov") {
			t.Errorf("%d %s%s in %v", status, out, errs, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond) // Ctrl-C
		defer cancel()
		if status, out, errs := try(ctx, t, "-level test -for 0"); status != 0 || !strings.HasSuffix(out, "]\n") {
			t.Errorf("%d %q %s", status, out, errs)
		}
	})
}

// The test picture has its colours, in the terminal and in a file, which is never overwritten.
func TestPicture(t *testing.T) {
	status, out, errs := try(t.Context(), t, "-picture test -columns 64")
	if rows := strings.Count(out, "\n"); status != 0 || rows != 18 || strings.Count(out, "▀") != 18*64 {
		t.Errorf("%d %s: %d rows", status, errs, rows)
	}
	path := filepath.Join(t.TempDir(), "picture.png")
	if status, out, errs := try(t.Context(), t, "-json -picture test -png "+path); status != 0 || !strings.Contains(out, `"width":640`) {
		t.Errorf("%d %s%s", status, out, errs)
	}
	colours(t, path)
	if status, _, errs := try(t.Context(), t, "-picture test -png "+path); status != 1 || !strings.Contains(errs, "exist") {
		t.Errorf("%d %s", status, errs)
	}
}

// colours looks for the colours of the test picture at half of its height: yellow, green and blue bars among them.
func colours(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[3]bool]bool{}
	for x := range m.Bounds().Dx() {
		r, g, b, _ := m.At(x, m.Bounds().Dy()/2).RGBA()
		seen[[3]bool{r > 0x8000, g > 0x8000, b > 0x8000}] = true
	}
	if len(seen) < 6 {
		t.Errorf("only %d colours: %v", len(seen), seen)
	}
}

func TestBlocks(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 4, 4))
	for x := range 4 {
		for y := range 4 {
			c := color.RGBA{200, 0, 0, 255}
			if y > 1 {
				c = color.RGBA{0, 0, 100, 255}
			}
			m.Set(x, y, c)
		}
	}
	const cell = "\x1b[38;2;200;0;0m\x1b[48;2;0;0;100m▀"
	if got := blocks(m, 2); got != cell+cell+"\x1b[0m\n" {
		t.Errorf("%q", got)
	}
	blocks(image.NewRGBA(image.Rect(0, 0, 3, 1)), 20) // smaller than the terminal
}

// H264 is decoded by ffmpeg, and what is no picture is an error.
func TestDecodeByFFmpeg(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but ffmpeg is not installed")
		}
		t.Skip(err)
	}
	frame, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=red:size=640x360", "-frames:v", "1", "-c:v", "libx264",
		"-f", "h264", "pipe:1").Output()
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but this ffmpeg makes no H264: ", err)
		}
		t.Skip("this ffmpeg makes no H264: ", err)
	}
	m, err := decodeByFFmpeg(t.Context(), frame)
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b := mean(m, 0, 0, 1, 1); r < 240 || g > 15 || b > 15 {
		t.Errorf("red is %d %d %d", r, g, b)
	}
	if _, err := decodeByFFmpeg(t.Context(), []byte("no picture")); err == nil {
		t.Error("no picture was decoded")
	}
}

// With a sound server: its devices are listed, and a tone that is played is heard.
func TestPulse(t *testing.T) {
	pulsetest.Start(t, "speaker")
	status, out, errs := try(t.Context(), t, "-json")
	var l struct{ Devices []found }
	if err := json.Unmarshal([]byte(out), &l); err != nil || status != 0 {
		t.Fatalf("%d %s%s: %v", status, out, errs, err)
	}
	kinds := map[string]bool{}
	for _, d := range l.Devices {
		kinds[d.Use+" "+d.Kind] = true
	}
	if !kinds["pulse:speaker speaker"] || !kinds["pulse:speaker.monitor monitor"] {
		t.Errorf("listed %v", kinds)
	}
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan struct{})
	go func() {
		defer close(played)
		try(ctx, t, "-tone pulse:speaker -for 0")
	}()
	defer func() { cancel(); <-played }()
	heard := &search{text: `"dBov":-23,`}
	var seen context.Context
	seen, heard.found = context.WithCancel(t.Context())
	defer heard.found()
	var said bytes.Buffer
	if status := program(seen, strings.Fields("-level pulse:speaker.monitor -json -for 30s"), heard, &said); status != 0 || seen.Err() == nil {
		t.Errorf("%d %s%s", status, &heard.Buffer, &said)
	}
}

// A search calls found when what is written has a text.
type search struct {
	bytes.Buffer
	text  string
	found func()
}

// Write keeps all.
func (s *search) Write(b []byte) (int, error) {
	n, err := s.Buffer.Write(b)
	if strings.Contains(s.String(), s.text) {
		s.found()
	}
	return n, err
}

// Where nothing is, the words say what to do.
func TestNothingThere(t *testing.T) {
	t.Setenv("PULSE_SERVER", "unix:/nowhere/native")
	status, out, errs := try(t.Context(), t, "")
	if status != 0 || !strings.Contains(out, "pulse: ") {
		t.Errorf("%d %s%s", status, out, errs)
	}
	if status, _, errs := try(t.Context(), t, "-level pulse"); status != 1 || !strings.Contains(errs, "start") {
		t.Errorf("%d %s", status, errs)
	}
}
