//go:build !cgo && !((amd64 || arm64) && (linux || darwin || windows || freebsd))

package pcm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/opus"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A build without libopus sends no Opus, and says what it does send; it hears Opus all the same. That G.711 is sent and heard
// TestToneArrives shows.
func TestWithoutOpus(t *testing.T) {
	_, writer := pcm.NewWriter(pcm.WriterConfig{})
	_, microphone := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: hum(wide).Input})
	for _, err := range []error{writer, microphone} {
		if !errors.Is(err, opus.ErrUnsupported) || !strings.Contains(err.Error(), "G.711") {
			t.Error(err)
		}
	}
	r, err := pcm.NewReader(media.TrackInfo{Kind: media.Audio, Codec: media.Opus}, pcm.ReaderConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}
