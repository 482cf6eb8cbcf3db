package pulse

import (
	"context"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	// least is how much sound the server and the device hold together, to begin with. After every gap that the writer did
	// not mean it grows by more, up to most: what holds on a quiet machine is too little on a busy one. After calm
	// without a gap it shrinks by a request; every gap doubles that time, up to calmest.
	least   = 30 * time.Millisecond
	most    = 120 * time.Millisecond
	more    = 20 * time.Millisecond
	calm    = time.Minute
	calmest = time.Hour
	request = 10 * time.Millisecond // at least so much the server asks for at a time

	// pause is how long a writer may take between two writes until a gap is taken for one that it meant.
	pause = 60 * time.Millisecond
)

// Speaker returns a function that opens a sink: by its ID, exactly, or else by its Name; "" is the server's default. It
// fits pcm.SpeakerConfig.Open, and may be called again after the device was lost.
//
// What it opens takes 48 kHz mono, converted by the server, and holds some 30 ms of it; up to 120 ms while that proves too
// little. It fails as Microphone does, and so does Write.
func Speaker(sink string) func(context.Context) (pcm.Output, error) {
	return func(ctx context.Context) (pcm.Output, error) {
		device := sink
		if device == "" {
			device = aSpeaker
		}
		s, err := openSpeaker(ctx, sink, device)
		if err != nil {
			return nil, fault(device, err)
		}
		return s, nil
	}
}

// A speaker is a stream of the server's and how much it is waiting for.
type speaker struct {
	*stream
	written atomic.Int64           // bytes; changed under conn.writing, so that it agrees with what was sent
	frame   [headSize + 4<<10]byte // belongs to Write, as the next four
	last    time.Time              // when the latest Write ended
	target  time.Duration
	changed time.Time     // when target was
	calm    time.Duration // how long without a gap until it shrinks
	room    int64         // bytes that the server is waiting for; guarded by stream.mu, as the next
	starved bool          // the server ran out of sound
}

func openSpeaker(ctx context.Context, sink, device string) (*speaker, error) {
	c, name, err := connect(ctx, sink, true)
	if err != nil {
		return nil, err
	}
	s := &speaker{stream: newStream(c, device, name), target: least, calm: calm}
	if err := s.create(ctx); err != nil {
		_ = c.nc.Close()
		return nil, err
	}
	go s.run(s)
	return s, nil
}

func (s *speaker) create(ctx context.Context) error {
	var w writer
	w.spec(1, bytesPerSec/sampleSize)
	w.mono()
	w.u32(undefined)
	w.text(s.name)
	w.u32(inBytes(2 * most))
	w.bools(false) // corked
	s.lengths(&w)
	w.u32(0) // no other stream to be in step with
	w.fullVolume()
	w.bools(false, false, false, false, false, s.name != "", false) // …, may not move, …
	w.bools(false, true)                                            // muted; adjust the device's latency to ours
	w.properties(properties())
	w.bools(false, false, false, false, false, false, false) // volume set; early requests; muted set; inhibit; fail; relative; as it is
	w.u8(0)
	r, err := s.c.ask(ctx, cmdCreatePlaybackStream, w)
	if err != nil {
		return err
	}
	s.index = r.u32()
	r.skip(tagU32)
	s.grant(r.u32())
	r.skip(tagU32, tagU32, tagU32, tagU32) // lengths as the server takes them
	return s.created(r)
}

// lengths appends how much the server is to hold, from how much on it plays, and how much it asks for at a time. It begins
// when all but one request is there: the last comes in time, or there would have been a gap anyway.
func (s *speaker) lengths(w *writer) {
	w.u32(inBytes(s.target))
	w.u32(inBytes(s.target - request))
	w.u32(inBytes(request))
}

// grant lets Write write n bytes more. However much the server asks for, it is sent little by little.
func (s *speaker) grant(n uint32) {
	s.mu.Lock()
	s.room = min(s.room+int64(n), 1<<20)
	s.mu.Unlock()
	s.signal()
}

