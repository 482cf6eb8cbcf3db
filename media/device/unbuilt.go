//go:build !cgo

package device

import (
	"context"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// built reports whether devices can be opened by this program.
const built = false

type soundChoice struct{}

func listCameras() ([]Info, error) { return nil, notBuilt("camera") }
func listSound() ([]Info, error)   { return nil, notBuilt("microphone") }
func listScreens() ([]Info, error) { return nil, notBuilt("screen") }

func openMicrophone(context.Context, *soundChoice, string) (pcm.Input, error) {
	return nil, notBuilt("microphone")
}
func openSpeaker(context.Context, *soundChoice, string) (pcm.Output, error) {
	return nil, notBuilt("speaker")
}

func findCamera(VideoConfig) (string, opener, error) { return "", nil, notBuilt("camera") }
func findScreen(VideoConfig) (string, opener, error) { return "", nil, notBuilt("screen") }

func newEncoder(media.Codec, encoderConfig) (encoder, error) { return nil, notBuilt("encoder") }
