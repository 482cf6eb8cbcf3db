package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// errInterrupted is why an answer ends that the caller spoke into.
var errInterrupted = errors.New("interrupted by the caller")

// A mouth gives one answer at a time, and none while the caller speaks.
type mouth struct {
	w     *pcm.Writer
	turns chan utterance // the caller's, to be answered

	mu     sync.Mutex
	taken  bool    // the caller has the word
	answer *answer // under way; nil: none
}

// An answer is what the agent does between the end of a turn and the end of what it says to it.
type answer struct {
	mouth  *mouth
	cancel context.CancelCauseFunc

	mu          sync.Mutex
	first       time.Time // when its first sample was given to the Writer; zero: there was none yet
	written     time.Duration
	interrupted bool
	played      time.Duration // of what was written, if it was interrupted
	whole       bool          // all was played
}

// begin returns the context of a new answer, or false if the caller has said more by now, or has the word again. done
// ends the answer.
func (m *mouth) begin(ctx context.Context) (context.Context, *answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taken || len(m.turns) > 0 {
		return ctx, nil, false
	}
	ctx, cancel := context.WithCancelCause(ctx)
	m.answer = &answer{mouth: m, cancel: cancel}
	return ctx, m.answer, true
}

// listen is called when the caller takes the word: the answer that is under way ends. It returns at once. done waits for it:
// an answer that its interruption has ended knows so.
func (m *mouth) listen() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken = true
	if m.answer != nil {
		m.answer.interrupt()
	}
}

// free is called when the caller's turn has ended. It reports false if too many wait for their answer.
func (m *mouth) free(u utterance) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken = false
	select {
	case m.turns <- u:
		return true
	default:
		return false
	}
}

// interrupt stops the program that speaks and drops what waits to be sent. Cancelling comes first: a Write that waits for
// room holds the lock.
func (a *answer) interrupt() {
	a.cancel(errInterrupted)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.interrupted {
		return
	}
	a.interrupted = true
	if !a.first.IsZero() {
		a.played = a.mouth.w.Flush()
	}
}

// play gives samples to the Writer.
func (a *answer) play(ctx context.Context, samples []int16) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.interrupted {
		return errInterrupted
	}
	if len(samples) == 0 {
		return nil
	}
	if a.first.IsZero() {
		a.first = time.Now()
	}
	a.written += spoken.Duration(len(samples))
	return a.mouth.w.Write(ctx, samples)
}

// drain waits until all was sent, or the caller has interrupted, or the call has ended.
func (a *answer) drain(ctx context.Context) {
	if a.mouth.w.Drain(ctx) != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.whole = a.written > 0 && (!a.interrupted || a.played >= a.written) // or the caller took the word at the very end
}

// An outcome is what became of an answer.
type outcome struct {
	first       time.Time // when it was given to be sent; zero: nothing of it was sent
	played      time.Duration
	interrupted bool
}

// done ends the answer, with the error it met. What the caller has cut off was not whole, though all that there was of it had
// been played.
func (a *answer) done(err error) outcome {
	a.mouth.mu.Lock()
	a.mouth.answer = nil
	a.mouth.mu.Unlock()
	a.cancel(nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	o := outcome{first: a.first, played: a.written}
	if a.interrupted && (!a.whole || errors.Is(err, errInterrupted)) {
		o.interrupted, o.played = true, min(a.played, a.written)
	}
	if o.played == 0 {
		o.first = time.Time{}
	}
	return o
}
