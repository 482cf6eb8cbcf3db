package pulse_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// A microphone for a call. It is opened when the call connects; where there is no server the event says what to start.
func Example() {
	os.Setenv("PULSE_SERVER", "unix:/nowhere/native") // so that this example hears nobody
	defer os.Unsetenv("PULSE_SERVER")

	mic, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: pulse.Microphone("")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer mic.Close()
	fmt.Println(mic.Track().Codec)

	_, err = pulse.List(context.Background())
	fmt.Println(err != nil)
	// Output:
	// opus
	// true
}

// The devices that there are, by the name to open them with.
func ExampleList() {
	devices, err := pulse.List(context.Background())
	if err != nil {
		fmt.Println(err) // says what to start
		return
	}
	for _, d := range devices {
		fmt.Println(d.Kind, d.ID, d.Name, d.Default)
	}
}
