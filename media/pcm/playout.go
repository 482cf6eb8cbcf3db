package pcm

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"
)

// tapMost is how much waits for a reader that does not read.
const tapMost = 2 * time.Second

// A playout turns tracks into streams of samples in real time, for programs. It has no goroutine: whoever brings a frame or
// wants samples first takes all blocks that are due by the clock, so what is heard when does not depend on who reads.
type playout struct {
	format Format

	hearing sync.Mutex // held around advance and the calls of hear: they come in order
	hear    func(Voice)
	talk    *Detector
	voices  []Voice // of this advance

	mu       sync.Mutex
	start    time.Time // of block 0
	done     int64     // blocks taken
	tracks   []*incoming
	taps     []*tap
	sum      []int32
	parts    []int16 // a block of each track, one after the other
	draining bool    // a Reader's track has ended: the rest is taken at once
	ended    bool
	quit     chan struct{} // closed with ended
}

func newPlayout(f Format, hear func(Voice)) *playout {
	return &playout{format: f, hear: hear, talk: NewDetector(f), quit: make(chan struct{})}
}

// A tap is one stream out of a playout: all tracks, or all but one.
type tap struct {
	p      *playout
	except *incoming
	queue  queue
	lost   int64 // samples, of all channels, that nobody read in time
	limit  limiter
	made   []int16
	timer  *time.Timer
	quit   chan struct{} // closed when this stream ends before the playout does
}

func (p *playout) tap(except *incoming) *tap {
	t := &tap{p: p, except: except, queue: queue{most: p.format.Samples(tapMost)}, quit: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taps = append(p.taps, t)
	return t
}

// advance takes all blocks that are due and tells hear of them.
func (p *playout) advance(now time.Time) {
	p.hearing.Lock()
	defer p.hearing.Unlock()
	p.mu.Lock()
	p.voices = p.voices[:0]
	p.takeDue(now)
	p.mu.Unlock()
	for _, v := range p.voices {
		p.hear(v)
	}
}

// takeDue takes all blocks that are due. Needs mu.
func (p *playout) takeDue(now time.Time) {
	if p.ended {
		return
	}
	if p.start.IsZero() {
		p.start = now
	}
	due := int64(now.Sub(p.start)/block) + 1
	if skip := due - p.done - int64(tapMost/block); skip > 0 { // nobody came for long: nothing of it would be kept
		p.done += skip
		for _, t := range p.taps {
			t.lost += skip * int64(p.format.Samples(block))
		}
	}
	for p.done < due {
		p.step(p.start.Add(time.Duration(p.done) * block))
		p.done++
	}
}

// step takes one block of each track and hands their sums to the taps. Needs mu.
func (p *playout) step(at time.Time) {
	size := p.format.Samples(block)
	p.parts = slices.Grow(p.parts[:0], size*len(p.tracks))[:size*len(p.tracks)]
	ended := false
	for i, in := range p.tracks {
		if !in.pull(p.parts[i*size:][:size], at) {
			_ = in.release()
			ended = true
		}
	}
	for _, t := range p.taps {
		t.step(size)
	}
	if p.hear != nil && !p.draining {
		v := p.talk.Process(p.taps[0].made)
		v.At = at
		p.voices = append(p.voices, v)
	}
	if ended {
		p.tracks = slices.DeleteFunc(p.tracks, (*incoming).gone)
	}
}

// step adds one block. Needs the playout's mu.
func (t *tap) step(size int) {
	p := t.p
	p.sum = slices.Grow(p.sum[:0], size)[:size]
	clear(p.sum)
	for i, in := range p.tracks {
		if in == t.except {
			continue
		}
		for j, s := range p.parts[i*size:][:size] {
			p.sum[j] += int32(s)
		}
	}
	t.made = t.limit.apply(t.made[:0], p.sum)
	if short := size - t.queue.room(); short > 0 {
		t.queue.drop(short)
		t.lost += int64(short)
	}
	t.queue.push(t.made)
}

// read returns what is there, or waits for the next block.
func (t *tap) read(ctx context.Context, buf []int16) (int, error) {
	buf = buf[:len(buf)/t.p.format.Channels*t.p.format.Channels]
	if len(buf) == 0 {
		return 0, ctx.Err()
	}
	for {
		t.p.advance(time.Now())
		n, next, err := t.pop(buf)
		if n > 0 || err != nil {
			return n, err
		}
		if err := t.wait(ctx, next); err != nil {
			return 0, err
		}
	}
}

// pop takes what is there. Where nothing is, it says when the next block is due.
func (t *tap) pop(buf []int16) (n int, next time.Time, err error) {
	p := t.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if n = t.queue.pop(buf); n == 0 && (p.ended || !slices.Contains(p.taps, t)) {
		err = io.EOF
	}
	return n, p.start.Add(time.Duration(p.done) * block), err
}

func (t *tap) wait(ctx context.Context, next time.Time) error {
	if t.timer == nil {
		t.timer = time.NewTimer(time.Until(next))
	} else {
		t.timer.Reset(time.Until(next))
	}
	defer t.timer.Stop()
	select {
	case <-t.timer.C:
	case <-t.p.quit:
	case <-t.quit:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// drain takes the rest of tracks that were closed, at once, and ends.
func (p *playout) drain() error {
	p.mu.Lock()
	p.draining = true
	for !p.ended && len(p.tracks) > 0 {
		p.step(p.start.Add(time.Duration(p.done) * block))
		p.done++
	}
	p.mu.Unlock()
	return p.end()
}

// end ends all streams behind what waits in them, and lets all tracks go.
func (p *playout) end() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	p.ended = true
	close(p.quit)
	var faults []error
	for _, in := range p.tracks {
		faults = append(faults, in.release())
	}
	p.tracks = nil
	return errors.Join(faults...)
}
