package device

import (
	"context"
	"errors"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A Kind is what a device is.
type Kind uint8

// The kinds of devices. The zero value is invalid.
const (
	KindCamera Kind = iota + 1
	KindMicrophone
	KindScreen
	KindSpeaker
)

func (k Kind) String() string {
	switch k {
	case KindCamera:
		return "camera"
	case KindMicrophone:
		return "microphone"
	case KindScreen:
		return "screen"
	case KindSpeaker:
		return "speaker"
	}
	return "invalid"
}

// An Info is one device that is there.
type Info struct {
	// ID is what to give to OpenCamera, Microphone and the others. It is the same after a restart, but of cameras of one model
	// without serial numbers: where two are plugged in it is the port of each.
	ID      string
	Name    string // for people; two devices may have the same
	Kind    Kind
	Default bool // what an empty Device means; a monitor that is the system's default must be named all the same
}

// List says which devices are there: cameras, microphones, screens, speakers. It opens each camera for a moment, without
// starting it, and talks to the sound system and to the display. What cannot be asked is left out and said in the error,
// which does not make the list void; both are empty where there is nothing.
func List(ctx context.Context) ([]Info, error) {
	if !built {
		return nil, notBuilt("devices")
	}
	var all []Info
	var errs []error
	for _, list := range []func() ([]Info, error){listCameras, listSound, listScreens} {
		if err := ctx.Err(); err != nil {
			return all, errors.Join(append(errs, err)...)
		}
		found, err := await(ctx, list, func([]Info) {})
		all, errs = append(all, found...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Microphone returns what media/pcm opens a microphone with: device is an id or a name of List, or part of a name, and ""
// the system's default. Each call opens the device again: 48 kHz, one channel, in steps of 10 ms. The error is a
// *media.DeviceError. If the one who reads is late by more than 200 ms, the oldest sound is dropped.
//
// A device that has been found is the only one that is opened from then on, by its id. The monitor of a speaker, which
// hears what this machine plays, is opened only by its whole id or name, and never as the default.
func Microphone(device string) func(context.Context) (pcm.Input, error) {
	var system soundChoice
	return func(ctx context.Context) (pcm.Input, error) {
		if !built {
			return nil, notBuilt("microphone")
		}
		return openMicrophone(ctx, &system, device)
	}
}

// Speaker returns what media/pcm opens a speaker with; see Microphone. Write waits while more than 40 ms are not played
// yet. Where nothing is written, silence is played.
func Speaker(device string) func(context.Context) (pcm.Output, error) {
	var system soundChoice
	return func(ctx context.Context) (pcm.Output, error) {
		if !built {
			return nil, notBuilt("speaker")
		}
		return openSpeaker(ctx, &system, device)
	}
}

// await runs what may wait for the system, until ctx ends. What comes too late is dropped.
func await[T any](ctx context.Context, f func() (T, error), drop func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	got := make(chan result, 1)
	go func() {
		value, err := f()
		got <- result{value, err}
	}()
	select {
	case r := <-got:
		return r.value, r.err
	case <-ctx.Done():
	}
	go func() {
		if r := <-got; r.err == nil {
			drop(r.value)
		}
	}()
	return none, ctx.Err()
}

func notBuilt(device string) error {
	return &media.DeviceError{
		Device: device, Fault: media.DeviceNotBuilt,
		Advice: "build with CGO_ENABLED=1 and a C compiler (gcc and g++ are enough), " +
			"or use media/ffmpeg and media/pulse, which need neither",
	}
}
