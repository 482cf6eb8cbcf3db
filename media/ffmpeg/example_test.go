package ffmpeg_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/ffmpeg"
)

// A camera that rings at the door: H264 in 720p, with a word when it is pulled.
func ExampleOpen() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	camera, err := ffmpeg.Open(ctx, ffmpeg.Camera("/dev/video0"), ffmpeg.Config{
		Codec: media.H264, Width: 1280, Height: 720, Bitrate: 1_500_000,
		Notify: func(e media.DeviceEvent) { fmt.Println(e.Device, "works:", e.Up, e.Err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer camera.Close()
	send := camera.Sources() // for call.Media.Send
	fmt.Println(len(send))
}

// Both people of a call in one file, each by name.
func ExampleRecord() {
	recording, err := ffmpeg.Record(ffmpeg.RecordConfig{Path: "interview.mkv", MaxBytes: 1 << 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer recording.Close()
	alice, bob := recording.Participant("Alice"), recording.Participant("Bob")
	receive := map[string]func(media.TrackInfo) media.Sink{"alice": alice.Sink, "bob": bob.Sink} // for call.Media.Receive
	fmt.Println(len(receive))
}

// What is wrong with an input is said when it is opened, before anything is started. Passwords are kept out of it.
func ExampleRTSP() {
	_, err := ffmpeg.Open(context.Background(), ffmpeg.RTSP("http://admin:secret@camera/", ffmpeg.RTSPOptions{}), ffmpeg.Config{})
	fmt.Println(err)
	// Output: ffmpeg: RTSP: the URL must begin with rtsp:// or rtsps://
}
