package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A mind is what the agent understands and answers with. The zero value is the parrot.
type mind struct {
	listen *command // sound in, text out; nil: nothing is understood
	think  *command // text in, text out; nil: the answer is what was heard
	speak  *command // text in, sound out; nil: what was heard is played back

	rawIn     bool // listen gets samples without a header
	speakRate int  // of what speak writes without a header
}

// answerTurns answers the caller's turns, one after the other, until ctx ends.
func (t *talk) answerTurns(ctx context.Context) {
	for {
		select {
		case u := <-t.mouth.turns:
			t.takeTurn(ctx, u)
		case <-ctx.Done():
			return
		}
	}
}

// takeTurn understands a turn, and answers all that was said since the last answer, unless the caller goes on.
func (t *talk) takeTurn(ctx context.Context, u utterance) {
	t.totals.turn(u)
	if !t.understand(ctx, u) {
		return
	}
	actx, a, ok := t.mouth.begin(ctx)
	if !ok {
		return // what waits in t.said is answered with the next turn
	}
	reply, err := t.respond(actx, a, u)
	a.drain(actx) // also of an answer that failed halfway
	o := a.done(err)
	if ctx.Err() != nil {
		return // the call has ended
	}
	if err != nil && !o.interrupted {
		t.logf("gets no whole answer: %v", err)
	}
	if !o.interrupted || !o.first.IsZero() {
		t.said = nil
	}
	t.answered(u, reply, o, err)
}

// understand turns what the caller said into text. It reports whether there is something to answer: also to a noise, if a
// question before it still waits.
func (t *talk) understand(ctx context.Context, u utterance) bool {
	e := entry{Who: "caller", Text: "heard " + inSeconds(u.length()), Seconds: seconds(u.length())}
	if t.mind.listen == nil {
		t.write(e)
		return true
	}
	text, err := t.recognise(ctx, u)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		t.logf("is not understood: %v", err)
		e.Text, e.Note = "", "speech-to-text failed"
	case text == "":
		e.Text, e.Note = "", "no words in it"
	default:
		e.Text = text
		t.said = recent(append(t.said, text))
	}
	t.write(e)
	return len(t.said) > 0
}

// recent forgets the oldest of what the caller said, so that the rest fits into one question; the newest stays in any case.
// A caller who interrupts every answer would fill the memory.
func recent(said []string) []string {
	size := 0
	for i := len(said) - 1; i >= 0; i-- {
		if size += len(said[i]) + 1; size > mostText && i < len(said)-1 {
			return slices.Delete(said, 0, i+1)
		}
	}
	return said
}

func (t *talk) recognise(ctx context.Context, u utterance) (string, error) {
	b, err := encode(u.samples, t.mind.rawIn)
	if err != nil {
		return "", err
	}
	return t.mind.listen.text(ctx, b)
}

// respond finds an answer and says it.
func (t *talk) respond(ctx context.Context, a *answer, u utterance) (reply string, err error) {
	play := func(samples []int16) error { return a.play(ctx, samples) }
	if t.mind.speak == nil {
		return "the same, played back", t.playBack(u, play)
	}
	reply = strings.Join(t.said, "\n")
	if t.mind.think != nil {
		if reply, err = t.mind.think.text(ctx, []byte(reply+"\n")); err != nil {
			return "", err
		}
	}
	if reply == "" {
		return "", nil
	}
	err = t.mind.speak.stream(ctx, []byte(reply+"\n"), mostSpoken, func(r io.Reader) error {
		return decode(r, t.mind.speakRate, play)
	})
	return reply, err
}

// playBack is the parrot.
func (t *talk) playBack(u utterance, play func([]int16) error) error {
	const piece = 3200 // samples: the first of them is on its way before the last is resampled
	shape := newResampler(heard.Rate, spoken.Rate)
	for rest := u.samples; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		if err := play(shape.resample(nil, rest[:min(piece, len(rest))])); err != nil {
			return err
		}
	}
	return play(shape.flush(nil))
}

// answered writes down what was said, and how long the caller waited for it.
func (t *talk) answered(u utterance, reply string, o outcome, err error) {
	e := entry{Who: "agent", Text: plain(reply), Seconds: seconds(o.played), Interrupted: o.interrupted}
	if !o.first.IsZero() {
		quiet := o.first.Sub(u.ended) + sayDelay(t.mouth.w)
		e.QuietMS = quiet.Milliseconds()
		t.totals.answer(o, quiet)
	}
	switch {
	case o.interrupted:
		e.Note = "interrupted after " + inSeconds(o.played)
	case err != nil:
		e.Note = "the agent failed to answer"
	case reply == "":
		e.Note = "no answer"
	}
	t.write(e)
}

// write adds to the transcript, and shows that on stderr.
func (t *talk) write(e entry) {
	t.transcript.add(e)
	s := fmt.Sprintf("%s: %q, %.1f s", e.Who, e.Text, e.Seconds)
	if e.QuietMS > 0 {
		s += fmt.Sprintf(", %v after the end of speech", time.Duration(e.QuietMS)*time.Millisecond)
	}
	if e.Note != "" {
		s += ", " + e.Note
	}
	t.logf("%s", s)
}
