package pcm_test

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

var errPulled = &media.DeviceError{Device: "fake", Fault: media.DeviceGone}

// A room is a fake microphone and a fake speaker that can be pulled and put back. It says what was opened.
type room struct {
	mu     sync.Mutex
	away   error // what Open says
	opens  int
	open   int // how many are open now
	input  *fakeInput
	output *fakeOutput

	format pcm.Format
	sound  func(n int) int16 // sample n of what is heard
	skew   float64           // of the devices' clock, ppm
	played []int16           // all that was ever played
	forget bool              // keep nothing of it
	dry    bool              // the output says that it has nothing left to play
}

// A device is what fakes have in common: a clock, and an end.
type device struct {
	room  *room
	start time.Time
	count int // samples a channel since start
	err   error
	ended chan struct{}
	timer *time.Timer
}

func (r *room) begin() (device, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opens++
	if r.away != nil {
		return device{}, r.away
	}
	r.open++
	return device{room: r, start: time.Now(), ended: make(chan struct{})}, nil
}

func (r *room) Input(context.Context) (pcm.Input, error) {
	d, err := r.begin()
	if err != nil {
		return nil, err
	}
	r.input = &fakeInput{d}
	return r.input, nil
}

func (r *room) Output(context.Context) (pcm.Output, error) {
	d, err := r.begin()
	if err != nil {
		return nil, err
	}
	r.output = &fakeOutput{d}
	return r.output, nil
}

// set makes Open fail from now on, or not, and ends what is open.
func (r *room) set(away error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = away
	if away != nil && r.input != nil {
		r.input.end(away)
	}
	if away != nil && r.output != nil {
		r.output.end(away)
	}
}

func (r *room) state() (opens, open int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opens, r.open
}

// heard is what was played.
func (r *room) heard() []int16 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]int16(nil), r.played...)
}

// end ends the device once. Needs the room's mu.
func (d *device) end(err error) {
	if d.err == nil {
		d.err = err
		d.room.open--
		close(d.ended)
	}
}

func (d *device) Format() pcm.Format { return d.room.format }

func (d *device) Close() error {
	d.room.mu.Lock()
	defer d.room.mu.Unlock()
	d.end(fs.ErrClosed)
	return nil
}

// at waits until sample n is due by the device's clock.
func (d *device) at(ctx context.Context, n int) error {
	seconds := float64(n) / (float64(d.room.format.Rate) * (1 + d.room.skew/1e6))
	due := time.Until(d.start.Add(time.Duration(seconds * 1e9)))
	if d.timer == nil {
		d.timer = time.NewTimer(due)
	} else {
		d.timer.Reset(due)
	}
	defer d.timer.Stop()
	select {
	case <-d.timer.C:
		return nil
	case <-d.ended:
		d.room.mu.Lock()
		defer d.room.mu.Unlock()
		return d.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A fakeInput hears the room's sound, at the pace of its clock.
type fakeInput struct{ device }

func (d *fakeInput) Delay() time.Duration { return 5 * ms }

func (d *fakeInput) Read(ctx context.Context, buf []int16) (int, error) {
	channels := d.room.format.Channels
	if err := d.at(ctx, d.count+len(buf)/channels); err != nil {
		return 0, err
	}
	for i := range buf {
		buf[i] = d.room.sound(d.count + i/channels)
	}
	d.count += len(buf) / channels
	return len(buf), nil
}

// A fakeOutput keeps what is played, at the pace of its clock. It holds 20 ms.
type fakeOutput struct{ device }

const outputDelay = 20 * ms

func (d *fakeOutput) Delay() time.Duration {
	d.room.mu.Lock()
	defer d.room.mu.Unlock()
	if d.room.dry {
		return 0
	}
	return outputDelay
}

func (d *fakeOutput) Write(ctx context.Context, samples []int16) error {
	d.count += len(samples) / d.room.format.Channels
	if err := d.at(ctx, d.count-int(outputDelay*time.Duration(d.room.format.Rate)/time.Second)); err != nil {
		return err
	}
	d.room.mu.Lock()
	defer d.room.mu.Unlock()
	if !d.room.forget {
		d.room.played = append(d.room.played, samples...)
	}
	return nil
}

// events takes what Notify is told.
type events struct {
	mu  sync.Mutex
	all []media.DeviceEvent
}

func (e *events) notify(v media.DeviceEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, v)
}

func (e *events) take() []media.DeviceEvent {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.all
	e.all = nil
	return all
}
