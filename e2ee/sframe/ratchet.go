package sframe

import (
	"fmt"
	"log/slog"
)

// RatchetFormat is R of section 5.1: how many low bits of the KID carry the ratchet step, 1 to 32. The bits above are
// the key generation. A receiver must know the R of its sender.
type RatchetFormat int

// maxRatchetBits keeps a generation of at least 32 bits.
const maxRatchetBits = 32

func (r RatchetFormat) check() error {
	if r < 1 || r > maxRatchetBits {
		return fmt.Errorf("%w: %d ratchet bits, want 1 to %d", ErrKey, int(r), maxRatchetBits)
	}
	return nil
}

// KID is (generation << R) + (step % (1 << R)). The error is ErrKey if the generation does not fit.
func (r RatchetFormat) KID(generation, step uint64) (uint64, error) {
	if err := r.check(); err != nil {
		return 0, err
	}
	if generation<<r>>r != generation {
		return 0, fmt.Errorf("%w: key generation %d above %d ratchet bits", ErrKey, generation, int(r))
	}
	return generation<<r | r.low(step), nil
}

// Split takes a KID apart. Of the step the low R bits are known.
func (r RatchetFormat) Split(kid uint64) (generation, stepLow uint64) { return kid >> r, r.low(kid) }

func (r RatchetFormat) low(step uint64) uint64 { return step & (1<<r - 1) }

// RatchetSealer seals with a sender key that it can move forward, so that who gets hold of a key later cannot open what
// was sent before. It is for one goroutine at a time.
type RatchetSealer struct {
	s *ratchetSender
}

type ratchetSender struct {
	suite      Suite
	format     RatchetFormat
	generation uint64
	step       uint64
	key        *baseKey
	sealer     *Sealer
}

// NewRatchetSealer starts a key generation at step 0 with a fresh random base key, which it copies. A generation is used
// for one base key, ever.
func NewRatchetSealer(suite Suite, format RatchetFormat, generation uint64, base []byte) (*RatchetSealer, error) {
	s := &ratchetSender{suite: suite, format: format, generation: generation}
	if err := s.use(0, keepKey(base)); err != nil {
		return nil, err
	}
	return &RatchetSealer{s}, nil
}

// use takes step's key in, and destroys the one before it.
func (s *ratchetSender) use(step uint64, key *baseKey) error {
	kid, err := s.format.KID(s.generation, step)
	if err != nil {
		return err
	}
	sealer, err := NewSealer(s.suite, kid, key.b)
	if err != nil {
		return err
	}
	if s.sealer != nil {
		s.sealer.Destroy()
	}
	s.key.wipe()
	s.step, s.key, s.sealer = step, key, sealer
	return nil
}

// Seal is [Sealer.Seal] under the key of the present step.
func (r *RatchetSealer) Seal(dst, metadata, frame []byte) ([]byte, error) {
	return r.s.sealer.Seal(dst, metadata, frame)
}

// Ratchet moves to the next step and destroys the key of this one. Receivers follow by the KID. The counter starts at
// 0 again, under a new key.
func (r *RatchetSealer) Ratchet() error {
	next, err := RatchetKey(r.s.suite, r.s.key.b)
	if err != nil {
		return err
	}
	return r.s.use(r.s.step+1, &baseKey{next})
}

// State is what a participant who joins now has to be told over a secure channel: generation, step and base key of now.
// The key is a copy, and secret.
func (r *RatchetSealer) State() (generation, step uint64, base []byte) {
	return r.s.generation, r.s.step, append([]byte(nil), r.s.key.b...)
}

// Destroy wipes the keys. Later use panics; Destroy may be called again.
func (r *RatchetSealer) Destroy() {
	if r.s != nil {
		r.s.sealer.Destroy()
		r.s.key.wipe()
		r.s = nil
	}
}

// Format prints that there is a key, under every verb.
func (r RatchetSealer) Format(f fmt.State, _ rune) { redact(f, "RatchetSealer") }

// LogValue logs that there is a key.
func (r RatchetSealer) LogValue() slog.Value {
	return slog.StringValue("sframe.RatchetSealer(redacted)")
}
