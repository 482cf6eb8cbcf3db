package pulse

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"

	"github.com/sotto-calls/sotto/media"
)

// What a device is called in an error when the caller asked for the server's default.
const (
	aMicrophone = "microphone"
	aSpeaker    = "speaker"
)

// errNoAddress says that there is nowhere to look for a server.
var errNoAddress = errors.New("no address of a server is known")

// A dialError says which servers were tried.
type dialError struct {
	tried []address
	errs  []error
}

func (e *dialError) Error() string {
	parts := make([]string, len(e.errs))
	for i, err := range e.errs {
		parts[i] = fmt.Sprintf("%v: %v", e.tried[i], err)
	}
	return strings.Join(parts, "; ")
}

func (e *dialError) Unwrap() []error { return e.errs }

// fault puts into words why a device cannot be opened. The errors of a context stay what they are.
func fault(device string, err error) error {
	var known *media.DeviceError
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &media.DeviceError{Device: device, Fault: media.DeviceUnsupported, Err: err}
	var code serverError
	var dial *dialError
	switch {
	case errors.As(err, &code):
		e.Fault, e.Advice = codeFault(code)
	case errors.Is(err, errNoAddress):
		e.Fault, e.Advice = media.DeviceMissing, noServer()
	case errors.Is(err, fs.ErrPermission):
		e.Fault, e.Advice = media.DeviceDenied, "the sound server's socket belongs to another user: run as that user, or set PULSE_SERVER"
	case errors.As(err, &dial):
		e.Fault, e.Advice = media.DeviceMissing, noServer()
	case errors.Is(err, errMalformed), errors.Is(err, errTooOld):
		e.Advice = "what listens there is no PulseAudio or PipeWire server that this program understands"
	case isTimeout(err):
		e.Fault, e.Advice = media.DeviceGone, noAnswer
	default: // the connection ended meanwhile
		e.Fault, e.Advice = media.DeviceGone, "the sound server ended: open it again when the server is back"
	}
	return e
}

func noServer() string {
	if runtime.GOOS == "windows" {
		return "set PULSE_SERVER to tcp:HOST:4713 where a PulseAudio server listens"
	}
	return "no sound server answers: start pipewire-pulse or pulseaudio as this user (XDG_RUNTIME_DIR must be set as the server " +
		"has it), or set PULSE_SERVER to its address"
}

// codeFault is what a code of the server means: package pcm gives up on DeviceUnsupported alone.
func codeFault(code serverError) (media.DeviceFault, string) {
	switch code {
	case errAccess, errBadAuth:
		return media.DeviceDenied, "the sound server does not take this user's cookie: run as the server's user, or copy its " +
			"~/.config/pulse/cookie and name the copy in PULSE_COOKIE"
	case errNoSuch:
		return media.DeviceMissing, "the sound server has no such device now"
	case errBusy, errState:
		return media.DeviceBusy, suspendedAdvice
	case 2, 3, 4, 7, 13, 17, 18, 19, 21, 22, 23, 24: // it would say the same again
		return media.DeviceUnsupported, ""
	}
	// A timeout, an input or output error, a server that ends: and what we do not know may pass, too.
	return media.DeviceGone, "the sound server failed: open it again, and restart the server if that does not help"
}

const noAnswer = "the sound server does not answer: restart it (PipeWire needs its session manager, wireplumber, to run too)"

const suspendedAdvice = "the sound server suspended it: another program or another user's session has the hardware"

// gone is the fault of a device that went away while it was open.
func gone(device, why string) error {
	return &media.DeviceError{Device: device, Fault: media.DeviceGone, Advice: why}
}
