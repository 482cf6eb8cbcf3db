package pcm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// deliver stands for a call: it moves frames from one side's source to the other side's sink.
func deliver(ctx context.Context, source media.Source, sink media.Sink) {
	defer sink.Close()
	for {
		frame, err := source.Read(ctx)
		if err != nil || sink.WriteFrame(frame) != nil {
			return
		}
	}
}

// A bot that says what it hears: what the call's Sink function returns for the caller's track is a Reader, and what the bot
// sends is a Writer.
func ExampleReader() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	format := pcm.Format{Rate: 16000, Channels: 1}
	caller, err := pcm.NewWriter(pcm.WriterConfig{Format: format})
	if err != nil {
		panic(err)
	}
	defer caller.Close()
	reader, err := pcm.NewReader(caller.Track(), pcm.ReaderConfig{Format: format})
	if err != nil {
		panic(err)
	}
	writer, err := pcm.NewWriter(pcm.WriterConfig{Format: format})
	if err != nil {
		panic(err)
	}
	defer writer.Close()

	// The bot.
	go func() {
		buf := make([]int16, format.Samples(20*time.Millisecond))
		for {
			n, err := reader.Read(ctx, buf)
			if err != nil || writer.Write(ctx, buf[:n]) != nil {
				return
			}
		}
	}()

	// The call, and the caller, who hears the bot.
	ear, err := pcm.NewReader(writer.Track(), pcm.ReaderConfig{Format: format})
	if err != nil {
		panic(err)
	}
	go deliver(ctx, caller, reader)
	go deliver(ctx, writer, ear)
	if err := caller.Write(ctx, tone(format, 440, 0.5, time.Second)); err != nil {
		panic(err)
	}
	loudest := uint8(127)
	heard := make([]int16, format.Samples(10*time.Millisecond))
	for loudest >= 12 {
		n, err := ear.Read(ctx, heard)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			break
		}
		loudest = min(loudest, pcm.Level(heard[:n]))
	}
	fmt.Println("said at -9 dBov, heard:", loudest < 12)
	// Output: said at -9 dBov, heard: true
}

// A voice agent is interrupted: Flush drops what it has not said, and tells how far it came.
func ExampleWriter_Flush() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	format := pcm.Format{Rate: 24000, Channels: 1}
	writer, err := pcm.NewWriter(pcm.WriterConfig{Format: format})
	if err != nil {
		panic(err)
	}
	defer writer.Close()
	if err := writer.Write(ctx, make([]int16, format.Samples(10*time.Second))); err != nil { // a long sentence
		panic(err)
	}
	for range 5 { // as the call does
		if _, err := writer.Read(ctx); err != nil {
			panic(err)
		}
	}
	fmt.Println("interrupted after", writer.Flush())
	// Output: interrupted after 100ms
}

// A Microphone and a Speaker on devices of their own: media/pulse, media/device and media/ffmpeg have functions that open
// real ones.
func ExampleMicrophone() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	devices := hum(pcm.Format{Rate: 48000, Channels: 1})
	microphone, err := pcm.NewMicrophone(pcm.MicrophoneConfig{
		Open:   devices.Input,
		Notify: func(e media.DeviceEvent) { fmt.Println(e.Device, e.Up, e.Err) },
	})
	if err != nil {
		panic(err)
	}
	defer microphone.Close()
	speaker, err := pcm.NewSpeaker(pcm.SpeakerConfig{Open: devices.Output})
	if err != nil {
		panic(err)
	}
	defer speaker.Close()
	sink, err := speaker.Sink(microphone.Track()) // of the other side, in a call
	if err != nil {
		panic(err)
	}
	go deliver(ctx, microphone, sink)
	played := false
	for wait := 0; !played && wait < 100; wait++ {
		time.Sleep(100 * time.Millisecond)
		played = speaker.Stats().Level < 12
	}
	fmt.Println("heard at -9 dBov, played:", played)
	// Output: heard at -9 dBov, played: true
}
