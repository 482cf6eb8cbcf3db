package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// doorVersion is the version of the door's messages; README.md documents them.
const doorVersion = 1

// maxDoorMessage bounds a request. A longer one is no message of the door.
const maxDoorMessage = 1 << 10

// A doorMessage is a request (Open) or an answer (Opened).
type doorMessage struct {
	Sotto   string `json:"sotto"`       // "door"
	Version int    `json:"v,omitempty"` // 0 is 1
	Open    bool   `json:"open,omitempty"`
	Opened  *bool  `json:"opened,omitempty"`
	Why     string `json:"why,omitempty"` // of an answer: why the door stays shut
}

var (
	errNoRequest  = errors.New("not a request to open the door")
	errDoorSyntax = errors.New(`want {"sotto":"door","open":true}`)
	errDoorNewer  = errors.New("this door speaks version 1")
)

// parseDoor reads a message of a call. errNoRequest: it is about something else, or an answer, and is not answered; any other
// error is, in its words.
func parseDoor(data []byte) error {
	if len(data) > maxDoorMessage {
		return errNoRequest
	}
	var m struct { // of which kind it is, whatever else is in it
		Sotto  string          `json:"sotto"`
		Open   json.RawMessage `json:"open"`
		Opened json.RawMessage `json:"opened"`
	}
	if json.Unmarshal(data, &m) != nil || m.Sotto != "door" || m.Open == nil || m.Opened != nil {
		return errNoRequest
	}
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	var v struct {
		Version int `json:"v"`
	}
	if json.Unmarshal(data, &v) == nil && v.Version > doorVersion {
		return errDoorNewer
	}
	var request doorMessage
	if strict.Decode(&request) != nil || !request.Open || request.Version < 0 || request.Why != "" {
		return errDoorSyntax
	}
	if _, err := strict.Token(); err != io.EOF {
		return errDoorSyntax
	}
	return nil
}

// doorAnswer is what is sent back. why is empty if the door was opened.
func doorAnswer(why string) []byte {
	opened := why == ""
	b, err := json.Marshal(doorMessage{Sotto: "door", Version: doorVersion, Opened: &opened, Why: why})
	if err != nil {
		panic(err) // it is made of strings alone
	}
	return b
}

// afterFailure is the pause after a door that did not open, if -door-every is not shorter: whoever stands there tries again.
const afterFailure = 2 * time.Second

// A doorPolicy says who opens the door, and how often. It is pure, and belongs to one goroutine.
type doorPolicy struct {
	fitted bool          // there is a command to run
	every  time.Duration // at the least, between two openings
	last   time.Time     // when it was opened, or began to be, or when that failed
	busy   bool          // the command runs
	failed bool          // the last time
}

// refuse is why a request is refused, in words for whoever made it; empty: the door is to be opened, and the policy has noted
// that. who is the contact as the store has it now, known whether it has it at all: labels and what was known when the call
// began count for nothing.
func (p *doorPolicy) refuse(who e2ee.Contact, known bool, now time.Time) string {
	switch {
	case !p.fitted:
		return "there is no door here"
	case !known || who.State != e2ee.Confirmed:
		return "you are no contact"
	case who.Blocked || !who.Revoked.IsZero():
		return "you are blocked"
	case who.Verified.IsZero():
		return "you are not verified: compare the safety number with whoever runs this door"
	case p.busy:
		return "it is being opened"
	case p.failed && now.Sub(p.last) < min(p.every, afterFailure):
		return "it did not work a moment ago: try again in a few seconds"
	case !p.failed && !p.last.IsZero() && now.Sub(p.last) < p.every:
		return "it was opened a moment ago"
	}
	p.last, p.busy = now, true
	return ""
}

// opened notes that the command has ended, and whether it failed.
func (p *doorPolicy) opened(err error, now time.Time) {
	p.busy, p.failed = false, err != nil
	if p.failed {
		p.last = now
	}
}
