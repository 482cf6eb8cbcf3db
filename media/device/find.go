package device

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sotto-calls/sotto/media"
)

// find looks for a device by id, name or part of a name; "" is the default, or else the first. Other words for a device,
// such as its file's path, are in also.
func find(all []Info, kind Kind, want string, also func(Info) []string) (Info, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(i Info) bool { return i.Kind != kind })
	if want == "" {
		if i := slices.IndexFunc(all, func(i Info) bool { return i.Default }); i >= 0 {
			return all[i], nil
		}
		if len(all) > 0 {
			return all[0], nil
		}
	}
	matches := []func(Info) bool{
		func(i Info) bool { return i.ID == want || also != nil && slices.Contains(also(i), want) },
		func(i Info) bool { return i.Name == want },
		func(i Info) bool { return strings.Contains(strings.ToLower(i.Name), strings.ToLower(want)) },
	}
	for _, match := range matches {
		if i := slices.IndexFunc(all, match); want != "" && i >= 0 {
			return all[i], nil
		}
	}
	return Info{}, missing(all, kind, want)
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
