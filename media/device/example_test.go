package device_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/device"
)

// What is wrong with a device is said in words, and by a fault that a program can act on.
func ExampleOpenCamera() {
	_, err := device.OpenCamera(device.VideoConfig{Device: "a camera that nobody has"})
	if fault, ok := errors.AsType[*media.DeviceError](err); ok {
		switch fault.Fault {
		case media.DeviceMissing, media.DeviceNotBuilt, media.DeviceUnsupported:
			fmt.Println("call without a picture")
		case media.DeviceBusy, media.DeviceDenied:
			fmt.Println("tell the user:", fault.Advice)
		}
	}
	// Output: call without a picture
}

// A camera is a media.Source. Whoever holds it hears when it is pulled and when it is back.
func ExampleOpenCamera_notify() {
	camera, err := device.OpenCamera(device.VideoConfig{
		Width: 1280, Height: 720, Bitrate: 2_000_000,
		Notify: func(e media.DeviceEvent) { fmt.Println(e.Device, e.Up, e.Err) },
	})
	if err != nil {
		return // no camera here
	}
	defer camera.Close()
	camera.SetBitrate(1_000_000)
	var _ media.Source = camera
}

func ExampleList() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	devices, err := device.List(ctx)
	for _, d := range devices {
		fmt.Printf("%-10s %s (%s)\n", d.Kind, d.Name, d.ID)
	}
	if err != nil {
		fmt.Println("not all could be asked:", err)
	}
}

// Microphone and Speaker open nothing by themselves. Package media/pcm calls what they return, each time it needs the
// device.
func ExampleMicrophone() {
	open := device.Microphone("")
	mic, err := open(context.Background())
	if err != nil {
		return // no microphone here
	}
	defer mic.Close()
	buf := make([]int16, mic.Format().Samples(20*time.Millisecond))
	n, err := mic.Read(context.Background(), buf)
	fmt.Println(n, err)
}
