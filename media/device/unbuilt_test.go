//go:build !cgo

package device

import (
	"errors"
	"testing"

	"github.com/sotto-calls/sotto/media"
)

// TestWithoutCgo: everything says how it can be had.
func TestWithoutCgo(t *testing.T) {
	_, listErr := List(t.Context())
	_, cameraErr := OpenCamera(VideoConfig{})
	_, screenErr := OpenScreen(VideoConfig{Width: -1})
	_, micErr := Microphone("")(t.Context())
	_, speakerErr := Speaker("")(t.Context())
	for _, err := range []error{listErr, cameraErr, screenErr, micErr, speakerErr} {
		e, ok := errors.AsType[*media.DeviceError](err)
		if !ok || e.Fault != media.DeviceNotBuilt || e.Advice == "" {
			t.Errorf("%v", err)
		}
	}
}
