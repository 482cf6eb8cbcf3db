package main

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// before is how far before the Detector's word the beginning of a turn may lie: it takes a moment to be sure.
const before = 250 * time.Millisecond

// An utterance is one turn of the caller.
type utterance struct {
	samples []int16 // in the shape of heard
	ended   time.Time
	delay   time.Duration // of the jitter buffer and what follows it, then
}

func (u utterance) length() time.Duration { return heard.Duration(len(u.samples)) }

// A sound is where an ear hears: a pcm.Reader.
type sound interface {
	Read(ctx context.Context, buf []int16) (n int, err error)
}

// An ear cuts the caller's turns out of what comes. One goroutine uses it.
type ear struct {
	turns    turns
	detector *pcm.Detector
	kept     []int16       // the newest samples, from the beginning of the turn if there is one
	gone     time.Duration // how much there was before kept

	delay func() time.Duration // how long ago what is read was said
	began func()               // the caller has the word
	ended func(utterance)      // and had it
}

func newEar(c turnConfig) *ear {
	return &ear{turns: turns{turnConfig: c}, detector: pcm.NewDetector(heard), delay: func() time.Duration { return 0 }}
}

// listen reads until the sound ends.
func (e *ear) listen(ctx context.Context, in sound) {
	buf := make([]int16, heard.Samples(hop))
	for {
		for have := 0; have < len(buf); {
			n, err := in.Read(ctx, buf[have:])
			if err != nil {
				return
			}
			have += n
		}
		e.hear(buf)
	}
}

// hear takes one hop.
func (e *ear) hear(samples []int16) {
	e.kept = append(e.kept, samples...)
	switch e.turns.step(e.detector.Process(samples)) {
	case turnBegan:
		e.began()
	case turnEnded:
		quiet, delay := e.turns.now-e.turns.to, e.delay()
		e.ended(utterance{samples: e.cut(), ended: time.Now().Add(-quiet - delay), delay: delay})
	}
	if e.turns.state == turnQuiet || e.turns.state == turnEbbing {
		e.forget(e.turns.now - before)
	}
}

// forget drops what was before a position.
func (e *ear) forget(until time.Duration) {
	if n := heard.Samples(until - e.gone); n > 0 {
		e.kept = append(e.kept[:0], e.kept[n:]...)
		e.gone += heard.Duration(n)
	}
}

// cut copies the turn. It begins where it was first as loud as a voice of the turn, which may be before the Detector was sure.
func (e *ear) cut() []int16 {
	const after = 50 * time.Millisecond // what fades
	from, step := heard.Samples(e.turns.from-e.gone), heard.Samples(hop)
	for from >= step && int(pcm.Level(e.kept[from-step:from])) <= int(e.turns.loudest)+depth {
		from -= step
	}
	to := min(heard.Samples(e.turns.to+after-e.gone), len(e.kept))
	samples := append([]int16(nil), e.kept[from:to]...)
	fade(samples, heard)
	return samples
}
