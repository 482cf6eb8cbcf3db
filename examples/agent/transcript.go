package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/sotto-calls/sotto/call"
)

// An entry is one thing that was said, as the caller's program gets it in a message of the call and as a line of the
// -transcript file has it. README.md documents it: programs read it.
type entry struct {
	Sotto       string  `json:"sotto"` // "transcript"
	Version     int     `json:"v"`     // 1
	Number      int     `json:"n"`     // counts from 1 in a call
	Who         string  `json:"who"`   // "caller" or "agent"
	Text        string  `json:"text"`
	Seconds     float64 `json:"seconds"`            // of sound: heard, or played
	QuietMS     int64   `json:"quiet_ms,omitempty"` // agent: from the end of the caller's speech to the first sample of the answer
	Interrupted bool    `json:"interrupted,omitempty"`
	Note        string  `json:"note,omitempty"` // for people: "interrupted after 1.2 s"
}

// A record is a line of the -transcript file.
type record struct {
	Time time.Time `json:"time"`
	Call string    `json:"call"`
	Name string    `json:"name"` // our own name for the caller
	entry
}

// waiting is how many entries may wait for the way to the caller. More are not sent.
const waiting = 64

// A transcript of one call.
type transcript struct {
	call, name string
	file       *journal // nil: none
	queue      chan []byte
	logf       func(string, ...any)
	count      int
}

// add writes an entry down, and lets it be sent. One goroutine calls it.
func (t *transcript) add(e entry) {
	t.count++
	e.Sotto, e.Version, e.Number = "transcript", 1, t.count
	if t.file != nil {
		if err := t.file.write(record{time.Now(), t.call, t.name, e}); err != nil {
			t.logf("a line of the transcript is lost: %v", err)
		}
	}
	b, err := message(e)
	if err != nil {
		t.logf("a message of the transcript is lost: %v", err)
		return
	}
	select {
	case t.queue <- b:
	default:
		t.logf("a message of the transcript is lost: the caller takes none")
	}
}

// send sends until ctx ends. A call that reconnects makes it wait.
func (t *transcript) send(ctx context.Context, c *call.Call) {
	for {
		select {
		case b := <-t.queue:
			if err := c.Send(ctx, b); err != nil && ctx.Err() == nil && !errors.Is(err, call.ErrEnded) {
				t.logf("a message of the transcript is lost: %v", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// mostMessage is how many bytes a message of a call may have.
const mostMessage = 16 << 10

// message is an entry as it is sent. A text that is too long loses its end, at a whole rune: in a message as JSON writes it, a byte
// may take six.
func message(e entry) ([]byte, error) {
	for {
		b, err := line(e)
		if err != nil || len(b) <= mostMessage || e.Text == "" {
			return b, err
		}
		e.Text = shorter(e.Text, max(len(e.Text)-(len(b)-mostMessage), len(e.Text)/2))
	}
}

// shorter leaves at most so many bytes of s, less than all, and says that there was more.
func shorter(s string, most int) string {
	const more = "…"
	for n := min(most, len(s)) - len(more); n > 0; n-- {
		if utf8.RuneStart(s[n]) {
			return s[:n] + more
		}
	}
	return ""
}

// line is v as JSON in one line, with < and & as they are: this is no web page.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// A journal is a file that several calls write, a line at a time.
type journal struct {
	mu sync.Mutex
	w  io.Writer
}

func (j *journal) write(r record) error {
	b, err := line(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, err = j.w.Write(append(b, '\n'))
	return err
}

func seconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Millisecond)) / float64(time.Second)
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
