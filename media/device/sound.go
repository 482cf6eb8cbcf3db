//go:build cgo

package device

// #include <stdlib.h>
import "C"

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gen2brain/malgo"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	// How much sound a device takes or gives at a time, and how many times that it may keep. From PulseAudio miniaudio
	// asks for one period ahead when it plays, which 10 ms do not make reliable, and for no more than the periods
	// together when it records.
	recordPeriod, recordPeriods = 10 * time.Millisecond, 20
	playPeriod, playPeriods     = 20 * time.Millisecond, 3

	soundBegin = 4 * time.Second         // a device may take so long to begin: PulseAudio was seen to take 1.6 s
	soundStall = 1500 * time.Millisecond // one that has begun, and then takes and gives nothing for so long, has gone
	soundEnd   = 2 * time.Second         // how long Close waits for a sound system that does not answer
)

var soundFormat = pcm.Format{Rate: 48000, Channels: 1}

// kindsOfSound are what miniaudio calls them.
var kindsOfSound = map[Kind]malgo.DeviceType{KindMicrophone: malgo.Capture, KindSpeaker: malgo.Playback}

func listSound() ([]Info, error) {
	var choice soundChoice
	system, err := choice.connect()
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
		if id == "null" { // ALSA's, which swallows what is played
			continue
		}
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

// openSound opens and starts a device.
func openSound(ctx context.Context, choice *soundChoice, kind Kind, want string, capacity int) (*soundDevice, error) {
	open := func() (*soundDevice, error) {
		system, err := choice.connect()
		if err != nil {
			return nil, err
		}
		d := &soundDevice{name: kind.String(), ring: newRing(capacity), system: system, ended: make(chan struct{})}
		if err := d.start(ctx, choice, kind, want); err != nil {
			d.free()
			return nil, err
		}
		d.watch.Add(1)
		go d.listen()
		return d, nil
	}
	return await(ctx, open, (*soundDevice).close)
}

// start opens the device, and lets it run unless ctx has ended meanwhile: nobody waits for it any more.
func (d *soundDevice) start(ctx context.Context, choice *soundChoice, kind Kind, want string) error {
	all, ids, err := soundDevices(d.system, kind)
	if err != nil {
		return err
	}
	info, err := choice.find(all, kind, want)
	if err != nil {
		return err
	}
	d.name = info.Name
	cfg := malgo.DefaultDeviceConfig(kindsOfSound[kind])
	cfg.SampleRate = uint32(soundFormat.Rate)
	cfg.PeriodSizeInMilliseconds, cfg.Periods = uint32(recordPeriod/time.Millisecond), recordPeriods
	if kind == KindSpeaker {
		cfg.PeriodSizeInMilliseconds, cfg.Periods = uint32(playPeriod/time.Millisecond), playPeriods
	}
	cfg.NoFixedSizedCallback = 1 // the ring takes any size, and fixing it would cost a period
	cfg.Capture.Format, cfg.Capture.Channels = malgo.FormatS16, 1
	cfg.Playback.Format, cfg.Playback.Channels = malgo.FormatS16, 1
	// The default is left to the sound system, which moves it when that changes; not a microphone where there are
	// monitors, for PulseAudio moves it to one when the last microphone is pulled.
	if want != "" || slices.ContainsFunc(all, isMonitor) {
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
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.device, err = malgo.InitDevice(d.system.Context, cfg, calls); err != nil {
		return soundError(d.name, err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.device.Start(); err != nil {
		return soundError(d.name, err)
	}
	return nil
}

func (d *soundDevice) gone(advice string) error {
	return &media.DeviceError{Device: d.name, Fault: media.DeviceGone, Advice: advice}
}

// listen fails the device when the sound system no longer calls: miniaudio tells nothing of a device that was pulled
// from PulseAudio.
func (d *soundDevice) listen() {
	defer d.watch.Done()
	t := time.NewTicker(soundStall / 6)
	defer t.Stop()
	var last uint64
	limit, moved := soundBegin, time.Now()
	for {
		var now time.Time
		select {
		case <-d.ended:
			return
		case now = <-t.C:
		}
		if _, heard := d.ring.state(); heard != last {
			last, limit, moved = heard, soundStall, now
		} else if now.Sub(moved) > limit {
			d.ring.fail(d.gone("it neither takes nor gives sound: plug it in again, or restart the sound system"))
			return
		}
	}
}

// close lets the device go and returns when its thread has ended, or when the sound system does not answer: then the
// thread ends with the sound system.
func (d *soundDevice) close() {
	d.once.Do(func() {
		d.ring.fail(errClosed)
		close(d.ended)
		d.watch.Wait()
		freed := make(chan struct{})
		go func() {
			defer close(freed)
			d.free()
		}()
		t := time.NewTimer(soundEnd)
		defer t.Stop()
		select {
		case <-freed:
		case <-t.C:
		}
	})
}

// free stops the device first: it wakes miniaudio's thread, which Uninit does not, and which sleeps for ever once
// PulseAudio has nothing to say to it.
func (d *soundDevice) free() {
	if d.device != nil {
		_ = d.device.Stop() // a device that was pulled cannot be stopped
		d.device.Uninit()
	}
	freeSystem(d.system)
}

// soundError says in words what is wrong with a microphone or a speaker. What is not known to be final is a device that is
// gone: it may be tried again.
func soundError(name string, err error) error {
	fault, advice := media.DeviceGone, "see whether another program can use it (pavucontrol shows), or restart the sound system"
	switch {
	case isAny(err, malgo.ErrBusy, malgo.ErrAlreadyInUse):
		fault, advice = media.DeviceBusy, "another program has it: close that one"
	case isAny(err, malgo.ErrAccessDenied):
		fault, advice = media.DeviceDenied, "allow it in the system's settings; on Linux without PulseAudio add the user to the group audio"
	case isAny(err, malgo.ErrNoDevice, malgo.ErrDoesNotExist):
		fault, advice = media.DeviceMissing, "plug it in"
	case isAny(err, malgo.ErrFormatNotSupported, malgo.ErrDeviceTypeNotSupported, malgo.ErrInvalidDeviceConfig):
		fault, advice = media.DeviceUnsupported, "it cannot do 48 kHz in one channel: choose another, or use media/ffmpeg"
	}
	return deviceError(name, fault, advice, err)
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}
