package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// bars is how often a second the bar is drawn.
const bars = 10

// showLevel draws how loud a microphone is, until -for has passed since its first sound.
func showLevel(ctx context.Context, o options, out io.Writer) error {
	open, err := o.level.Microphone()
	if err != nil {
		return err
	}
	in, err := open(ctx)
	if err != nil {
		return err
	}
	defer in.Close()
	m := meter{options: o, out: out, detector: pcm.NewDetector(in.Format())}
	buf := make([]int16, in.Format().Samples(time.Second/bars/10))
	for {
		n, err := in.Read(ctx, buf)
		if err != nil {
			if ctx.Err() != nil && !m.began.IsZero() {
				err = nil // Ctrl-C
			}
			return errors.Join(m.end(), err)
		}
		done, err := m.heard(buf[:n], time.Now())
		if done || err != nil {
			return errors.Join(m.end(), err)
		}
	}
}

// A meter shows what a microphone hears.
type meter struct {
	options
	out      io.Writer
	detector *pcm.Detector
	began    time.Time
	shown    time.Time
	peak     pcm.Voice // the loudest since shown
}

// heard takes samples. It says whether it was long enough.
func (m *meter) heard(samples []int16, now time.Time) (done bool, err error) {
	v := m.detector.Process(samples)
	if m.began.IsZero() {
		m.began, m.shown, m.peak = now, now, v
	}
	m.peak.Level, m.peak.Speaking = min(m.peak.Level, v.Level), m.peak.Speaking || v.Speaking
	if now.Sub(m.shown) >= time.Second/bars {
		err = m.show(now)
		m.shown, m.peak = now, v
	}
	return m.length > 0 && now.Sub(m.began) >= m.length, err
}

func (m *meter) show(now time.Time) error {
	if m.json {
		return json.NewEncoder(m.out).Encode(map[string]any{"at": now.Sub(m.began).Seconds(), "dBov": -int(m.peak.Level), "speaking": m.peak.Speaking})
	}
	_, err := fmt.Fprint(m.out, "\r", bar(m.peak, m.columns))
	return err
}

func (m *meter) end() error {
	if m.json || m.began.IsZero() {
		return nil
	}
	_, err := fmt.Fprintln(m.out)
	return err
}

// bar is a line of this width: from -90 dBov at the left to 0 at the right.
func bar(v pcm.Voice, columns int) string {
	const floor = 90
	words := fmt.Sprintf("%5d dBov  %-8s ", -int(v.Level), map[bool]string{true: "speech"}[v.Speaking])
	width := columns - len(words) - 3
	full := width * max(floor-int(v.Level), 0) / floor
	return words + "[" + strings.Repeat("#", full) + strings.Repeat(" ", width-full) + "]"
}

// playTone plays 440 Hz for the time of -for.
func playTone(ctx context.Context, o options, out io.Writer) error {
	loudest := -1
	speaker, err := o.tone.Speaker(func(level uint8) { loudest = int(level) })(ctx)
	if err != nil {
		return err
	}
	defer speaker.Close()
	if !o.json {
		fmt.Fprintf(out, "440 Hz on %v for %v\n", o.tone.Device, o.length)
	}
	begun := time.Now()
	played, err := pour(ctx, o.length, speaker)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err := pause(ctx, speaker.Delay()); err != nil { // what was written is heard now
		return nil // Ctrl-C
	}
	if o.json {
		return json.NewEncoder(out).Encode(map[string]any{"played": played.Seconds(), "took": time.Since(begun).Seconds(), "delay": speaker.Delay().Seconds()})
	}
	if loudest >= 0 {
		fmt.Fprintf(out, "the test speaker plays nothing; it would have been -%d dBov\n", loudest)
	}
	fmt.Fprintf(out, "played %v; a sound takes %v to be heard\n", played.Round(10*time.Millisecond), speaker.Delay().Round(time.Millisecond))
	return nil
}

// pour writes a tone to a speaker, whose clock paces it: so much of it, or without an end if that is 0.
func pour(ctx context.Context, length time.Duration, speaker pcm.Output) (played time.Duration, err error) {
	const pitch, loud, piece = 440, 0.1, 10 * time.Millisecond // loud is -20 dB
	f := speaker.Format()
	samples := make([]int16, f.Samples(piece))
	for at := 0; length == 0 || played < length; played += piece {
		for i := range samples {
			if i%f.Channels == 0 {
				at = (at + 1) % f.Rate
			}
			samples[i] = int16(loud * math.MaxInt16 * math.Sin(2*math.Pi*pitch*float64(at)/float64(f.Rate)))
		}
		if err := speaker.Write(ctx, samples); err != nil {
			return played, err
		}
	}
	return played, nil
}

// pause waits, or gives ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
