package pcm

import (
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/jitter"
)

// TrackStats is how a received track fares: what waits in its jitter buffer, and what that did since the track began.
type TrackStats struct {
	Track media.TrackInfo
	Level uint8 // of the last 10 ms, -dBov

	Delay     time.Duration // from a frame's arrival until it is played, now: the jitter buffer
	Target    time.Duration // what Delay is steered to, before the length of a frame
	Resampler time.Duration // what bringing it to the format adds

	Packets   uint64 // that came, of which:
	Late      uint64 // after their turn
	Duplicate uint64 // twice
	Discarded uint64 // too many, or at a time that cannot be
	Malformed uint64 // not of the codec

	Lost      uint64 // missing at their turn, about
	Recovered uint64 // of those, made of the packet that followed
	Underruns uint64 // times the buffer ran dry and the packet came yet
	Resets    uint64 // times playing began anew

	Played      time.Duration // that was taken, of which:
	Concealed   time.Duration // in place of what was missing
	Expanded    time.Duration // added, to play slower
	Silent      time.Duration // with nothing to play
	Accelerated time.Duration // left out, to play faster
}

// stats is a snapshot.
func (in *incoming) stats() TrackStats {
	in.mu.Lock()
	defer in.mu.Unlock()
	s, at := in.buffer.Stats(), in.clock
	return TrackStats{
		Track: in.info, Level: uint8(in.level.Load()),
		Delay: s.Delay, Target: s.Target, Resampler: in.resampling(),
		Packets: s.Packets, Late: s.Late, Duplicate: s.Duplicate, Discarded: s.Discarded, Malformed: s.Malformed,
		Lost: s.Lost, Recovered: s.Recovered, Underruns: s.Underruns, Resets: s.Resets,
		Played: span(s.Played, at), Concealed: span(s.Concealed, at), Expanded: span(s.Expanded, at),
		Silent: span(s.Silent, at), Accelerated: span(s.Accelerated, at),
	}
}

// span is how long so many samples of one channel last; for centuries.
func span(samples uint64, rate int) time.Duration {
	seconds, rest := samples/uint64(rate), samples%uint64(rate)
	return time.Duration(seconds)*time.Second + time.Duration(rest)*time.Second/time.Duration(rate)
}

// idle is how much was played that never came.
func idle(s jitter.Stats) uint64 { return s.Concealed + s.Silent }

// MicrophoneStats is how a [Microphone] fares.
type MicrophoneStats struct {
	Up       bool  // the device is open and has yielded sound
	Level    uint8 // of the last 10 ms, after the Processors, -dBov
	Speaking bool
	Frames   int64 // that Read returned
	Dropped  int64 // 10 ms each, that nobody read in time
	Lost     int64 // times the device went away

	Input     time.Duration // the device's own delay, as far as it knows
	Resampler time.Duration
	Codec     time.Duration // a frame, and what the encoder looks ahead
	Latency   time.Duration // all of it: from the sound in the room to the frame
}

// Stats returns a snapshot. Any goroutine may call it.
func (m *Microphone) Stats() MicrophoneStats {
	c := &m.stats
	s := MicrophoneStats{
		Up: c.up.Load(), Level: uint8(c.level.Load()), Speaking: c.speaking.Load(),
		Frames: c.frames.Load(), Dropped: c.dropped.Load(), Lost: c.lost.Load(),
		Input: time.Duration(c.input.Load()), Resampler: time.Duration(c.resampler.Load()), Codec: m.out.delay(),
	}
	s.Latency = s.Input + s.Resampler + s.Codec
	return s
}

// SpeakerStats is how a [Speaker] fares.
type SpeakerStats struct {
	Up        bool  // the device is open and has taken sound
	Level     uint8 // of the last 10 ms of the mix, before the Processors, -dBov
	Lost      int64 // times the device went away
	Underruns int64 // times the device had run dry when the next 10 ms came, as far as it knows its delay

	Output    time.Duration // the device's own delay, as far as it knows
	Resampler time.Duration // to the device's rate
	Tracks    []TrackStats
}

// Latency is how long it takes from the arrival of a frame of a track until it is heard.
func (s SpeakerStats) Latency(t TrackStats) time.Duration {
	return t.Delay + t.Resampler + s.Resampler + s.Output
}

// Stats returns a snapshot. Any goroutine may call it.
func (s *Speaker) Stats() SpeakerStats {
	c := &s.counts
	out := SpeakerStats{
		Up: c.up.Load(), Level: uint8(c.level.Load()), Lost: c.lost.Load(), Underruns: c.underruns.Load(),
		Output: time.Duration(c.delay.Load()), Resampler: time.Duration(c.resampler.Load()),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range s.tracks {
		out.Tracks = append(out.Tracks, in.stats())
	}
	return out
}

// ReaderStats is how a [Reader] fares.
type ReaderStats struct {
	TrackStats
	Waiting time.Duration // samples that wait for Read
	Dropped time.Duration // that nobody read within two seconds
	Latency time.Duration // from the arrival of a frame until Read returns it: Delay, Resampler and Waiting
}

// Stats returns a snapshot. Any goroutine may call it.
func (r *Reader) Stats() ReaderStats {
	s := ReaderStats{TrackStats: r.in.stats()}
	s.Waiting, s.Dropped = r.tap.stats()
	s.Latency = s.Delay + s.Resampler + s.Waiting
	return s
}

// stats is what waits and what was dropped.
func (t *tap) stats() (waiting, dropped time.Duration) {
	t.p.mu.Lock()
	defer t.p.mu.Unlock()
	f := t.p.format
	return f.Duration(t.queue.n), span(uint64(t.lost/int64(f.Channels)), f.Rate)
}

// MixerStats is how a [Mixer] fares.
type MixerStats struct {
	Tracks  []TrackStats
	Waiting time.Duration // samples that wait for the Mixer's Read
	Dropped time.Duration // that nobody read within two seconds
}

// Latency is how long it takes from the arrival of a frame of a track until the Mixer's Read returns it.
func (s MixerStats) Latency(t TrackStats) time.Duration {
	return t.Delay + t.Resampler + s.Waiting
}

// Stats returns a snapshot. Any goroutine may call it.
func (m *Mixer) Stats() (s MixerStats) {
	s.Waiting, s.Dropped = m.main.stats()
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	for _, in := range m.p.tracks {
		s.Tracks = append(s.Tracks, in.stats())
	}
	return s
}

// WriterStats is how a [Writer] fares.
type WriterStats struct {
	Frames  int64         // that Read returned
	Silence int64         // of those, with nothing that was written
	Waiting time.Duration // samples that wait to be sent
	Codec   time.Duration // a frame, and what the encoder looks ahead
	Latency time.Duration // from a Write now until its first sample is in a frame, at most: Waiting and Codec
}

// Stats returns a snapshot. Any goroutine may call it.
func (w *Writer) Stats() WriterStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := WriterStats{
		Frames: w.frames, Silence: w.silence, Waiting: w.format.Duration(w.queue.n), Codec: w.out.delay(),
	}
	s.Latency = s.Waiting + s.Codec
	return s
}
