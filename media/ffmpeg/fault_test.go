package ffmpeg

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// What a device's last words mean before it was opened, and after.
func TestFaults(t *testing.T) {
	for words, want := range map[string][2]media.DeviceFault{
		"": {media.DeviceMissing, media.DeviceGone},
		"x: Invalid data found when processing input":                          {media.DeviceUnsupported, media.DeviceGone},
		"x: Invalid data found when processing input\nx: Connection timed out": {media.DeviceMissing, media.DeviceGone},
		"Device or resource busy\nlast message: No such device":                {media.DeviceGone, media.DeviceGone},
		"x: Device or resource busy":                                           {media.DeviceBusy, media.DeviceBusy},
		"x: Server returned 401 Unauthorized\nfarewell":                        {media.DeviceDenied, media.DeviceDenied},
	} {
		for i, opened := range []bool{false, true} {
			e, ok := errors.AsType[*media.DeviceError](deviceError("x", &Error{Words: words}, opened))
			if !ok || e.Fault != want[i] {
				t.Errorf("%q, opened %v: %v, want %v", words, opened, e, want[i])
			}
		}
	}
}

// A Player forgets the tracks that are closed, and plays so many at once only.
func TestPlayerBound(t *testing.T) {
	p, err := Play(PlayConfig{Program: script(t, "exec cat > /dev/null"), Format: "null"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	info := media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 1}
	frame := media.Frame{Data: []byte{0xf8, 0xff, 0xfe}}
	for range 2 * maxSinks { // a peer that changes its codec again and again
		if err := p.Sink(info).Close(); err != nil {
			t.Fatal(err)
		}
	}
	first := p.Sink(info)
	if err := first.WriteFrame(frame); err != nil {
		t.Fatal(err)
	}
	for range maxSinks - 1 {
		p.Sink(info)
	}
	if err := p.Sink(info).WriteFrame(frame); !errors.Is(err, errTooMany) {
		t.Errorf("one too many: %v", err)
	}
	_ = first.Close() // the error of what was played is not the subject
	if err := p.Sink(info).WriteFrame(frame); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
}

// A live input that has sound alone is watched, too.
func TestStall(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &Stream{live: true, arrived: now}
	s.audio = newSource(s, media.Audio)
	if s.stalled(now.Add(stall)) || !s.stalled(now.Add(stall+1)) {
		t.Error("a silent stream")
	}
	in, err := microphone(script(t, "head -c 4800 /dev/zero; exec sleep 60"), Format("alsa", "hw:1", nil))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	m := in.(*pcmInput)
	eventually(t, "it is known to have stalled", func() bool {
		_ = m.from.SetReadDeadline(time.Now()) // as if the time were over
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.end != nil
	})
	for buf := make([]int16, 4800); err == nil; {
		_, err = in.Read(t.Context(), buf)
	}
	e, ok := errors.AsType[*media.DeviceError](err)
	if !ok || e.Fault != media.DeviceGone || !errors.Is(err, errStalled) {
		t.Error(err)
	}
}

// A Write whose context ends leaves nothing behind that stops the next one.
func TestSpeakerContext(t *testing.T) {
	t.Parallel()
	out, err := speaker(script(t, "exec cat > /dev/null"), "alsa", "", nil)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	samples := make([]int16, 480)
	for range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := out.Write(ctx, samples); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := out.Write(t.Context(), samples[:1]); err != nil {
			t.Fatal(err)
		}
	}
}
