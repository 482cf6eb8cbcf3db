package pulse

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A Kind says what a Device is.
type Kind uint8

// The kinds of devices. The zero value is invalid.
const (
	Source  Kind = iota + 1 // sound comes from it: a microphone
	Sink                    // sound goes to it: a speaker
	Monitor                 // a source that yields what is played by a sink
)

func (k Kind) String() string {
	switch k {
	case Source:
		return "source"
	case Sink:
		return "sink"
	case Monitor:
		return "monitor"
	}
	return "invalid"
}

// A Device is a source or a sink of the server. Its texts are the server's, as they are.
type Device struct {
	ID      string // the server's name for it, the same after a restart: "alsa_input.pci-0000_00_1f.3.analog-stereo"
	Name    string // its description, for people; may be empty, and two devices may share one
	Kind    Kind
	Default bool // what Microphone("") or Speaker("") opens; a monitor that is the default is refused
}

// List returns the devices that the server has now, in its order: sources and monitors first. It fails with a
// *media.DeviceError if there is no server or it does not take us, and with ctx.Err().
func List(ctx context.Context) ([]Device, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, fault("sound server", err)
	}
	defer c.nc.Close()
	all, err := c.devices(ctx)
	if err != nil {
		return nil, fault("sound server", err)
	}
	out := make([]Device, len(all))
	for i, d := range all {
		out[i] = d.Device
	}
	return out, nil
}

// settle is how long Watch waits after the first change for those that follow it: a card brings several devices.
const settle = 100 * time.Millisecond

// Watch yields the devices that there are now, and again whenever some come, go or change, until ctx ends or the loop is
// left. After an error, as of List, it ends.
func Watch(ctx context.Context) iter.Seq2[[]Device, error] {
	return func(yield func([]Device, error) bool) {
		if err := watch(ctx, func(d []Device) bool { return yield(d, nil) }); err != nil {
			yield(nil, fault("sound server", err))
		}
	}
}

func watch(ctx context.Context, yield func([]Device) bool) error {
	c, err := dial(ctx)
	if err != nil {
		return err
	}
	defer c.nc.Close()
	var w writer
	const sinksSourcesServer = 0x01 | 0x02 | 0x80 // PA_SUBSCRIPTION_MASK_…
	w.u32(sinksSourcesServer)
	if _, err := c.ask(ctx, cmdSubscribe, w); err != nil {
		return err
	}
	var last []Device
	for {
		now, err := List(ctx)
		if err != nil {
			return err
		}
		if last == nil || !slices.Equal(now, last) {
			if last = now; !yield(slices.Clone(now)) {
				return nil
			}
		}
		if err := c.change(ctx); err != nil {
			return err
		}
	}
}

// change waits until something changes, and a moment longer. It stops between two frames only, so that it can be called again.
func (c *conn) change(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { c.nc.Close() })
	defer stop()
	settled := time.Time{}
	for settled.IsZero() || time.Now().Before(settled) {
		err := c.event(settled)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errQuiet):
			return nil
		case err != nil:
			return err
		case settled.IsZero():
			settled = time.Now().Add(settle)
		}
	}
	return nil
}

// errQuiet says that no frame began in time.
var errQuiet = errors.New("nothing came")

// event reads a command, whatever it is, that begins before the deadline; once begun it may take answerTime.
func (c *conn) event(deadline time.Time) error {
	if err := c.nc.SetReadDeadline(deadline); err != nil {
		return err
	}
	if _, err := c.in.Peek(1); err != nil {
		if !deadline.IsZero() && isTimeout(err) {
			return errQuiet
		}
		return err
	}
	if err := c.nc.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	channel, length, err := c.next()
	if err == nil && channel != control {
		err = errMalformed // we have no stream
	}
	if err == nil {
		_, _, _, err = c.parse(length)
	}
	return err
}

// EchoCancelled finds a source and a sink that the server's echo canceller made, as their IDs, for Microphone and Speaker.
// Both must be used: the canceller takes out of the one what is played by the other. Without any it fails with a
// *media.DeviceError that says how to load one.
func EchoCancelled(ctx context.Context) (source, sink string, err error) {
	const device, module = "echo canceller", "module-echo-cancel"
	c, err := dial(ctx)
	if err != nil {
		return "", "", fault(device, err)
	}
	defer c.nc.Close()
	all, err := c.devices(ctx)
	if err != nil {
		return "", "", fault(device, err)
	}
	modules, err := c.modules(ctx, module)
	if err != nil {
		return "", "", fault(device, err)
	}
	for _, d := range all {
		if d.Kind != Source || !slices.Contains(modules, d.module) && !strings.Contains(d.group, "echo-cancel") {
			continue
		}
		for _, e := range all {
			if e.Kind == Sink && e.module == d.module && e.group == d.group {
				return d.ID, e.ID, nil
			}
		}
	}
	return "", "", &media.DeviceError{Device: device, Fault: media.DeviceMissing, Advice: "load one with: pactl load-module " + module}
}

// find returns the name of the device of a kind that a user asked for: by its exact ID, or by its description.
func find(all []deviceInfo, want string, sink bool) (string, error) {
	var named, have []string
	for _, d := range all {
		if (d.Kind == Sink) != sink {
			continue
		}
		if d.ID == want {
			return d.ID, nil
		}
		if d.Name == want {
			named = append(named, d.ID)
		}
		have = append(have, d.ID)
	}
	if len(named) == 1 {
		return named[0], nil
	}
	advice := "there is none"
	switch {
	case len(named) > 1:
		advice = "several have this description; ask for one of " + listed(named)
	case len(have) > 0:
		advice = "there is " + listed(have)
	}
	return "", &media.DeviceError{Device: want, Fault: media.DeviceMissing, Advice: advice}
}

// listed is names for people, not too many.
func listed(names []string) string {
	const most = 12
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%.100q", n)
	}
	return strings.Join(quoted, ", ") + more
}
