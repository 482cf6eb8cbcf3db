package main

import (
	"fmt"
	"slices"
)

// A mode is what the bot does with those who call.
type mode string

const (
	modeClip   mode = "clip"
	modeEcho   mode = "echo"
	modeRecord mode = "record"
)

// MarshalText is the flag's text.
func (m mode) MarshalText() ([]byte, error) { return []byte(m), nil }

// UnmarshalText takes a mode that there is.
func (m *mode) UnmarshalText(b []byte) error {
	if !slices.Contains([]mode{modeClip, modeEcho, modeRecord}, mode(b)) {
		return fmt.Errorf("want clip, echo or record")
	}
	*m = mode(b)
	return nil
}

// botName is what the bot calls itself if nobody says otherwise.
func (m mode) botName() string {
	switch m {
	case modeEcho:
		return "Echo bot"
	case modeRecord:
		return "Recorder"
	}
	return "Clip bot"
}
