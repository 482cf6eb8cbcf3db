//go:build cgo

package device

// #include <stdlib.h>
import "C"

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/gen2brain/malgo"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	soundPeriod = 10 * time.Millisecond
	soundStall  = 3 * time.Second // a device that is silent for so long has failed; PulseAudio takes up to 1.6 s to begin
)

var soundFormat = pcm.Format{Rate: 48000, Channels: 1}

// backends are the sound systems that are tried, in this order. miniaudio loads them when a context is made; its last
// resort, a device that plays into nothing, is not among them.
func backends() []malgo.Backend {
	switch runtime.GOOS {
	case "windows":
		return []malgo.Backend{malgo.BackendWasapi, malgo.BackendDsound, malgo.BackendWinmm}
	case "darwin", "ios":
		return []malgo.Backend{malgo.BackendCoreaudio}
	case "linux":
		return []malgo.Backend{malgo.BackendPulseaudio, malgo.BackendAlsa}
	case "android":
		return []malgo.Backend{malgo.BackendAaudio, malgo.BackendOpensl}
	}
	return []malgo.Backend{malgo.BackendSndio, malgo.BackendAudio4, malgo.BackendOss}
}

// soundSystem is a connection to the sound system. Each device that is open has its own, and ends it.
func soundSystem() (*malgo.AllocatedContext, error) {
	system, err := malgo.InitContext(backends(), malgo.ContextConfig{}, nil)
	if err != nil {
		return nil, &media.DeviceError{
			Device: "sound", Fault: media.DeviceMissing, Err: err,
			Advice: "no sound system answers: start PulseAudio or PipeWire as this user, or install ALSA's library",
		}
	}
	return system, nil
}

func freeSystem(system *malgo.AllocatedContext) {
	_ = system.Uninit() // it fails for a context that was never made, which cannot be here
	system.Free()
}

// kindsOfSound are what miniaudio calls them.
var kindsOfSound = map[Kind]malgo.DeviceType{KindMicrophone: malgo.Capture, KindSpeaker: malgo.Playback}

