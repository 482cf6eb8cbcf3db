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
	"io"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/image/vp8"

	"github.com/sotto-calls/sotto/examples/internal/choice"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/media/ffmpeg"
	"github.com/sotto-calls/sotto/media/synthetic"
)

// The size in which a camera is asked for its picture.
const width, height = 640, 360

// showPicture takes one picture and shows it in the terminal, or writes it to a file.
func showPicture(ctx context.Context, o options, out io.Writer) error {
	source, err := openCamera(ctx, o.picture.Device)
	if err != nil {
		return err
	}
	defer source.Close()
	frame, err := keyFrame(ctx, source)
	if err != nil {
		return err
	}
	picture, err := decode(ctx, source.Track().Codec, frame.Data)
	if err != nil {
		return err
	}
	if o.png != "" {
		if err := writePNG(o.png, picture); err != nil {
			return err
		}
	}
	size := picture.Bounds().Size()
	switch {
	case o.json:
		return json.NewEncoder(out).Encode(map[string]any{"width": size.X, "height": size.Y, "codec": source.Track().Codec, "png": o.png})
	case o.png != "":
		_, err = fmt.Fprintf(out, "%dx%d: %s\n", size.X, size.Y, o.png)
	default:
		_, err = io.WriteString(out, blocks(picture, o.columns))
	}
	return err
}

func openCamera(ctx context.Context, d choice.Device) (media.Source, error) {
	switch d.Backend {
	case choice.Native:
		return device.OpenCamera(device.VideoConfig{Device: d.Name, Width: width, Height: height})
	case choice.FFmpeg:
		in, err := d.Input()
		if err != nil {
			return nil, err
		}
		s, err := ffmpeg.Open(ctx, in, ffmpeg.Config{NoAudio: true, Width: width, Height: height, Bitrate: 4_000_000})
		if err != nil {
			return nil, err
		}
		if s.Video() == nil {
			s.Close()
			return nil, fmt.Errorf("%v has no picture", d)
		}
		return stream{s.Video(), s}, nil
	}
	return synthetic.NewPattern(synthetic.PatternOptions{Width: width, Height: height})
}

// A stream closes ffmpeg with its picture.
type stream struct {
	media.Source
	whole *ffmpeg.Stream
}

// Close ends ffmpeg.
func (s stream) Close() error { return s.whole.Close() }

// keyFrame waits for a picture that can be decoded by itself.
func keyFrame(ctx context.Context, source media.Source) (media.Frame, error) {
	for {
		f, err := source.Read(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return f, errors.New("no picture came: is the camera covered, or in use?")
		case err != nil || f.Key:
			return f, err
		}
	}
}

// decode makes a picture of a key frame: VP8 by itself, anything else by the program ffmpeg.
func decode(ctx context.Context, codec media.Codec, frame []byte) (image.Image, error) {
	if codec != media.VP8 {
		return decodeByFFmpeg(ctx, frame)
	}
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(frame), len(frame))
	if _, err := d.DecodeFrameHeader(); err != nil {
		return nil, err
	}
	return d.DecodeFrame()
}

// decodeByFFmpeg decodes one picture of H264, in the size that all cameras are asked for.
func decodeByFFmpeg(ctx context.Context, frame []byte) (image.Image, error) {
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-f", "h264", "-i", "pipe:0", "-frames:v", "1",
		"-s", fmt.Sprintf("%dx%d", width, height), "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1")
	cmd.Stdin = bytes.NewReader(frame)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	rgb, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("the camera sends H264, and the program ffmpeg, which could show it, is not installed")
	case err != nil:
		return nil, fmt.Errorf("ffmpeg: %w: %q", err, errs.String())
	case len(rgb) != 3*width*height:
		return nil, fmt.Errorf("ffmpeg made %d bytes of a picture of %dx%d: %q", len(rgb), width, height, errs.String())
	}
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(m.Pix[4*i:], rgb[3*i:3*i+3])
		m.Pix[4*i+3] = 0xff
	}
	return m, nil
}

// writePNG writes a new file: none is overwritten.
func writePNG(path string, m image.Image) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = png.Encode(f, m)
	return errors.Join(err, f.Close())
}

// blocks draws a picture for a terminal with 24-bit colours, of this width: each character is two pixels, one above the other.
func blocks(m image.Image, columns int) string {
	size := m.Bounds().Size()
	rows := max(columns*size.Y/size.X/2, 1)
	var b strings.Builder
	for y := range rows {
		for x := range columns {
			r0, g0, b0 := mean(m, x, 2*y, columns, 2*rows)
			r1, g1, b1 := mean(m, x, 2*y+1, columns, 2*rows)
			fmt.Fprintf(&b, "\x1b[38;2;%d;%d;%dm\x1b[48;2;%d;%d;%dm▀", r0, g0, b0, r1, g1, b1)
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}

// mean is the colour of one field of a picture that is divided into so many columns and rows.
func mean(m image.Image, x, y, columns, rows int) (r, g, b uint8) {
	at, size := m.Bounds().Min, m.Bounds().Size()
	var sum [3]int
	n := 0
	for j := y * size.Y / rows; j < max((y+1)*size.Y/rows, y*size.Y/rows+1); j++ {
		for i := x * size.X / columns; i < max((x+1)*size.X/columns, x*size.X/columns+1); i++ {
			c := color.NRGBAModel.Convert(m.At(at.X+i, at.Y+j)).(color.NRGBA)
			sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
			n++
		}
	}
	return uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n)
}
