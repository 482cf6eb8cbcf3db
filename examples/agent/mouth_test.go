package main

import (
	"errors"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// newAnswer begins an answer of a mouth of its own, whose sound nobody takes.
func newAnswer(t *testing.T) (m *mouth, a *answer, cut <-chan struct{}) {
	t.Helper()
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: spoken})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	m = &mouth{w: w, turns: make(chan utterance, backlog)}
	ctx, a, ok := m.begin(t.Context())
	if !ok {
		t.Fatal("no answer begins")
	}
	return m, a, ctx.Done()
}

// An answer that an interruption has ended is an interrupted one, however late the interruption itself gets on: the question
// would be forgotten.
func TestTheInterruptionIsKnown(t *testing.T) {
	m, a, cut := newAnswer(t)
	goOn, cancel := make(chan struct{}), a.cancel
	a.cancel = func(cause error) {
		cancel(cause)
		if cause != nil {
			<-goOn
		}
	}
	go m.listen()
	<-cut
	ended := make(chan outcome)
	go func() { ended <- a.done(errInterrupted) }()
	time.AfterFunc(50*time.Millisecond, func() { close(goOn) })
	if o := <-ended; !o.interrupted {
		t.Error("done does not know what has ended the answer")
	}
}

// The caller's word cuts an answer off also where all that had come of it was played already.
func TestInterruptedBetweenTwoPieces(t *testing.T) {
	m, a, _ := newAnswer(t)
	a.written, a.first = 1, time.Now()
	cancel := a.cancel
	a.cancel = func(cause error) {
		cancel(cause)
		a.drain(t.Context()) // whoever answers is quicker than the interruption
	}
	m.listen()
	if o := a.done(errInterrupted); !o.interrupted {
		t.Error("cut off, and not interrupted")
	}
}

// An answer of which nothing was sent has not been heard: the question is still there.
func TestInterruptedBeforeTheFirstFrame(t *testing.T) {
	m, a, _ := newAnswer(t)
	if err := a.play(t.Context(), make([]int16, spoken.Samples(time.Second))); err != nil {
		t.Fatal(err)
	}
	m.listen()
	if o := a.done(errInterrupted); !o.interrupted || !o.first.IsZero() {
		t.Errorf("%+v", o)
	}
}

// Whoever takes the word when all was said has interrupted nothing.
func TestInterruptedAtTheEnd(t *testing.T) {
	for _, failed := range []error{nil, errors.New("exit status 7")} {
		m, a, _ := newAnswer(t)
		a.written, a.first = 1, time.Now()
		a.drain(t.Context())
		m.listen()
		if o := a.done(failed); o.interrupted {
			t.Errorf("an answer that ended with %v is interrupted", failed)
		}
	}
}
