package pulse_test

import (
	"testing"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// TestMuteLetsTheDeviceGo fails if SetMuted does not end the session with the server.
func TestMuteLetsTheDeviceGo(t *testing.T) {
	server := pulsetest.Start(t, "mouth")
	server.Play("mouth", rate, &hum{hz: 1000, amplitude: 8000})
	m, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: pulse.Microphone("mouth.monitor"), Codec: media.PCMU})
	check(t, err)
	defer m.Close()
	server.TestMute(t, m)
}
