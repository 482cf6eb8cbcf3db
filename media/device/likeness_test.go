//go:build cgo && unix

package device

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// TestLikenessBesideFFmpeg: what is compared by its cost makes as much of the same bitrate. H264 is as like its pictures (SSIM)
// as what ffmpeg encodes with the settings of the comparison, within 0.003. What it makes with the least work is printed.
func TestLikenessBesideFFmpeg(t *testing.T) {
	raw, all := rawPictures(t)
	_, settings := ffmpegEncoder(t, media.H264)
	ours, kept := encoded(t, all)
	theirs := func(settings string) float64 {
		stream := filepath.Join(t.TempDir(), "theirs.h264")
		ffmpeg(t, rawInput+raw+" "+settings+" -f h264 "+stream)
		return likeness(t, stream, raw)
	}
	a, b := likeness(t, ours, kept), theirs(settings)
	t.Logf("SSIM of ours %.4f, of ffmpeg's %.4f, at its fastest %.4f", a, b, theirs(cheapest.Replace(settings)))
	if a < b-0.003 {
		t.Errorf("ours %.4f, ffmpeg's %.4f: they do not do the same", a, b)
	}
}

const rawInput = "-f rawvideo -pix_fmt yuv420p -s 640x360 -r 30 -i "

// encoded writes our H264, and the pictures in it: the encoder may leave out one where bits run short.
func encoded(t *testing.T, all []*shot) (stream, kept string) {
	t.Helper()
	e := open(t, media.H264, encoderConfig{width: sceneW, height: sceneH, fps: 30, bitrate: 800_000})
	var h264, yuv []byte
	for n, s := range all {
		frame, _, err := e.encode(s.picture, time.Duration(n)*time.Second/30, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(frame) == 0 {
			continue
		}
		h264 = append(h264, frame...)
		yuv = append(append(append(yuv, s.picture.Y...), s.picture.Cb...), s.picture.Cr...)
	}
	return written(t, "ours.h264", h264), written(t, "kept", yuv)
}

var ssim = regexp.MustCompile(`SSIM .*All:([0-9.]+)`)

// likeness is 1 for a stream that is the same as the pictures.
func likeness(t *testing.T, stream, pictures string) float64 {
	t.Helper()
	m := ssim.FindStringSubmatch(ffmpeg(t, "-r 30 -i "+stream+" "+rawInput+pictures+" -lavfi ssim -f null -"))
	if m == nil {
		t.Fatal("ffmpeg tells no SSIM")
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ffmpeg runs it, and returns what it says.
func ffmpeg(t *testing.T, args string) string {
	t.Helper()
	need(t, "ffmpeg")
	c := exec.CommandContext(t.Context(), "ffmpeg", strings.Fields("-hide_banner -nostdin "+args)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	return string(out)
}
