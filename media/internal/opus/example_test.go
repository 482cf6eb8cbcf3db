package opus_test

import (
	"fmt"

	"github.com/sotto-calls/sotto/media/internal/opus"
)

func Example() {
	e, err := opus.NewEncoder(opus.Config{Rate: 48000, Channels: 1, Loss: 5})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	d, err := opus.NewDecoder(48000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()

	packet, err := e.Encode(nil, make([]int16, 960)) // 20 ms
	if err != nil {
		fmt.Println(err)
		return
	}
	sound := make([]int16, 5760) // 120 ms, the most that a packet holds
	n, err := d.Decode(sound, packet)
	fmt.Println(len(packet), "bytes are", n, "samples", err)
	// Output: 80 bytes are 960 samples <nil>
}
