package ffmpeg

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// ErrNoFFmpeg is in every error that comes of ffmpeg, or ffprobe where it is needed, not being installed.
var ErrNoFFmpeg = errors.New("ffmpeg is not installed")

var (
	errClosed = fs.ErrClosed
	errLarge  = fmt.Errorf("ffmpeg: a frame of more than 4 MiB: %w", file.ErrFrame)
	errNUL    = errors.New("ffmpeg: a NUL byte in a name")
)

// notInstalled says how to get what is missing.
func notInstalled(program string, cause error) error {
	advice := "install it from https://ffmpeg.org/download.html and put it into PATH"
	switch runtime.GOOS {
	case "linux":
		advice = "sudo apt install ffmpeg (or what your distribution has instead of apt)"
	case "darwin":
		advice = "brew install ffmpeg"
	case "windows":
		advice = "winget install ffmpeg"
	}
	return fmt.Errorf("%w: %s: %w: %s", ErrNoFFmpeg, program, cause, advice)
}

// An Error is a failure of the ffmpeg process.
type Error struct {
	Op    string // what it was to do: "read camera", "record"
	Words string // the last of what it wrote to stderr, at most 8 KiB, user names and passwords taken out; may be empty
	Err   error  // how it ended, or what we found wrong with what it sent; may be nil
}

// Error shows the end of Words quoted, as they may hold what a camera or a file made ffmpeg say.
func (e *Error) Error() string {
	s := "ffmpeg: " + e.Op
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if w := lastWords(e.Words, 400); w != "" {
		s += fmt.Sprintf(": ffmpeg says %q", w)
	}
	return s
}

// Unwrap is how the process ended.
func (e *Error) Unwrap() error { return e.Err }

// lastWords is the end of what was said, whole lines where they fit into n bytes.
func lastWords(words string, n int) string {
	lines := strings.Split(strings.TrimSpace(words), "\n")
	out := ""
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if line == "" {
			continue
		}
		if out != "" && len(out)+len(line)+2 > n {
			break
		}
		if out != "" {
			line += "; " + out
		}
		out = line
	}
	if len(out) > n {
		out = out[len(out)-n:]
	}
	return out
}

// faults are words of ffmpeg, and of the systems below it, that tell what is wrong with a device.
var faults = []struct {
	words string
	fault media.DeviceFault
}{
	{"busy", media.DeviceBusy},
	{"permission denied", media.DeviceDenied},
	{"operation not permitted", media.DeviceDenied},
	{"not authorized", media.DeviceDenied},
	{"401 unauthorized", media.DeviceDenied},
	{"403 forbidden", media.DeviceDenied},
	{"no such device", media.DeviceGone},
	{"no such file", media.DeviceMissing},
	{"could not find", media.DeviceMissing},
	{"cannot open display", media.DeviceMissing},
	{"no such entity", media.DeviceMissing},
	{"not found", media.DeviceMissing},
	{"timed out", media.DeviceMissing},
	{"connection refused", media.DeviceMissing},
	{"connection reset", media.DeviceMissing},
	{"no route to host", media.DeviceMissing},
	{"unreachable", media.DeviceMissing},
	{"inappropriate ioctl", media.DeviceUnsupported},
	{"not supported", media.DeviceUnsupported},
	{"invalid data", media.DeviceUnsupported},
	{"unknown input format", media.DeviceUnsupported},
}

var advices = map[media.DeviceFault]string{
	media.DeviceBusy:        "another program has it: end that first",
	media.DeviceDenied:      "the system or the camera refuses: check the permissions (group video or audio on Linux) or the password",
	media.DeviceMissing:     "check its name, and that it is there and switched on",
	media.DeviceUnsupported: "ffmpeg cannot read it as it was asked to: try another size, frame rate or format",
}

// deviceError makes of a failure what all devices say. opened is whether the device had worked before: then it is not
// missing, and can be read, so it is gone for now, which package pcm does not give up on.
func deviceError(name string, err error, opened bool) error {
	if _, ok := errors.AsType[*media.DeviceError](err); ok || errors.Is(err, ErrNoFFmpeg) {
		return err
	}
	fault := media.DeviceMissing
	if opened {
		fault = media.DeviceGone
	}
	if e, ok := errors.AsType[*Error](err); ok {
		if said := faultIn(e.Words); said != 0 {
			fault = said
		}
	}
	if opened && (fault == media.DeviceMissing || fault == media.DeviceUnsupported) {
		fault = media.DeviceGone
	}
	return &media.DeviceError{Device: name, Fault: fault, Advice: advices[fault], Err: err}
}

// faultIn is what ffmpeg's words tell, 0 if nothing. The last line that does counts: what stands before it may be of a
// trouble that has passed.
func faultIn(words string) media.DeviceFault {
	lines := strings.Split(strings.ToLower(words), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		for _, f := range faults {
			if strings.Contains(lines[i], f.words) {
				return f.fault
			}
		}
	}
	return 0
}
