package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A source plays a file at its own pace; here the first 60 ms of audio.
func ExampleOpenOgg() {
	audio, err := file.OpenOgg("../../examples/internal/clip/clip.ogg", file.SourceOptions{Loop: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer audio.Close()
	fmt.Println(audio.Track().Codec, audio.Track().Channels)
	for range 3 {
		f, err := audio.Read(context.Background())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Time, f.Duration, len(f.Data))
	}
	// Output:
	// opus 1
	// 0s 20ms 80
	// 20ms 20ms 80
	// 40ms 20ms 80
}

// What is no IVF file is refused with its name and the reason.
func ExampleOpenIVF_error() {
	_, err := file.OpenIVF("../../examples/internal/clip/clip.ogg", file.SourceOptions{})
	fmt.Println(err)
	fmt.Println(errors.Is(err, file.ErrFormat))
	// Output:
	// file: clip.ogg: not a valid IVF file: it does not begin with DKIF
	// true
}

// A reader without pacing is for tools that go through a file at once.
func ExampleIVFReader() {
	b, err := os.ReadFile("../../examples/internal/clip/clip.ivf")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := file.NewIVFReader(bytes.NewReader(b))
	if err != nil {
		fmt.Println(err)
		return
	}
	frames, keys := 0, 0
	for {
		f, err := r.ReadFrame()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		frames++
		if f.Key {
			keys++
		}
	}
	fmt.Println(r.Track().Width, r.Track().Height, frames, keys)
	// Output: 640 360 240 4
}

// A recorder's Track gives the sink of each track that a call receives.
func ExampleRecorder() {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	recorder, err := file.NewRecorder(dir, file.RecorderOptions{MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	sink := recorder.Track(media.TrackInfo{Kind: media.Audio, Codec: media.Opus})
	silence := []byte{0xf8, 0xff, 0xfe}
	if err := sink.WriteFrame(media.Frame{Data: silence, Key: true}); err != nil {
		fmt.Println(err)
		return
	}
	if err := recorder.Close(); err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range recorder.Files() {
		fmt.Println(f.Track.Codec, f.Frames, f.Err)
	}
	// Output: opus 1 <nil>
}
