package media

import (
	"context"
	"time"
)

// A Kind is what a track carries.
type Kind uint8

const (
	Audio Kind = 1
	Video Kind = 2
)

func (k Kind) String() string {
	switch k {
	case Audio:
		return "audio"
	case Video:
		return "video"
	}
	return "invalid"
}

// A Frame is one encoded audio packet or video picture.
type Frame struct {
	Data     []byte        // the encoder's output; the receiver of a Frame may keep it
	Time     time.Duration // presentation time since the start of the track, ≥ 0; received: since the peer's first track began
	Duration time.Duration // how long it lasts; 0 if not known
	Key      bool          // can be decoded without an earlier frame (always true for audio)
	Missing  int           // received only: frames known to be lost just before this one
}

// TrackInfo describes a track to whoever sends or receives it.
type TrackInfo struct {
	MID       string // the media section that carries it; empty before negotiation
	Kind      Kind
	Codec     Codec
	ClockRate int    // ticks a second of its RTP timestamps: 48000 for Opus, 8000 for G.711, 90000 for video
	Channels  int    // audio only, 1 or 2
	Width     int    // video only, pixels, 0 if not known
	Height    int    // video only, pixels, 0 if not known
	Label     string // for people: "camera", a file's name
}

// A Source yields the encoded frames of one track. One goroutine of the connection that sends it calls Read, once the path
// and the keys are there: in a call that may be a moment before it is Connected. Read is for one goroutine at a time, so a
// Source belongs to one connection.
type Source interface {
	// Track describes what Read will yield; it is constant.
	Track() TrackInfo
	// Read returns the next frame when it is due by the source's clock, io.EOF after the last one, and ctx.Err() when
	// ctx ends first.
	Read(ctx context.Context) (Frame, error)
	// Close releases what the source holds. It is idempotent and may be called while Read waits.
	Close() error
}

// A KeyFramer is a Source that can be asked for a key frame. The request returns at once.
type KeyFramer interface{ ForceKeyFrame() }

// A Muter is a Source that is told when it is muted and when it goes on, so that it can let its device go. The call returns
// at once. A muted source is not read, and one that is not told is simply not read.
type Muter interface{ SetMuted(muted bool) }

// A RateSetter is a Source whose encoder follows a target bitrate in bits a second. It is for the program that made the
// source: nothing here measures the network, and nothing calls it.
type RateSetter interface{ SetBitrate(bps int) }

// A Sink takes the frames of one received track, in order, on one goroutine.
type Sink interface {
	// WriteFrame takes over f. An error ends this sink: it is closed, reported, and gets no further frame.
	WriteFrame(f Frame) error
	// Close flushes and releases what the sink holds; no WriteFrame follows.
	Close() error
}

// A PromptSink is a Sink of a track of sound that has a jitter buffer of its own. Where Prompt returns true its frames are
// handed over when they arrive, instead of in order and after a wait for what is missing: out of order, late, and perhaps
// twice. Frame.Time says where each belongs, and Missing is 0. Prompt is asked once, before the first frame.
type PromptSink interface {
	Sink
	Prompt() bool
}
