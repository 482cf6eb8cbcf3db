package media

import "fmt"

// A DeviceFault says in one word why a device does not work.
type DeviceFault uint8

// The faults of devices. The zero value is invalid.
const (
	DeviceMissing     DeviceFault = iota + 1 // there is none of that id or name
	DeviceGone                               // it was there and was pulled
	DeviceBusy                               // another program has it
	DeviceDenied                             // the system does not let this program have it
	DeviceUnsupported                        // it cannot do what was asked of it, or sends what makes no sense
	DeviceNotBuilt                           // this program was built without what it takes
)

func (f DeviceFault) String() string {
	switch f {
	case DeviceMissing:
		return "not found"
	case DeviceGone:
		return "gone"
	case DeviceBusy:
		return "busy"
	case DeviceDenied:
		return "not permitted"
	case DeviceUnsupported:
		return "not supported"
	case DeviceNotBuilt:
		return "not built in"
	}
	return "invalid"
}

// A DeviceError is what constructors and events of the packages below media say of a camera, a microphone, a screen or a
// speaker.
type DeviceError struct {
	Device string // its id or name, or what it is: "microphone"
	Fault  DeviceFault
	Advice string // what to do next, for people; may be empty
	Err    error  // what lies beneath; may be nil
}

func (e *DeviceError) Error() string {
	s := fmt.Sprintf("media: device %q: %s", e.Device, e.Fault)
	if e.Advice != "" {
		s += ": " + e.Advice
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is what lies beneath.
func (e *DeviceError) Unwrap() error { return e.Err }

// A DeviceEvent says that a device went away or is back. Who holds a device tells of it through a Notify function, on a
// goroutine of its own; it must not block.
type DeviceEvent struct {
	Device string
	Up     bool
	Err    error // why it is away, a *DeviceError where that is known; nil when Up
}