func listSound() ([]Info, error) {
	system, err := soundSystem()
	if err != nil {
		return nil, err
	}
	defer freeSystem(system)
	var all []Info
	for _, kind := range []Kind{KindMicrophone, KindSpeaker} {
		found, _, err := soundDevices(system, kind)
		if err != nil {
			return all, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// soundDevices lists the devices of one kind, and what miniaudio calls them.
func soundDevices(system *malgo.AllocatedContext, kind Kind) ([]Info, map[string]malgo.DeviceID, error) {
	found, err := system.Devices(kindsOfSound[kind])
	if err != nil {
		return nil, nil, soundError(kind.String(), err)
	}
	var all []Info
	ids := make(map[string]malgo.DeviceID)
	for _, d := range found {
		id := soundID(d.ID)
		ids[id] = d.ID
		all = append(all, Info{ID: id, Name: d.Name(), Kind: kind, Default: d.IsDefault != 0})
	}
	return all, ids, nil
}

// soundID is the id as the sound system writes it, if it is text, or else in hexadecimal digits.
func soundID(id malgo.DeviceID) string {
	n := 0
	for n < len(id) && id[n] > ' ' && id[n] < 0x7f {
		n++
	}
	for _, b := range id[n:] {
		if b != 0 {
			return id.String()
		}
	}
	if n < 4 { // a number, as Windows' older systems have them
		return id.String()
	}
	return string(id[:n])
}

// soundDevice is a microphone or a speaker that is open.
type soundDevice struct {
	name   string
	ring   *ring
	system *malgo.AllocatedContext
	device *malgo.Device

	once  sync.Once
	ended chan struct{} // closed by Close
	watch sync.WaitGroup
}

// openSound opens and starts a device. Each use of miniaudio may wait for the sound system.
func openSound(ctx context.Context, kind Kind, want string, capacity int) (*soundDevice, error) {
	system, err := soundSystem()
	if err != nil {
		return nil, err
	}
	d := &soundDevice{name: kind.String(), ring: newRing(capacity), system: system, ended: make(chan struct{})}
	err = d.start(kind, want)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		d.free()
		return nil, err
	}
	d.watch.Add(1)
	go d.listen()
	return d, nil
}

func (d *soundDevice) start(kind Kind, want string) error {
	all, ids, err := soundDevices(d.system, kind)
	if err != nil {
		return err
	}
	info, err := find(all, kind, want, nil)
	if err != nil {
		return err
	}
	d.name = info.Name
	cfg := malgo.DefaultDeviceConfig(kindsOfSound[kind])
	cfg.SampleRate = uint32(soundFormat.Rate)
	cfg.PeriodSizeInMilliseconds = uint32(soundPeriod / time.Millisecond)
	cfg.NoFixedSizedCallback = 1 // the ring takes any size, and fixing it would cost a period
	cfg.Capture.Format, cfg.Capture.Channels = malgo.FormatS16, 1
	cfg.Playback.Format, cfg.Playback.Channels = malgo.FormatS16, 1
	if want != "" { // the default is left to the sound system, which moves it when that changes
		id := ids[info.ID]
		p := id.Pointer()
		defer C.free(p)
		cfg.Capture.DeviceID, cfg.Playback.DeviceID = p, p
	}
	calls := malgo.DeviceCallbacks{
		Data: func(out, in []byte, _ uint32) {
			if kind == KindMicrophone {
				d.ring.record(in)
			} else {
				d.ring.play(out)
			}
		},
		Stop: func() { d.ring.fail(d.gone("plug it in again")) },
	}
	if d.device, err = malgo.InitDevice(d.system.Context, cfg, calls); err != nil {
		return soundError(d.name, err)
	}
	if err := d.device.Start(); err != nil {
		return soundError(d.name, err)
	}
	return nil
}

func (d *soundDevice) gone(advice string) error {
	return &media.DeviceError{Device: d.name, Fault: media.DeviceGone, Advice: advice}
}

// listen fails the device when the sound system no longer calls: not every one tells that a device has gone.
func (d *soundDevice) listen() {
	defer d.watch.Done()
	t := time.NewTicker(soundStall)
	defer t.Stop()
	var last uint64
	for {
		select {
		case <-d.ended:
			return
		case <-t.C:
		}
		_, heard := d.ring.state()
		if heard == last {
			d.ring.fail(d.gone("it neither takes nor gives sound: plug it in again, or restart the sound system"))
			return
		}
		last = heard
	}
}

// close lets the device go and returns when its thread has ended.
func (d *soundDevice) close() {
	d.once.Do(func() {
		d.ring.fail(errClosed)
		close(d.ended)
		d.watch.Wait()
		d.free()
	})
}

func (d *soundDevice) free() {
	if d.device != nil {
		d.device.Uninit()
	}
	freeSystem(d.system)
}

// soundError says in words what is wrong with a microphone or a speaker.
func soundError(name string, err error) error {
	fault, advice := media.DeviceUnsupported, "see whether another program can use it (pavucontrol shows)"
	switch {
	case errors.Is(err, malgo.ErrBusy), errors.Is(err, malgo.ErrAlreadyInUse):
		fault, advice = media.DeviceBusy, "another program has it: close that one"
	case errors.Is(err, malgo.ErrAccessDenied):
		fault, advice = media.DeviceDenied, "allow it in the system's settings; on Linux without PulseAudio add the user to the group audio"
	case errors.Is(err, malgo.ErrNoDevice), errors.Is(err, malgo.ErrDoesNotExist):
		fault, advice = media.DeviceMissing, "plug it in"
	case errors.Is(err, malgo.ErrUnavailable), errors.Is(err, malgo.ErrConnectionReset), errors.Is(err, malgo.ErrIO):
		fault, advice = media.DeviceGone, "the sound system ended: start it again"
	}
	return deviceError(name, fault, advice, err)
}