// Write plays samples, waiting until the server has room for the last of them.
func (s *speaker) Write(ctx context.Context, samples []int16) error {
	if err := s.mend(time.Now()); err != nil {
		return err
	}
	defer func() { s.last = time.Now() }()
	for len(samples) > 0 {
		n, err := s.space(min(len(samples), (len(s.frame)-headSize)/sampleSize))
		if err != nil {
			return err
		}
		if n > 0 {
			if err := s.play(samples[:n]); err != nil {
				return err
			}
			samples = samples[n:]
			continue
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// space takes room for up to n samples.
func (s *speaker) space(n int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	n = int(min(int64(n), s.room/sampleSize))
	s.room -= int64(n) * sampleSize
	return n, nil
}

func (s *speaker) play(samples []int16) error {
	frame := s.frame[:headSize+sampleSize*len(samples)]
	putHead(frame, s.index)
	for i, v := range samples {
		binary.LittleEndian.PutUint16(frame[headSize+sampleSize*i:], uint16(v))
	}
	s.c.writing.Lock()
	err := s.c.writeLocked(frame)
	s.written.Add(int64(sampleSize * len(samples)))
	s.c.writing.Unlock()
	return s.sent(err)
}

// sent turns an error of sending into the one that the stream ended with.
func (s *speaker) sent(err error) error {
	if err == nil {
		return nil
	}
	s.end(s.reason(err))
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// mend asks the server to hold more if it ran dry although the writer is at work, and less when that was long ago.
func (s *speaker) mend(now time.Time) error {
	s.mu.Lock()
	starved := s.starved && !s.last.IsZero() && now.Sub(s.last) < pause
	s.starved = false
	s.mu.Unlock()
	switch {
	case starved:
		s.target, s.calm = min(s.target+more, most), min(2*s.calm, calmest)
	case s.target > least && now.Sub(s.changed) > s.calm:
		s.target -= request
	default:
		return nil
	}
	s.changed = now
	var w writer
	w.u32(s.index)
	w.u32(inBytes(2 * most))
	s.lengths(&w)
	w.bools(true, false)                                  // adjust the device's latency; early requests
	_, err := s.c.send(cmdSetPlaybackStreamBufferAttr, w) // the answer says nothing that we need
	return s.sent(err)
}

// Delay is the server's estimate for its side and the device, carried on to now.
func (s *speaker) Delay() time.Duration { return s.now().due(s.written.Load(), time.Now()) }

func (s *speaker) sound(uint32) error { return errMalformed } // speakers do not speak to us

func (s *speaker) command(command uint32, r *reader) error {
	switch command {
	case cmdRequest:
		r.skip(tagU32)
		if n := r.u32(); r.err == nil {
			s.grant(n)
		}
	case cmdUnderflow:
		s.mu.Lock()
		s.starved = true
		s.mu.Unlock()
	case cmdStarted:
		s.asked = time.Time{} // ask now: what was told before does not hold any more
	}
	return r.err
}

func (s *speaker) ask() (tag uint32, mark int64, err error) {
	s.c.writing.Lock()
	defer s.c.writing.Unlock()
	tag, err = s.c.sendLocked(cmdGetPlaybackLatency, latencyOf(s.index))
	return tag, s.written.Load(), err
}

// told reads how long it takes until the byte is heard that followed the question.
func (s *speaker) told(r *reader, mark int64) clock {
	latency := r.usec()
	r.skip(tagUsec)
	runs := r.bool()
	r.skip(tagTime, tagTime)
	in, out := r.s64(), r.s64() // of the server's queue, as positions
	queued := in - out
	if !plausible(latency) || queued > 60*bytesPerSec {
		return clock{}
	}
	delay := time.Duration(latency)*time.Microsecond + lasting(max(0, queued))
	return clock{known: true, runs: runs, at: time.Now(), delay: delay, mark: mark}
}
