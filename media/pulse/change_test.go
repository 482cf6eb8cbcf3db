package pulse

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// TestChange: a frame that arrives in halves, with more than the time to settle between them, is read as a whole.
func TestChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		defer far.Close()
		var event writer
		event.u32(1)
		event.u32(2)
		frame := frameOf(cmdSubscribeEvent, undefined, event)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for _, cut := range []int{1, 7, headSize, headSize + 3} {
				for _, part := range [][]byte{frame, frame[:cut], frame[cut:]} {
					_, _ = far.Write(part) // the pipe may be closed
					time.Sleep(settle * 2 / 3)
				}
				time.Sleep(time.Second)
			}
		}()
		c := newConn(near)
		for n := range 4 {
			if err := c.change(t.Context()); err != nil {
				t.Errorf("change %d: %v", n, err)
				near.Close()
			}
		}
		<-sent
	})
}

// TestChangeOfSound: a server that sends sound to who has no stream is refused.
func TestChangeOfSound(t *testing.T) {
	c := newConn(&script{say: soundOf(5, make([]byte, 960))})
	if err := c.change(t.Context()); !errors.Is(err, errMalformed) {
		t.Error(err)
	}
}

// TestCodes: only what would be the same again is given up on.
func TestCodes(t *testing.T) {
	want := map[media.DeviceFault][]serverError{
		media.DeviceDenied:      {1, 9},
		media.DeviceMissing:     {5},
		media.DeviceBusy:        {15, 26},
		media.DeviceUnsupported: {2, 3, 4, 7, 13, 17, 18, 19, 21, 22, 23, 24},
		media.DeviceGone:        {6, 8, 10, 11, 12, 14, 16, 20, 25, 27, 1 << 31},
	}
	for fault, codes := range want {
		for _, code := range codes {
			if got, _ := codeFault(code); got != fault {
				t.Errorf("%v: %v, want %v", code, got, fault)
			}
		}
	}
}
