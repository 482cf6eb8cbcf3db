package ffmpeg

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// A plan is how one input becomes frames: everything but what may change from one start of ffmpeg to the next.
type plan struct {
	program program
	in      Input
	cfg     Config
	has     contents
	video   string // encoder
}

// newPlan chooses the encoders.
func newPlan(p program, in Input, cfg Config, has contents) (plan, error) {
	pl := plan{program: p, in: in, cfg: cfg, has: has}
	if pl.cfg.FrameRate == 0 {
		pl.cfg.FrameRate = orZero(has.rate, 30)
	}
	var err error
	if has.video && cfg.Codec == "H264" {
		pl.video, err = p.need("H264", "libx264", "libopenh264")
	} else if has.video {
		pl.video, err = p.need("VP8", "libvpx")
	}
	if err == nil && has.audio {
		_, err = p.need("Opus", "libopus")
	}
	return pl, err
}

// command is ffmpeg's command line: video to its first pipe, audio to the next. The caller closes what is in extra.
func (pl plan) command() (command, error) {
	c := command{op: "read " + pl.in.name, program: pl.program.path, secrets: pl.in.secrets}
	if pl.has.video {
		c.outputs++
	}
	if pl.has.audio {
		c.outputs++
	}
	source, inherit, err := pl.in.source(2 + c.outputs)
	if err != nil {
		return c, err
	}
	if inherit != nil {
		c.extra = []*os.File{inherit}
	}
	c.args = append([]string{"-nostdin", "-hide_banner", "-loglevel", "error"}, pl.pacing()...)
	c.args = append(c.args, source...)
	if pl.has.video {
		c.args = append(append(c.args, pl.videoArgs()...), "pipe:1")
	}
	if pl.has.audio {
		c.args = append(append(c.args, pl.audioArgs()...), fmt.Sprintf("pipe:%d", []int{1, 3}[c.outputs-1]))
	}
	return c, nil
}

// pacing is what comes before the input's own options.
func (pl plan) pacing() (args []string) {
	if pl.in.rush {
		args = append(args, "-re")
	}
	if pl.cfg.Loop {
		args = append(args, "-stream_loop", "-1")
	}
	switch pl.in.format { // ask the device for what is wanted, so that little is thrown away
	case "v4l2":
		if pl.in.options["framerate"] == "" {
			args = append(args, "-framerate", strconv.Itoa(pl.cfg.FrameRate))
		}
		if pl.cfg.Width > 0 && pl.cfg.Height > 0 && pl.in.options["video_size"] == "" {
			args = append(args, "-video_size", fmt.Sprintf("%dx%d", pl.cfg.Width, pl.cfg.Height))
		}
	case "x11grab", "gdigrab":
		if pl.in.options["framerate"] == "" {
			args = append(args, "-framerate", strconv.Itoa(pl.cfg.FrameRate))
		}
	case "pulse":
		if pl.in.options["fragment_size"] == "" { // else the server may hold back seconds
			args = append(args, "-fragment_size", strconv.Itoa(20*48*2*pl.cfg.Channels))
		}
	}
	return args
}

// videoArgs: pictures keep the times that they came at, on a grid of the frame rate; what is more is dropped.
func (pl plan) videoArgs() []string {
	cfg := pl.cfg
	bps := strconv.Itoa(cfg.Bitrate)
	buffer := strconv.Itoa(cfg.Bitrate / 2) // half a second, after which the encoder must have come back to its rate
	keys := strconv.Itoa(max(1, int(math.Round(cfg.KeyInterval.Seconds()*float64(cfg.FrameRate)))))
	mode := "-fps_mode"
	if pl.program.major < 6 { // 5.1 knows both
		mode = "-vsync"
	}
	args := []string{
		"-map", "0:V:0", "-an", "-sn", "-dn", "-map_metadata", "-1", "-vf", pl.filters(), "-pix_fmt", "yuv420p",
		"-r", strconv.Itoa(cfg.FrameRate), mode, "vfr", "-c:v", pl.video,
		"-b:v", bps, "-maxrate", bps, "-bufsize", buffer, "-g", keys,
		// What a picture lasts is not known before the next one: a key frame by the clock, where pictures are fewer.
		"-force_key_frames", fmt.Sprintf("expr:gte(t,n_forced*%g)", cfg.KeyInterval.Seconds()),
	}
	switch pl.video {
	case "libvpx":
		args = append(args, "-minrate", bps, "-deadline", "realtime", "-cpu-used", "8", "-error-resilient", "default",
			"-lag-in-frames", "0", "-static-thresh", "100", "-threads", "2")
	case "libx264":
		args = append(args, "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline", "-bf", "0",
			"-sc_threshold", "0", "-flags", "+global_header")
	case "libopenh264":
		args = append(args, "-profile:v", "constrained_baseline", "-bf", "0", "-flags", "+global_header")
	}
	if cfg.Codec == "H264" {
		return append(args, "-flvflags", "no_duration_filesize+no_metadata", "-flush_packets", "1", "-f", "flv")
	}
	return append(args, "-flush_packets", "1", "-f", "ivf")
}

// filters fit the picture. There is no text in them that is not ours.
func (pl plan) filters() string {
	w, h := pl.cfg.Width, pl.cfg.Height
	var f []string
	switch {
	case w > 0 && h > 0:
		f = append(f, fmt.Sprintf("scale=%d:%d:force_original_aspect_ratio=decrease", w, h),
			fmt.Sprintf("pad=%d:%d:(ow-iw)/2:(oh-ih)/2", w, h))
	case w > 0:
		f = append(f, fmt.Sprintf("scale=%d:-2", w))
	case h > 0:
		f = append(f, fmt.Sprintf("scale=-2:%d", h))
	default:
		f = append(f, "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0") // 4:2:0 has no odd sizes
	}
	return strings.Join(append(f, "setsar=1"), ",")
}

// audioFilter sees to it that the n-th packet is at n times 20 ms: holes are filled with silence from the input's beginning
// on. But what a sound device says of the time is worse than the number of its samples (PulseAudio's is wrong by tenths of a
// second at first, and the silence would be heard), so there that counts.
func audioFilter(in Input) string {
	switch {
	case !in.live:
		return "aresample=async=1:first_pts=0"
	case in.media == onlyAudio:
		return "asetpts=N/SR/TB"
	}
	return "aresample=async=1:first_pts=0:min_hard_comp=0.25"
}

func (pl plan) audioArgs() []string {
	args := []string{
		"-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-af", audioFilter(pl.in),
		"-ac", strconv.Itoa(pl.cfg.Channels), "-ar", "48000", "-c:a", "libopus", "-b:a", strconv.Itoa(pl.cfg.AudioBitrate),
		"-application", "voip", "-vbr", "off", "-frame_duration", "20", "-packet_loss", "1",
	}
	if pl.program.major >= 5 { // before, an expected loss was enough
		args = append(args, "-fec", "1")
	}
	return append(args, "-page_duration", "20000", "-flush_packets", "1", "-f", "ogg")
}
