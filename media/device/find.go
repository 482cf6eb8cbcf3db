package device

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sotto-calls/sotto/media"
)

// find looks for a device by id, name or part of a name; "" is the default, or else the first. Other words for a device,
// such as its file's path, are in also. A monitor is found by its whole id or name only: part of a microphone's name is
// part of the name of a speaker's monitor too, and what the machine plays must not be sent by mistake.
func find(all []Info, kind Kind, want string, also func(Info) []string) (Info, error) {
	all = ofKind(all, kind)
	if want == "" {
		return findDefault(all, kind)
	}
	matches := []func(Info) bool{
		func(i Info) bool { return i.ID == want || also != nil && slices.Contains(also(i), want) },
		func(i Info) bool { return i.Name == want },
		func(i Info) bool {
			return !isMonitor(i) && strings.Contains(strings.ToLower(i.Name), strings.ToLower(want))
		},
	}
	for _, match := range matches {
		if i := slices.IndexFunc(all, match); i >= 0 {
			return all[i], nil
		}
	}
	return Info{}, missing(all, kind, want)
}

// findDefault looks for the default, or else the first. Where no microphone is plugged in PulseAudio makes a monitor the
// default: that is refused.
func findDefault(all []Info, kind Kind) (Info, error) {
	i := slices.IndexFunc(all, func(i Info) bool { return i.Default })
	if i < 0 {
		i = slices.IndexFunc(all, func(i Info) bool { return !isMonitor(i) })
	}
	switch {
	case i < 0:
		return Info{}, missing(all, kind, "")
	case isMonitor(all[i]):
		return Info{}, &media.DeviceError{
			Device: kind.String(), Fault: media.DeviceMissing,
			Advice: "the default is a monitor, which hears what this machine plays: plug a microphone in, or ask for " + all[i].ID,
		}
	}
	return all[i], nil
}

// findAgain looks for a device by its id alone.
func findAgain(all []Info, kind Kind, want, id string) (Info, error) {
	all = ofKind(all, kind)
	if i := slices.IndexFunc(all, func(i Info) bool { return i.ID == id }); i >= 0 {
		return all[i], nil
	}
	return Info{}, missing(all, kind, want)
}

func ofKind(all []Info, kind Kind) []Info {
	return slices.DeleteFunc(slices.Clone(all), func(i Info) bool { return i.Kind != kind })
}

// isMonitor reports whether a microphone is none: PulseAudio and PipeWire give each speaker a source that yields what is
// played there. miniaudio does not tell them from others, but they are always called like this.
func isMonitor(i Info) bool {
	return i.Kind == KindMicrophone && (strings.HasSuffix(i.ID, ".monitor") || strings.HasPrefix(i.Name, "Monitor of "))
}

// missing says what there is instead.
func missing(all []Info, kind Kind, want string) error {
	advice := fmt.Sprintf("there is no %s: plug one in", kind)
	if len(all) > 0 {
		var names []string
		for _, i := range all {
			names = append(names, fmt.Sprintf("%s (%q)", i.ID, i.Name))
		}
		advice = fmt.Sprintf("there is no such %s; there are: %s", kind, strings.Join(names, ", "))
	}
	if want == "" {
		want = kind.String()
	}
	return &media.DeviceError{Device: want, Fault: media.DeviceMissing, Advice: advice}
}
