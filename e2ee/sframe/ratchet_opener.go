package sframe

import (
	"fmt"
	"log/slog"
)

// Bounds of a RatchetOpener, in steps. A frame whose step is not within them opens as ErrUnknownKey.
const (
	maxRatchetJump = 16 // how far a frame may be ahead of the newest authentic one
	maxRatchetKeep = 4  // how many older keys are kept for frames that arrive late
)

// RatchetOpener follows one RatchetSealer through the steps of one key generation. A frame of a later step moves it
// forward, but only once the frame is authentic: what an attacker writes into a header moves nothing. Keys ahead are
// derived once and kept until then, so forged headers cost at most 16 derivations for each step that the sender really
// takes. It is for one goroutine at a time.
type RatchetOpener struct {
	r *ratchetReceiver
}

type ratchetReceiver struct {
	suite      Suite
	format     RatchetFormat
	generation uint64
	keep, jump uint64

	first   uint64    // step of openers[0], the oldest key kept
	current uint64    // newest step of which a frame was authentic
	openers []*Opener // keys of the steps from first on, without gaps
	key     *baseKey  // of the last of them
}

// NewRatchetOpener takes the state that the sender has told over a secure channel (see [RatchetSealer.State]): the key
// generation, the step, and that step's base key, which it copies.
func NewRatchetOpener(suite Suite, format RatchetFormat, generation, step uint64, base []byte) (*RatchetOpener, error) {
	if err := format.check(); err != nil {
		return nil, err
	}
	// Steps are told apart by R bits: what is kept and what may be jumped to fit in them together.
	keep := min(maxRatchetKeep, uint64(1)<<(format-1)-1)
	jump := min(maxRatchetJump, uint64(1)<<format-1-keep)
	r := &ratchetReceiver{suite: suite, format: format, generation: generation, keep: keep, jump: jump, first: step, current: step}
	if err := r.extend(step, keepKey(base)); err != nil {
		return nil, err
	}
	return &RatchetOpener{r}, nil
}

// extend adds step's key behind the others.
func (r *ratchetReceiver) extend(step uint64, key *baseKey) error {
	kid, err := r.format.KID(r.generation, step)
	if err != nil {
		return err
	}
	o, err := NewOpener(r.suite, kid, key.b)
	if err != nil {
		return err
	}
	r.key.wipe()
	r.openers, r.key = append(r.openers, o), key
	return nil
}

// Open is [Opener.Open] with the key of the frame's step.
func (o *RatchetOpener) Open(dst, metadata, sealed []byte) ([]byte, error) {
	r := o.r
	header, n, err := ParseHeader(sealed)
	if err != nil {
		return dst, err
	}
	step, ok := r.locate(header.KID)
	if !ok {
		return dst, ErrUnknownKey
	}
	if len(sealed) < n+r.suite.TagSize() {
		return dst, ErrMalformed // before anything is derived for it
	}
	for end := r.first + uint64(len(r.openers)); end <= step; end++ {
		next, err := RatchetKey(r.suite, r.key.b)
		if err == nil {
			err = r.extend(end, &baseKey{next})
		}
		if err != nil {
			return dst, err
		}
	}
	out, err := r.openers[step-r.first].OpenParsed(dst, metadata, sealed, header, n)
	if err == nil && step > r.current {
		r.advance(step)
	}
	return out, err
}

// locate finds the whole step from its low bits: it is a kept one, or one within the jump.
func (r *ratchetReceiver) locate(kid uint64) (step uint64, ok bool) {
	generation, low := r.format.Split(kid)
	if generation != r.generation {
		return 0, false
	}
	if back := r.format.low(r.current - low); back <= r.current-r.first {
		return r.current - back, true
	}
	ahead := r.format.low(low - r.current)
	return r.current + ahead, ahead <= r.jump
}

// advance makes step the current one, and destroys keys that are then too old.
func (r *ratchetReceiver) advance(step uint64) {
	r.current = step
	for r.first+r.keep < step {
		r.drop()
	}
}

func (r *ratchetReceiver) drop() {
	r.openers[0].Destroy()
	r.openers = r.openers[1:]
	r.first++
}

// Forget destroys the keys of older steps ("should be deleted promptly", section 5.1): call it some time after the step
// has changed, when late frames are not expected any more.
func (o *RatchetOpener) Forget() {
	for o.r.first < o.r.current {
		o.r.drop()
	}
}

// Step is the newest step of which an authentic frame came.
func (o *RatchetOpener) Step() uint64 { return o.r.current }

// Destroy wipes the keys. Later use panics; Destroy may be called again.
func (o *RatchetOpener) Destroy() {
	if o.r != nil {
		for len(o.r.openers) > 0 {
			o.r.drop()
		}
		o.r.key.wipe()
		o.r = nil
	}
}

// Format prints that there is a key, under every verb.
func (o RatchetOpener) Format(f fmt.State, _ rune) { redact(f, "RatchetOpener") }

// LogValue logs that there is a key.
func (o RatchetOpener) LogValue() slog.Value {
	return slog.StringValue("sframe.RatchetOpener(redacted)")
}
