package sframe

import (
	"fmt"
	"math/bits"
)

// KIDFormat is how the KIDs of one MLS epoch are laid out (section 5.2), from the top:
//
//	context (64-S-E bits) | leaf index of the sender (S bits) | epoch (its low E bits)
//
// E is fixed for a session, S follows from the group: the epoch is read first, then that epoch's S applies.
type KIDFormat struct {
	EpochBits int // E, 0 to 16
	IndexBits int // S, 0 to 32
}

// maxEpochBits bounds the epochs that can be live at once.
const maxEpochBits = 16

// MLSFormat is the format of an epoch whose highest occupied leaf has this index.
//
// The RFC takes S from the number of members. With blank leaves among them an index can be as large as that number or
// larger, and would run over into the context. From the highest index on, S holds every sender, and where no leaf is
// blank it is the RFC's.
func MLSFormat(epochBits int, highestLeaf uint32) KIDFormat {
	return KIDFormat{EpochBits: epochBits, IndexBits: bits.Len32(highestLeaf)}
}

// KID is (context << (S+E)) + (leaf << E) + (epoch % (1 << E)). The error is ErrKey if a part does not fit.
func (f KIDFormat) KID(context uint64, leaf uint32, epoch uint64) (uint64, error) {
	if f.EpochBits < 0 || f.EpochBits > maxEpochBits || f.IndexBits < 0 || f.IndexBits > 32 {
		return 0, fmt.Errorf("%w: KID format E=%d S=%d", ErrKey, f.EpochBits, f.IndexBits)
	}
	if bits.Len32(leaf) > f.IndexBits {
		return 0, fmt.Errorf("%w: leaf %d in %d bits", ErrKey, leaf, f.IndexBits)
	}
	shift := f.EpochBits + f.IndexBits
	if bits.Len64(context) > 64-shift {
		return 0, fmt.Errorf("%w: context %d in %d bits", ErrKey, context, 64-shift)
	}
	return context<<shift | uint64(leaf)<<f.EpochBits | f.Epoch(epoch), nil
}

// Epoch is the low E bits of a KID, or of an epoch number.
func (f KIDFormat) Epoch(kid uint64) uint64 { return kid & (1<<f.EpochBits - 1) }

// Split takes a KID apart. Of the epoch the low E bits are known.
func (f KIDFormat) Split(kid uint64) (context uint64, leaf uint32, epochLow uint64) {
	rest := kid >> f.EpochBits
	return rest >> f.IndexBits, uint32(rest & (1<<f.IndexBits - 1)), f.Epoch(kid)
}
