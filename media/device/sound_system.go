//go:build cgo

package device

import (
	"path/filepath"
	"runtime"
	"sync"

	"github.com/gen2brain/malgo"
	"github.com/sotto-calls/sotto/media"
)

// backends are the sound systems that are tried, in this order. miniaudio loads them when a context is made; its last
// resort, a device that plays into nothing, is not among them.
func backends() []malgo.Backend {
	switch runtime.GOOS {
	case "windows":
		return []malgo.Backend{malgo.BackendWasapi, malgo.BackendDsound, malgo.BackendWinmm}
	case "darwin", "ios":
		return []malgo.Backend{malgo.BackendCoreaudio}
	case "android":
		return []malgo.Backend{malgo.BackendAaudio, malgo.BackendOpensl}
	case "linux":
		// ALSA's library writes a page to stderr where there is no card, as in a container.
		if cards, err := filepath.Glob("/dev/snd/pcm*"); err != nil || len(cards) == 0 {
			return []malgo.Backend{malgo.BackendPulseaudio}
		}
		return []malgo.Backend{malgo.BackendPulseaudio, malgo.BackendAlsa}
	}
	return []malgo.Backend{malgo.BackendSndio, malgo.BackendAudio4, malgo.BackendOss}
}

// A soundChoice remembers which sound system answered first and stays with it: when PulseAudio is restarted, taking the
// card by ALSA meanwhile would keep PulseAudio from it. It does the same with the device that was found. The zero value has
// not chosen yet.
type soundChoice struct {
	mu     sync.Mutex
	chosen []malgo.Backend
	id     string // of the device that was found by what it was called; "": none yet, or the default
}

// find looks for the device that is wanted, and from then on for that one alone: while it is away, another whose name fits
// too must not take its place.
func (c *soundChoice) find(all []Info, kind Kind, want string) (Info, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id != "" {
		return findAgain(all, kind, want, c.id)
	}
	info, err := find(all, kind, want, nil)
	if err == nil && want != "" {
		c.id = info.ID
	}
	return info, err
}

// connect makes a connection to the sound system. Each device that is open has its own, and ends it.
func (c *soundChoice) connect() (*malgo.AllocatedContext, error) {
	c.mu.Lock()
	try := c.chosen
	c.mu.Unlock()
	if try == nil {
		try = backends()
	}
	var last error
	for _, backend := range try {
		system, err := malgo.InitContext([]malgo.Backend{backend}, malgo.ContextConfig{}, nil)
		if err != nil {
			last = err
			continue
		}
		c.mu.Lock()
		c.chosen = []malgo.Backend{backend}
		c.mu.Unlock()
		return system, nil
	}
	return nil, &media.DeviceError{
		Device: "sound", Fault: media.DeviceMissing, Err: last,
		Advice: "no sound system answers: start PulseAudio or PipeWire as this user, or plug in a sound card",
	}
}

func freeSystem(system *malgo.AllocatedContext) {
	_ = system.Uninit() // it fails for a context that was never made, which cannot be here
	system.Free()
}
