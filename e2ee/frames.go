package e2ee

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// Constants of the call's SFrame profile.
const (
	epochBits = 4              // E: how many low bits of a KID name the epoch
	liveSlots = 1 << epochBits // one epoch for each value of those bits

	// MaxContext is the highest ctx of a stream, so that a KID stays short.
	MaxContext = 4095
	// MaxStreams is how many streams one member may declare, and we may send, in a call. It bounds the keys that are
	// derived for one member in one epoch.
	MaxStreams = 64
)

// Frames holds the frame keys of one call: SFrame (RFC 9605) with keys from the epochs of an MLS group (its section 5.2).
// Keys are installed as epochs begin; media takes a [FrameSealer] for each stream that it sends and a [FrameOpener] for
// each media section that it receives, before or after there are keys.
//
// Its methods may be called from any goroutine. Sealing and opening frames takes no lock and does not allocate, but for
// the first frame of a stream in an epoch, whose key is then derived.
type Frames struct {
	suite sframe.Suite
	clock func() time.Time

	view atomic.Pointer[frameView] // what the openers see; replaced whole, never nil
	send atomic.Pointer[sendEpoch] // what the sealers see; nil until SwitchSend

	mu        sync.Mutex // held to change anything and to derive keys; guards what follows
	epochs    []*frameEpoch
	used      map[keyPrint]bool // every base key that was ever installed
	sealers   map[uint16]*FrameSealer
	openers   map[section]*FrameOpener
	destroyed bool
}

// frameView is one moment of what decides about an incoming frame. It is immutable.
type frameView struct {
	epochs  [liveSlots]*frameEpoch // by the low bits of their number
	streams map[uint32][]Stream    // what each leaf has declared
	dropped map[uint32]uint64      // leaves that were removed, with the last epoch that they were in
}

// section names one media section of one member's connection.
type section struct {
	leaf uint32
	mid  string
}

// NewFrames makes the frame keys of a call, with none yet. clock tells the time; nil is time.Now. It panics if the suite
// is not one of package sframe.
func NewFrames(suite sframe.Suite, clock func() time.Time) *Frames {
	if !suite.Valid() {
		panic("e2ee: NewFrames: " + suite.String())
	}
	if clock == nil {
		clock = time.Now
	}
	f := &Frames{
		suite: suite, clock: clock,
		used:    make(map[keyPrint]bool),
		sealers: make(map[uint16]*FrameSealer),
		openers: make(map[section]*FrameOpener),
	}
	f.view.Store(&frameView{})
	return f
}

// Sealer returns what seals the stream with this ctx: always the same one, so that no counter is used twice. A ctx above
// MaxContext, or one more than MaxStreams, gives a sealer that seals nothing and says ErrUndeclared.
func (f *Frames) Sealer(ctx uint16) *FrameSealer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.sealers[ctx]; s != nil {
		return s
	}
	s := &FrameSealer{f: f, ctx: ctx, slot: len(f.sealers)}
	if ctx > MaxContext || s.slot >= MaxStreams {
		s.slot = noSlot
		return s
	}
	f.sealers[ctx] = s
	return s
}

// Opener returns what opens the frames that arrive in the media section mid of the connection to leaf's member: always
// the same one, so that no frame is opened twice. The streams may be declared later.
func (f *Frames) Opener(leaf uint32, mid string) *FrameOpener {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := section{leaf, mid}
	o := f.openers[at]
	if o == nil {
		o = &FrameOpener{f: f, section: at, tag: f.suite.TagSize()}
		f.openers[at] = o
	}
	return o
}

// Destroy destroys every key for good. Sealers and openers then say ErrNoKey; nothing can be installed any more. Base
// keys are wiped; what Go's ciphers keep inside is left to the garbage collector.
func (f *Frames) Destroy() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.epochs {
		e.wipe()
	}
	f.epochs = nil
	f.replaceSend(nil)
	f.view.Store(&frameView{})
	f.forgetKeys()
	f.destroyed = true
}

// Format prints that there are keys, under every verb.
func (f *Frames) Format(s fmt.State, _ rune) { _, _ = fmt.Fprint(s, "e2ee.Frames(redacted)") }

// LogValue logs that there are keys.
func (f *Frames) LogValue() slog.Value { return slog.StringValue("e2ee.Frames(redacted)") }
