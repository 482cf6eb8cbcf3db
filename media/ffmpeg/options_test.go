package ffmpeg

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// No option of a format is one of ffmpeg's command line, which could name files to read or write.
func TestOptions(t *testing.T) {
	for _, key := range []string{"", "i", "y", "report", "noreport", "a b", "-i", "framerate\n", "Framerate", "é", "a=b", strings.Repeat("a", 65), "filter_complex"} {
		if checkOptions(map[string]string{key: "x"}) == nil {
			t.Errorf("%q was taken", key)
		}
		if err := Format("lavfi", tone, map[string]string{key: "x"}).check(); err == nil {
			t.Errorf("%q was taken", key)
		}
	}
	if checkOptions(map[string]string{"framerate": "\x00"}) == nil {
		t.Error("NUL was taken")
	}
	good := map[string]string{"framerate": "30", "input_format": "mjpeg", "rtsp_transport": "tcp", "node": "-y", "sample_rate": "48000"}
	if err := checkOptions(good); err != nil {
		t.Error(err)
	}
	want := []string{"-framerate", "30", "-input_format", "mjpeg", "-node", "-y", "-rtsp_transport", "tcp", "-sample_rate", "48000"}
	if got := optionArgs(good); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// harmless options of the command line are those that say how to read, and name nothing.
var harmless = words("t to ss sseof itsoffset itsscale seek_timestamp thread_queue_size r ar ac channel_layout ch_layout pix_fmt")

// Every other option of the ffmpeg that is here is refused.
func TestOptionsOfTheCommandLine(t *testing.T) {
	need(t, "ffmpeg")
	help := runProgram(t, "ffmpeg", "-hide_banner", "-h", "long")
	n := 0
	for _, m := range regexp.MustCompile(`(?m)^-([a-zA-Z0-9_]+)`).FindAllStringSubmatch(help, -1) {
		n++
		if key := m[1]; optionKey.MatchString(key) && !harmless[key] && checkOptions(map[string]string{key: "x"}) == nil {
			t.Errorf("%q is an option of the command line", key)
		}
	}
	if n < 100 {
		t.Errorf("%d options", n)
	}
}

func TestFormat(t *testing.T) {
	for _, format := range []string{"", "-i", "a b", "lavfi\n", "LAVFI", "a,b"} {
		if Format(format, "x", nil).check() == nil {
			t.Errorf("%q was taken", format)
		}
	}
	in := Format("mpegts", "srt://user:secret@host:9000?passphrase=x", nil)
	if strings.Contains(in.name, "secret") {
		t.Error(in.name)
	}
	if in := Format("http", "//user:secret@host/a.ts", nil); strings.Contains(in.name, "secret") { // http://… by a flag FORMAT:URL
		t.Error(in.name)
	}
	args, _, _ := Format("alsa", "-y", map[string]string{"sample_rate": "48000"}).source(3)
	if want := []string{"-fflags", "+nobuffer", "-f", "alsa", "-sample_rate", "48000", "-i", "-y"}; !slices.Equal(args, want) {
		t.Errorf("%q", args)
	}
}

// RTSP takes nothing but the URL of a camera, and never shows a password.
func TestRTSPAddress(t *testing.T) {
	for _, address := range []string{
		"", "camera", "http://a/b", "file:/etc/passwd", "rtsp:", "rtsp://", "rtsp:a", "rtsp://:554/", "-i", "concat:a|b", "rtsp://a b/",
		"RTMP://secret@x", "rtsp://user:secret@/x", "rtsp://secret\n@h/", "rtsp://user:secret%zz@h/", "pipe:0",
	} {
		err := RTSP(address, RTSPOptions{}).check()
		if err == nil {
			t.Errorf("%q was taken", address)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
	in := RTSP("rtsp://admin:s3cr%3At%7C@[::1]:8554/a b?token=hidden#frag", RTSPOptions{Timeout: time.Second})
	if err := in.check(); err != nil {
		t.Fatal(err)
	}
	if want := "rtsp://admin:s3cr%3At%7C@[::1]:8554/a%20b?token=hidden"; in.url != want {
		t.Errorf("%s, want %s", in.url, want)
	}
	if in.name != "rtsp://[::1]:8554" {
		t.Error(in.name)
	}
	said := "x " + in.url + " y s3cr:t| z s3cr%3At%7C token=hidden"
	if got := redact(said, in.secrets); strings.Contains(got, "s3cr") || strings.Contains(got, "hidden") || !strings.Contains(got, "[::1]:8554") {
		t.Error(got)
	}
	if in.options["timeout"] != "1000000" || in.forVersion(program{major: 4}).options["stimeout"] != "1000000" {
		t.Errorf("%v", in.options)
	}
	if _, ok := in.forVersion(program{major: 4}).options["timeout"]; ok {
		t.Error("before version 5 that makes ffmpeg wait to be called")
	}
}

// Many cameras take the password in the path.
func TestRTSPPath(t *testing.T) {
	in := RTSP("rtsp://cam:554/user=admin_password=s3cret_channel=1.sdp", RTSPOptions{})
	l := tail{secrets: in.secrets}
	_, _ = l.Write([]byte("[rtsp @ 0x55] method DESCRIBE failed\n" + in.url + ": Server returned 404 Not Found\nRTSP://cam/s3cret/1\n"))
	if w := l.words(); strings.Contains(w, "s3cret") || !strings.Contains(w, "rtsp://cam:554/…") || !strings.Contains(w, "404 Not Found") {
		t.Error(w)
	}
	if err := in.failure(&Error{Op: "read " + in.name, Words: l.words()}, false); strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "cam:554") {
		t.Error(err)
	}
}

func TestTail(t *testing.T) {
	var l tail
	l.secrets = []string{"hunter2"}
	for range 5000 {
		_, _ = l.Write([]byte("rtsp://me:hunter2@cam/ failed: \x1b[31m[tcp @ 0x55d0c0ffee] hunter2\n"))
	}
	w := l.words()
	if len(w) > maxWords || len(w) < maxWords/4 || strings.Contains(w, "hunter2") || strings.Contains(w, "me:") || strings.Contains(w, "\x1b") || strings.Contains(w, "0x55") {
		t.Errorf("%d bytes: %.200s", len(w), w)
	}
	l = tail{secrets: []string{"hunter2"}}
	_, _ = l.Write([]byte(strings.Repeat("hunter2", 10000))) // no line ends: what was cut cannot be known
	if w := l.words(); strings.Contains(w, "unter") {
		t.Error(w)
	}
	if got := lastWords("one\ntwo\n\nthree\n", 9); got != "three" {
		t.Errorf("%q", got)
	}
	if got := lastWords("one\ntwo\n", 100); got != "one; two" {
		t.Errorf("%q", got)
	}
}

func TestVersion(t *testing.T) {
	for banner, want := range map[string]int{
		"ffmpeg version 5.1.9-0+deb12u1 Copyright": 5, "ffmpeg version n7.1 x": 7, "ffmpeg version N-109542-g1bf1": 1000, "": 1000,
		"ffmpeg version 4.4.2": 4, "ffmpeg version 3.4": 3, "ffmpeg version 2024-05-27-git": 1000, "ffmpeg version 99999999999999999999.1": 1000,
	} {
		if got := version(banner); got != want {
			t.Errorf("%q: %d, want %d", banner, got, want)
		}
	}
}

// The filters fit any picture into what is asked for.
func TestFilters(t *testing.T) {
	for _, c := range []struct {
		w, h int
		want string
	}{
		{0, 0, "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,setsar=1"},
		{640, 0, "scale=640:-2,setsar=1"},
		{0, 360, "scale=-2:360,setsar=1"},
		{640, 360, "scale=640:360:force_original_aspect_ratio=decrease,pad=640:360:(ow-iw)/2:(oh-ih)/2,setsar=1"},
	} {
		if got := (plan{cfg: Config{Width: c.w, Height: c.h}}).filters(); got != c.want {
			t.Errorf("%dx%d: %s", c.w, c.h, got)
		}
	}
}
