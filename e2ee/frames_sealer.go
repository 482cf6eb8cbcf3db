package e2ee

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// noSlot marks a FrameSealer that has no place among the keys, and so never a key.
const noSlot = -1

// sendEpoch holds the sending keys of one epoch. The old one is let go whole at a switch. The keys' counters live here:
// one for an epoch and ctx.
type sendEpoch struct {
	number  uint64
	own     uint32
	format  sframe.KIDFormat
	baseKey []byte // guarded by Frames.mu
	keys    [MaxStreams]atomic.Pointer[sframe.Sealer]
}

// FrameSealer seals the frames of one stream. It is for one goroutine; a second one at the same time gets an error. Keys
// are switched under it at any time.
type FrameSealer struct {
	f    *Frames
	ctx  uint16
	slot int
	busy atomic.Bool

	sealed  atomic.Uint64
	refused atomic.Uint64
	before  atomic.Uint64 // sealed, when the present sending epoch began
}

// SwitchSend seals with this epoch's keys from now on, and destroys the sending keys of the one before. There is no way
// back: the error is ErrEpoch if the epoch is not installed or older than the present one.
func (f *Frames) SwitchSend(epoch uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.destroyed {
		return ErrDestroyed
	}
	if old := f.send.Load(); old != nil && old.number >= epoch {
		if old.number == epoch {
			return nil
		}
		return fmt.Errorf("%w: sending with %d already, not %d", ErrEpoch, old.number, epoch)
	}
	i := slices.IndexFunc(f.epochs, func(e *frameEpoch) bool { return e.number == epoch })
	if i < 0 {
		return fmt.Errorf("%w: %d is not installed", ErrEpoch, epoch)
	}
	e := f.epochs[i]
	f.replaceSend(&sendEpoch{number: e.number, own: e.own, format: e.format, baseKey: slices.Clone(e.baseKey)})
	return nil
}

// replaceSend lets the sealers see next and forgets what was before it.
func (f *Frames) replaceSend(next *sendEpoch) {
	if old := f.send.Swap(next); old != nil {
		clear(old.baseKey)
	}
	for _, s := range f.sealers {
		s.before.Store(s.sealed.Load())
	}
}

// Seal appends the sealed frame to dst: SFrame header, ciphertext, tag. clear is authenticated with it and not part of
// it: the bytes that travel readable beside the frame, as the receiver will have them. The error is ErrNoKey before the
// first SwitchSend and after Destroy; then the frame is not to be sent in any other way.
func (s *FrameSealer) Seal(dst, clear, frame []byte) ([]byte, error) {
	if !s.busy.CompareAndSwap(false, true) {
		return dst, errBusy
	}
	out, err := s.seal(dst, clear, frame)
	s.busy.Store(false)
	if err != nil {
		s.refused.Add(1)
		return dst, err
	}
	s.sealed.Add(1)
	return out, nil
}

func (s *FrameSealer) seal(dst, clear, frame []byte) ([]byte, error) {
	epoch := s.f.send.Load()
	if epoch == nil {
		return dst, ErrNoKey
	}
	if s.slot == noSlot {
		return dst, ErrUndeclared
	}
	key := epoch.keys[s.slot].Load()
	if key == nil {
		var err error
		if key, err = s.f.deriveSealer(epoch, s); err != nil {
			return dst, err
		}
	}
	return key.Seal(dst, clear, frame)
}

// deriveSealer makes the key of a stream's first frame in an epoch.
func (f *Frames) deriveSealer(epoch *sendEpoch, s *FrameSealer) (*sframe.Sealer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.send.Load() != epoch {
		return nil, ErrNoKey // switched meanwhile: the base key is gone
	}
	kid, err := epoch.format.KID(uint64(s.ctx), epoch.own, epoch.number)
	if err != nil {
		return nil, err
	}
	key, err := sframe.NewSealer(f.suite, kid, epoch.baseKey)
	if err != nil {
		return nil, err
	}
	epoch.keys[s.slot].Store(key)
	return key, nil
}
