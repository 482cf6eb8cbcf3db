package ffmpeg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// contents is what is in an input.
type contents struct {
	video, audio bool
	rate         int // pictures a second; 0: not known
}

// look finds out what is in an input, by ffprobe where that is not known and matters.
func (in Input) look(ctx context.Context, p program, c Config) (contents, error) {
	has := contents{video: !c.NoVideo, audio: !c.NoAudio}
	switch {
	case in.media == onlyVideo:
		has.audio = false
	case in.media == onlyAudio:
		has.video = false
	case in.file != "" || has.video && has.audio:
		found, err := in.probe(ctx, p)
		if err != nil {
			return contents{}, err
		}
		has = contents{video: has.video && found.video, audio: has.audio && found.audio, rate: found.rate}
	}
	if !has.video && !has.audio {
		return contents{}, fmt.Errorf("ffmpeg: %s: nothing in it that is wanted", in.name)
	}
	return has, nil
}

// probe asks ffprobe.
func (in Input) probe(ctx context.Context, p program) (contents, error) {
	path, err := p.ffprobe()
	if err != nil {
		return contents{}, err
	}
	source, inherit, err := in.source(3)
	if err != nil {
		return contents{}, err
	}
	c := command{
		op: "look into " + in.name, program: path, secrets: in.secrets,
		args: append([]string{"-hide_banner", "-loglevel", "error", "-of", "json",
			"-show_entries", "stream=codec_type,avg_frame_rate:stream_disposition=attached_pic"}, source...),
	}
	if inherit != nil {
		defer inherit.Close()
		c.extra = []*os.File{inherit}
	}
	out, _, err := ask(ctx, c, 1<<20)
	if err != nil {
		return contents{}, err
	}
	return parseProbe([]byte(out))
}

// parseProbe reads ffprobe's answer. The picture on the sleeve of a song is no video.
func parseProbe(b []byte) (found contents, err error) {
	var answer struct {
		Streams []struct {
			Type        string `json:"codec_type"`
			Rate        string `json:"avg_frame_rate"`
			Disposition struct {
				Picture int `json:"attached_pic"`
			} `json:"disposition"`
		} `json:"streams"`
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return contents{}, errors.New("ffmpeg: ffprobe's answer is no JSON")
	}
	for _, s := range answer.Streams {
		switch {
		case s.Type == "audio":
			found.audio = true
		case s.Type == "video" && s.Disposition.Picture == 0 && !found.video:
			found.video, found.rate = true, rate(s.Rate)
		}
	}
	return found, nil
}

// rate is a fraction such as 30000/1001 as a whole number from 1 to 60, else 0.
func rate(s string) int {
	num, den, _ := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(num, 64)
	d, err2 := strconv.ParseFloat(den, 64)
	if r := math.Round(n / d); err == nil && err2 == nil && r >= 1 && r <= 60 {
		return int(r)
	}
	return 0
}
