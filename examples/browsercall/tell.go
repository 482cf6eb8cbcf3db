package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// An event is one line of -json. Fields that say nothing are left out.
type event struct {
	Event       string   `json:"event"` // ready, invitation, contact, ringing, connected, reconnecting, track, message, ended, warning
	Page        string   `json:"page,omitempty"`
	URL         string   `json:"url,omitempty"` // the page with an invitation: a secret
	Expires     string   `json:"expires,omitempty"`
	Fingerprint string   `json:"fingerprint,omitempty"` // SHA-256 of the certificate
	Name        string   `json:"name,omitempty"`        // our name for the other side
	ID          string   `json:"id,omitempty"`
	Safety      string   `json:"safetyNumber,omitempty"`
	Call        string   `json:"call,omitempty"`
	By          string   `json:"by,omitempty"` // who rang: us, them
	Emoji       []string `json:"emoji,omitempty"`
	Path        string   `json:"path,omitempty"` // types of the two candidates in use; one that was found before it was named is prflx
	Kind        string   `json:"kind,omitempty"`
	Codec       string   `json:"codec,omitempty"`
	Text        string   `json:"text,omitempty"`
	Epoch       uint64   `json:"epoch,omitempty"`
	Muted       *bool    `json:"muted,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	Remote      *bool    `json:"remote,omitempty"`
	Sent        []track  `json:"sent,omitempty"`
	Received    []track  `json:"received,omitempty"`
	Files       []string `json:"files,omitempty"`
	Warning     string   `json:"warning,omitempty"`
}

// A track is what became of one track's frames.
type track struct {
	Kind    string `json:"kind"`
	Codec   string `json:"codec"`
	Frames  uint64 `json:"frames"`
	Opened  uint64 `json:"opened,omitempty"`
	Failed  uint64 `json:"failed,omitempty"`
	Missing uint64 `json:"missing,omitempty"`
}

func sentTracks(s media.Stats) (all []track) {
	for _, t := range s.Sent {
		all = append(all, track{Kind: t.Kind.String(), Codec: string(t.Codec), Frames: t.Frames})
	}
	return all
}

func receivedTracks(s media.Stats) (all []track) {
	for _, t := range s.Received {
		all = append(all, track{Kind: t.Kind.String(), Codec: string(t.Codec), Frames: t.Frames, Opened: t.Opened, Failed: t.FailedSum(), Missing: t.Missing})
	}
	return all
}

// A teller tells people and, with -json, programs what happens. Calls run at the same time, lines do not mix.
type teller struct {
	mu      sync.Mutex
	people  io.Writer
	program *json.Encoder // nil without -json
}

func newTeller(out, errs io.Writer, asJSON bool) *teller {
	if !asJSON {
		return &teller{people: out}
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return &teller{people: errs, program: e}
}

// say writes for people alone.
func (t *teller) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.people, format+"\n", args...)
}

// tell writes an event for both.
func (t *teller) tell(e event, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.people, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
	if t.program != nil {
		t.program.Encode(e)
	}
}

func (t *teller) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.tell(event{Event: "warning", Warning: text}, "WARNING: %s", text)
}
