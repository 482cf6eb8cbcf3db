package e2ee

import (
	"sync/atomic"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// FrameOpener opens the frames of one media section of one member's connection. It is for one goroutine; a second one at
// the same time gets an error. Keys come and go under it at any time.
type FrameOpener struct {
	f *Frames
	section
	tag  int
	busy atomic.Bool

	// keys are those of the streams of which frames came, by the epoch's low bits. Only Frames, under its lock, writes.
	keys [liveSlots]atomic.Pointer[openerKeys]

	opened  atomic.Uint64
	dropped [drops]atomic.Uint64
}

// openerKeys are an opener's keys in one epoch. It is immutable; the keys in it are used by the opener's goroutine alone.
type openerKeys struct {
	epoch *frameEpoch
	byKID []keyOfKID
}

// keyOfKID are few, so they stand in a list: one for each stream of a media section.
type keyOfKID struct {
	kid uint64
	key *sframe.Opener
}

// Open authenticates a sealed frame and what travelled readable beside it, clear, and appends the frame to dst. Its own
// memory may be overwritten, see [sframe.Opener.Open]. On an error dst is returned as it was, and the frame must be
// dropped; the errors are ErrMalformed, ErrNoKey, ErrWrongSender, ErrUndeclared, ErrReplay and ErrAuthentication.
func (o *FrameOpener) Open(dst, clear, sealed []byte) ([]byte, error) {
	if !o.busy.CompareAndSwap(false, true) {
		o.dropped[dropBusy].Add(1)
		return dst, errBusy
	}
	out, why := o.open(dst, clear, sealed)
	o.busy.Store(false)
	if why != dropNone {
		o.dropped[why].Add(1)
		return dst, dropErrors[why]
	}
	o.opened.Add(1)
	return out, nil
}

func (o *FrameOpener) open(dst, clear, sealed []byte) ([]byte, drop) {
	header, n, err := sframe.ParseHeader(sealed)
	if err != nil || len(sealed) < n+o.tag {
		return dst, dropMalformed
	}
	key := o.lookup(header.KID)
	if key == nil {
		var why drop
		if key, why = o.f.deriveOpener(o, header.KID); why != dropNone {
			return dst, why
		}
	}
	out, err := key.OpenParsed(dst, clear, sealed, header, n)
	return out, dropOf(err)
}

// lookup finds the key of a stream that had a frame in this epoch before.
func (o *FrameOpener) lookup(kid uint64) *sframe.Opener {
	slot := kid % liveSlots
	keys := o.keys[slot].Load()
	if keys == nil || keys.epoch != o.f.view.Load().epochs[slot] {
		return nil
	}
	for i := range keys.byKID {
		if keys.byKID[i].kid == kid {
			return keys.byKID[i].key
		}
	}
	return nil
}

// admit decides about a KID before anything is derived for it. The low bits pick the epoch, whose S then applies.
func (v *frameView) admit(kid uint64, at section) (*frameEpoch, drop) {
	e := v.epochs[kid%liveSlots]
	if e == nil {
		return nil, dropNoEpoch
	}
	ctx, leaf, _ := e.format.Split(kid)
	switch {
	case leaf == e.own:
		return nil, dropReflected
	case !e.occupied(leaf):
		return nil, dropBlank
	case v.isDropped(leaf, e.number):
		return nil, dropRemoved
	case leaf != at.leaf:
		return nil, dropWrongLeaf
	}
	stream, declared := v.stream(leaf, ctx)
	switch {
	case !declared:
		return nil, dropUndeclared
	case stream.MID != at.mid:
		return nil, dropWrongMID
	}
	return e, dropNone
}

// deriveOpener makes the key of a stream's first frame in an epoch. Frames that are refused do not come to the lock.
func (f *Frames) deriveOpener(o *FrameOpener, kid uint64) (*sframe.Opener, drop) {
	if _, why := f.view.Load().admit(kid, o.section); why != dropNone {
		return nil, why
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, why := f.view.Load().admit(kid, o.section) // again: it may have changed
	if why != dropNone {
		return nil, why
	}
	key, err := sframe.NewOpener(f.suite, kid, e.baseKey)
	if err != nil {
		return nil, dropNoEpoch
	}
	next := &openerKeys{epoch: e}
	if keys := o.keys[e.slot()].Load(); keys != nil && keys.epoch == e {
		next.byKID = append(next.byKID, keys.byKID...)
	}
	next.byKID = append(next.byKID, keyOfKID{kid, key})
	o.keys[e.slot()].Store(next)
	return key, dropNone
}

// forgetKeys lets go the openers' keys of epochs that are gone.
func (f *Frames) forgetKeys() {
	view := f.view.Load()
	for _, o := range f.openers {
		for slot := range o.keys {
			if keys := o.keys[slot].Load(); keys != nil && keys.epoch != view.epochs[slot] {
				o.keys[slot].Store(nil)
			}
		}
	}
}

func (o *FrameOpener) forgetAll() {
	for slot := range o.keys {
		o.keys[slot].Store(nil)
	}
}
