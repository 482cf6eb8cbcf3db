package e2ee

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// How long the keys of an epoch open frames after the next one has begun.
const (
	oldEpochTime    = 10 * time.Second // after members were added or keys renewed
	oldEpochs       = 5                // and at most so many epochs, fewer than liveSlots
	removalTime     = 2 * time.Second  // after a member was removed
	keyPrintPurpose = "sotto/v1 frame base key"
)

// FrameEpoch is an epoch of the call's MLS group, as far as frames need it. It is for passing on, not for keeping: in an
// unexported field of another struct fmt would print its key.
type FrameEpoch struct {
	Number uint64
	// BaseKey is MLS-Exporter("SFrame 1.0 Base Key", "", Suite.KeySize()). It is copied; the caller wipes its own.
	BaseKey []byte   `json:"-"`
	Own     uint32   // our leaf
	Leaves  []uint32 // the occupied leaves, ours among them
	// Removed are leaves of the epoch before whose member is gone though the leaf is occupied: a Commit that removes one
	// member can put another into its place. Leaves that are occupied no more need not be named.
	Removed []uint32
}

// Format prints the epoch without its key, under every verb.
func (e FrameEpoch) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "e2ee.FrameEpoch(%d, %d leaves)", e.Number, len(e.Leaves))
}

// LogValue logs the epoch without its key.
func (e FrameEpoch) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }

// frameEpoch is an installed epoch. What is above the line is immutable; what is below is guarded by Frames.mu.
type frameEpoch struct {
	number uint64
	own    uint32
	leaves []uint32 // ascending
	format sframe.KIDFormat

	baseKey  []byte
	deadline time.Time // when it goes; zero for the newest
}

func (e *frameEpoch) occupied(leaf uint32) bool {
	_, found := slices.BinarySearch(e.leaves, leaf)
	return found
}

func (e *frameEpoch) slot() uint64 { return e.number % liveSlots }

// expireBy moves the deadline forward to at, never back.
func (e *frameEpoch) expireBy(at time.Time) {
	if e.deadline.IsZero() || at.Before(e.deadline) {
		e.deadline = at
	}
}

func (e *frameEpoch) wipe() { clear(e.baseKey) }

// keyPrint recognises a base key without keeping it.
type keyPrint [16]byte

func printOf(baseKey []byte) keyPrint {
	sum := sha256.Sum256(append([]byte(keyPrintPurpose), baseKey...))
	return keyPrint(sum[:])
}

// Install lets frames of the epoch be opened from now on. It sets the end of the epochs before, and frames of members
// that the epoch has no more are dropped at once. Epochs come in ascending order. The error is ErrEpoch, also for a base
// key that was installed before: its counters would start again.
func (f *Frames) Install(e FrameEpoch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.destroyed {
		return ErrDestroyed
	}
	installed, err := f.admitEpoch(e)
	if err != nil {
		return err
	}
	f.used[printOf(e.BaseKey)] = true
	f.retire(installed, e.Removed)
	f.epochs = append(f.epochs, installed)
	f.publish()
	return nil
}

// admitEpoch checks an epoch and copies it.
func (f *Frames) admitEpoch(e FrameEpoch) (*frameEpoch, error) {
	leaves := slices.Clone(e.Leaves)
	slices.Sort(leaves)
	newest := f.newest()
	switch {
	case len(e.BaseKey) != f.suite.KeySize():
		return nil, fmt.Errorf("%w: %d: base key of %d bytes", ErrEpoch, e.Number, len(e.BaseKey))
	case !slices.Contains(leaves, e.Own):
		return nil, fmt.Errorf("%w: %d: own leaf is blank", ErrEpoch, e.Number)
	case newest != nil && e.Number <= newest.number:
		return nil, fmt.Errorf("%w: %d after %d", ErrEpoch, e.Number, newest.number)
	case f.used[printOf(e.BaseKey)]:
		return nil, fmt.Errorf("%w: %d: base key was used before", ErrEpoch, e.Number)
	}
	return &frameEpoch{
		number: e.Number, own: e.Own, leaves: slices.Compact(leaves),
		format:  sframe.MLSFormat(epochBits, leaves[len(leaves)-1]),
		baseKey: slices.Clone(e.BaseKey),
	}, nil
}

func (f *Frames) newest() *frameEpoch {
	if len(f.epochs) == 0 {
		return nil
	}
	return f.epochs[len(f.epochs)-1]
}

// retire sets the end of the installed epochs when next comes. Those too far behind go at once. That leaves none with
// next's low bits, which "receivers MUST remove" (RFC 9605 section 5.2).
func (f *Frames) retire(next *frameEpoch, removed []uint32) {
	newest := f.newest()
	if newest == nil {
		return
	}
	now := f.clock()
	newest.expireBy(now.Add(oldEpochTime))
	for _, leaf := range newest.leaves {
		if !next.occupied(leaf) || slices.Contains(removed, leaf) {
			f.dropLeaf(leaf, newest.number)
			f.hasten(leaf, now)
		}
	}
	f.keepEpochs(func(e *frameEpoch) bool { return next.number-e.number <= oldEpochs })
}

// hasten ends the epochs in which a removed leaf has keys.
func (f *Frames) hasten(leaf uint32, now time.Time) {
	for _, e := range f.epochs {
		if e.occupied(leaf) {
			e.expireBy(now.Add(removalTime))
		}
	}
}

// keepEpochs destroys the epochs that keep refuses.
func (f *Frames) keepEpochs(keep func(*frameEpoch) bool) {
	f.epochs = slices.DeleteFunc(f.epochs, func(e *frameEpoch) bool {
		if keep(e) {
			return false
		}
		e.wipe()
		return true
	})
}

// publish shows the openers the epochs of now. Keys of those that are gone go with them.
func (f *Frames) publish() {
	old := f.view.Load()
	view := &frameView{streams: old.streams, dropped: old.dropped}
	for _, e := range f.epochs {
		view.epochs[e.slot()] = e
	}
	f.view.Store(view)
	f.forgetKeys()
}
