package ffmpeg

import (
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// Config says what an input is made into. The zero value takes audio and video, whichever there is, as VP8 and Opus.
type Config struct {
	Program string // the path of ffmpeg; "": ffmpeg in PATH. ffprobe is looked for beside it, then in PATH
	NoVideo bool   // leave the video out
	NoAudio bool   // leave the audio out

	Codec       media.Codec   // VP8 or H264; "": VP8
	Width       int           // of the picture, 2 to 8192, even: the input is fitted into it, with bars where it has another shape;
	Height      int           // both 0: as the input is; one 0: in proportion
	FrameRate   int           // at most so many pictures a second, 1 to 120; 0: the file's own, else 30
	Bitrate     int           // of the video, bits a second, constant, 30000 to 100 million; 0: 1000000
	KeyInterval time.Duration // between key frames, 0.1 to 60 s; 0: 2 s. See [Stream] on why none can be asked for

	AudioBitrate int // bits a second, constant, 6000 to 256000; 0: 32000
	Channels     int // 1 or 2; 0: 1

	Loop  bool   // files only: begin again at the end
	Label string // of the tracks, for people; "": the input's name, credentials left out

	// Notify, which may be nil, gets an event when a live input went away and when it is back. It is called on the stream's
	// own goroutine: it must not block, nor close the stream.
	Notify func(media.DeviceEvent)
}

// withDefaults checks c once, all faults joined, and fills in what is zero but the frame rate.
func (c Config) withDefaults(in Input) (Config, error) {
	c.Codec = media.Codec(orDefault(string(c.Codec), string(media.VP8)))
	c.Label = orDefault(c.Label, in.name)
	c.Bitrate = orZero(c.Bitrate, 1_000_000)
	c.KeyInterval = orZero(c.KeyInterval, 2*time.Second)
	c.AudioBitrate = orZero(c.AudioBitrate, 32_000)
	c.Channels = orZero(c.Channels, 1)
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("ffmpeg: "+format, args...))
		}
	}
	check(!c.NoVideo || !c.NoAudio, "NoVideo and NoAudio leave nothing")
	check(c.Codec == media.VP8 || c.Codec == media.H264, "codec %q: VP8 and H264 can be made", c.Codec)
	for _, n := range []int{c.Width, c.Height} {
		check(n == 0 || n >= 2 && n <= 8192 && n%2 == 0, "size %dx%d: even numbers from 2 to 8192", c.Width, c.Height)
	}
	check(c.FrameRate >= 0 && c.FrameRate <= 120, "frame rate %d: 1 to 120", c.FrameRate)
	check(c.Bitrate >= 30_000 && c.Bitrate <= 100_000_000, "bitrate %d: 30000 to 100000000", c.Bitrate)
	check(c.KeyInterval >= 100*time.Millisecond && c.KeyInterval <= time.Minute, "key interval %v: 0.1 s to 1 min", c.KeyInterval)
	check(c.AudioBitrate >= 6000 && c.AudioBitrate <= 256_000, "audio bitrate %d: 6000 to 256000", c.AudioBitrate)
	check(c.Channels == 1 || c.Channels == 2, "%d channels: 1 or 2", c.Channels)
	check(!c.Loop || !in.live, "Loop is for files")
	return c, errors.Join(errs...)
}

func orZero[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
