package sframe

import (
	"fmt"
	"log/slog"
	"math"
)

// maxSenderKeys bounds the contexts of one sender in one epoch for which keys are kept.
const maxSenderKeys = 64

// Epoch is one epoch of an MLS group as SFrame needs it (section 5.2). It is for passing on, not for keeping: in an
// unexported field of another struct fmt would print its key.
type Epoch struct {
	Number      uint64
	HighestLeaf uint32 // index of the highest leaf that is occupied
	Own         uint32 // the own leaf: seals, and is refused when opening
	// BaseKey is MLS-Exporter("SFrame 1.0 Base Key", "", AEAD.Nk), Suite.KeySize bytes. Add copies it.
	BaseKey []byte `json:"-"`
}

// Sender says who sealed a frame, as far as a key shared by the group can say it: a member of the epoch.
type Sender struct {
	Epoch   uint64 // the whole number
	Leaf    uint32
	Context uint64
}

// Epochs makes the keys of an MLS group's epochs on demand. It is for one goroutine at a time.
type Epochs struct {
	e *epochStore
}

type epochStore struct {
	suite  Suite
	bits   int
	accept func(Sender) bool
	byLow  map[uint64]*epochKeys
	next   uint64 // no epoch below it may be added: its sealers would count from 0 again
}

type epochKeys struct {
	Epoch
	format  KIDFormat
	sealed  map[uint64]bool    // contexts for which a Sealer was handed out
	openers map[uint64]*Opener // by KID; only of senders of whom a frame was authentic
	senders map[uint32]int     // how many of them, by leaf
}

// NewEpochs makes an empty store. epochBits is E, which every member must have alike: 2^E epochs can be live at once.
// accept is asked before a key is derived for a frame: is this a member's leaf, and one of its contexts? Without an
// answer to that, anyone could make us derive keys.
func NewEpochs(suite Suite, epochBits int, accept func(Sender) bool) (*Epochs, error) {
	if _, err := suite.params(); err != nil {
		return nil, err
	}
	if epochBits < 0 || epochBits > maxEpochBits || accept == nil {
		return nil, fmt.Errorf("%w: E=%d, or no accept function", ErrKey, epochBits)
	}
	return &Epochs{&epochStore{suite: suite, bits: epochBits, accept: accept, byLow: make(map[uint64]*epochKeys)}}, nil
}

// Add lets the epoch's frames be sealed and opened. "Receivers MUST remove an old epoch when a new epoch with the same
// low-order E bits is introduced": done here. Epochs are added in ascending order, each once, even if it was removed since.
// The error is ErrKey otherwise, and for a base key of another length than the suite's.
func (e *Epochs) Add(epoch Epoch) error {
	if len(epoch.BaseKey) != e.e.suite.KeySize() || epoch.Own > epoch.HighestLeaf {
		return fmt.Errorf("%w: epoch %d", ErrKey, epoch.Number)
	}
	if epoch.Number < e.e.next || epoch.Number == math.MaxUint64 {
		return fmt.Errorf("%w: epoch %d after %d", ErrKey, epoch.Number, e.e.next-1)
	}
	format := MLSFormat(e.e.bits, epoch.HighestLeaf)
	low := format.Epoch(epoch.Number)
	if old := e.e.byLow[low]; old != nil {
		e.Remove(old.Number)
	}
	e.e.next = epoch.Number + 1
	epoch.BaseKey = append([]byte(nil), epoch.BaseKey...)
	e.e.byLow[low] = &epochKeys{Epoch: epoch, format: format,
		sealed: make(map[uint64]bool), openers: make(map[uint64]*Opener), senders: make(map[uint32]int)}
	return nil
}

func (e *Epochs) find(number uint64) *epochKeys {
	if k := e.e.byLow[KIDFormat{EpochBits: e.e.bits}.Epoch(number)]; k != nil && k.Number == number {
		return k
	}
	return nil
}

// Remove destroys the epoch's receiving keys and its base key. Sealers that were handed out live on until their owner
// destroys them.
func (e *Epochs) Remove(number uint64) {
	k := e.find(number)
	if k == nil {
		return
	}
	clear(k.BaseKey)
	for _, o := range k.openers {
		o.Destroy()
	}
	delete(e.e.byLow, k.format.Epoch(number))
}

// Sealer makes the own sending key for a context: 0 has the shortest KID; each encoder takes one of its own. It is made
// once per epoch and context, else a nonce would be used twice; a second request is an ErrKey. An epoch that is not
// there is an ErrUnknownKey.
func (e *Epochs) Sealer(number, context uint64) (*Sealer, error) {
	k := e.find(number)
	if k == nil {
		return nil, ErrUnknownKey
	}
	kid, err := k.format.KID(context, k.Own, number)
	if err != nil {
		return nil, err
	}
	if k.sealed[context] {
		return nil, fmt.Errorf("%w: context %d of epoch %d has its sealer", ErrKey, context, number)
	}
	k.sealed[context] = true
	return NewSealer(e.e.suite, kid, k.BaseKey)
}

// Open is [Opener.Open] with the key of the epoch, sender and context in the KID, and says who that is. Frames of
// unknown epochs, of the own leaf (reflected ones) and of senders that accept refuses are an ErrUnknownKey.
func (e *Epochs) Open(dst, metadata, sealed []byte) ([]byte, Sender, error) {
	header, n, err := ParseHeader(sealed)
	if err != nil {
		return dst, Sender{}, err
	}
	k := e.e.byLow[KIDFormat{EpochBits: e.e.bits}.Epoch(header.KID)]
	if k == nil {
		return dst, Sender{}, ErrUnknownKey
	}
	context, leaf, _ := k.format.Split(header.KID)
	sender := Sender{Epoch: k.Number, Leaf: leaf, Context: context}
	if leaf == k.Own || leaf > k.HighestLeaf || !e.e.accept(sender) {
		return dst, sender, ErrUnknownKey
	}
	o := k.openers[header.KID]
	fresh := o == nil
	if fresh {
		if len(sealed) < n+e.e.suite.TagSize() {
			return dst, sender, ErrMalformed
		}
		if k.senders[leaf] >= maxSenderKeys {
			return dst, sender, ErrUnknownKey
		}
		if o, err = NewOpener(e.e.suite, header.KID, k.BaseKey); err != nil {
			return dst, sender, err
		}
	}
	out, err := o.OpenParsed(dst, metadata, sealed, header, n)
	if fresh && err == nil {
		k.openers[header.KID] = o
		k.senders[leaf]++
	}
	return out, sender, err
}

// Destroy removes every epoch. The store is empty then.
func (e *Epochs) Destroy() {
	for _, k := range e.e.byLow {
		e.Remove(k.Number)
	}
}

// Format prints that there are keys, under every verb.
func (e Epochs) Format(f fmt.State, _ rune) { redact(f, "Epochs") }

// LogValue logs that there are keys.
func (e Epochs) LogValue() slog.Value { return slog.StringValue("sframe.Epochs(redacted)") }

// Format prints the epoch without its key, under every verb.
func (e Epoch) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "sframe.Epoch(%d, key redacted)", e.Number)
}

// LogValue logs the epoch without its key.
func (e Epoch) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }
