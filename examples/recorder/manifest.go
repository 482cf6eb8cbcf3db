package main

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media/file"
)

// A manifest is recording.json: who was recorded, what they were told and what they said to it.
type manifest struct {
	Sotto        string      `json:"sotto"` // "recording"
	Version      int         `json:"v"`     // 1
	Call         string      `json:"call"`
	Began        time.Time   `json:"began"`
	Ended        time.Time   `json:"ended"`
	Why          string      `json:"why"` // it ended
	Notice       string      `json:"notice"`
	Participants []attendant `json:"participants"`
	Mix          string      `json:"mix"`
}

// An attendant is one participant, as the manifest has them.
type attendant struct {
	Name    string    `json:"name"` // our own name for them
	ID      string    `json:"id"`
	Noticed time.Time `json:"noticed,omitzero"` // when the notice was sent to them
	Agreed  bool      `json:"agreed"`           // by a message; without, they stayed in the call
	Refused bool      `json:"refused,omitempty"`
	Files   []string  `json:"files"`
	Faults  []fault   `json:"faults,omitempty"` // of the files
}

// A fault is what a file lacks of a track.
type fault struct {
	File    string `json:"file"`              // empty: there is none
	Track   string `json:"track"`             // "audio" or "video"
	Refused int64  `json:"refused,omitempty"` // frames that came, and that no file can hold
	Why     string `json:"why,omitempty"`     // it ended early
}

// attendant describes a participant.
func (p *participant) attendant(all []file.RecordedFile) attendant {
	a := attendant{Name: p.label, ID: e2ee.FormatID(p.id), Noticed: p.noticed, Agreed: p.agreed, Refused: p.refused, Files: []string{}}
	for _, f := range all {
		name := ""
		if f.Path != "" {
			name = filepath.Base(f.Path)
			a.Files = append(a.Files, name)
		}
		if f.Refused > 0 || f.Err != nil {
			a.Faults = append(a.Faults, fault{File: name, Track: f.Track.Kind.String(), Refused: f.Refused, Why: words(f.Err)})
		}
	}
	slices.Sort(a.Files)
	a.Files = slices.Compact(a.Files) // a WebM is named for each of its tracks
	return a
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// write puts the manifest beside the files.
func (m manifest) write(d *folder) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	p, err := d.create("recording", ".json")
	if err != nil {
		return err
	}
	_, err = p.Write(append(b, '\n'))
	return errors.Join(err, p.Close())
}
