package e2ee

import (
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// Why a frame was not sealed or opened, or keys and streams were not taken. A frame that is not what it should be is
// dropped and counted; the sender is not told.
var (
	// ErrNoKey: there is no key for the frame: none yet, none any more, or of an epoch that is unknown here.
	ErrNoKey = errors.New("e2ee: no frame key")
	// ErrWrongSender: the frame names a sender that it cannot have: ourselves, nobody, a removed member, or a member
	// other than the one at the end of this connection.
	ErrWrongSender = errors.New("e2ee: frame of a wrong sender")
	// ErrUndeclared: the frame is of a stream that its sender did not declare, or not for this media section.
	ErrUndeclared = errors.New("e2ee: frame of an undeclared stream")
	// ErrReplay: the frame was opened before, or is too old to tell.
	ErrReplay = sframe.ErrReplay
	// ErrAuthentication: the frame or what travelled in clear beside it is not as it was sealed.
	ErrAuthentication = sframe.ErrAuthentication
	// ErrEpoch: the epoch cannot be installed or switched to: out of order, not well-formed, or with a key used before.
	ErrEpoch = errors.New("e2ee: unusable epoch")
	// ErrStreams: a declaration is not well-formed, changes a stream that was declared, or is one too many.
	ErrStreams = errors.New("e2ee: unusable stream declaration")
)

// drop is the reason why a frame was not opened.
type drop int

const (
	dropNone drop = iota
	dropMalformed
	dropNoEpoch
	dropReflected
	dropBlank
	dropRemoved
	dropWrongLeaf
	dropUndeclared
	dropWrongMID
	dropReplayed
	dropTooOld
	dropForged
	dropBusy
	drops // how many there are
)

// dropErrors are made once: a flood of bad frames allocates nothing.
var dropErrors = [drops]error{
	dropMalformed:  fmt.Errorf("%w frame: %w", ErrMalformed, sframe.ErrMalformed),
	dropNoEpoch:    ErrNoKey,
	dropReflected:  fmt.Errorf("%w: our own", ErrWrongSender),
	dropBlank:      fmt.Errorf("%w: blank leaf", ErrWrongSender),
	dropRemoved:    fmt.Errorf("%w: removed", ErrWrongSender),
	dropWrongLeaf:  fmt.Errorf("%w: not of this connection", ErrWrongSender),
	dropUndeclared: ErrUndeclared,
	dropWrongMID:   fmt.Errorf("%w: of another media section", ErrUndeclared),
	dropReplayed:   sframe.ErrReplay,
	dropTooOld:     sframe.ErrTooOld,
	dropForged:     sframe.ErrAuthentication,
	dropBusy:       errBusy,
}

// errBusy: two goroutines use one sealer or opener at the same time, which is a fault of the program. The frame of the
// second is refused: otherwise two frames might share a nonce.
var errBusy = errors.New("e2ee: frame sealer or opener is in use by another goroutine")

// dropOf says which reason an error of package sframe is.
func dropOf(err error) drop {
	switch err {
	case nil:
		return dropNone
	case sframe.ErrAuthentication:
		return dropForged
	case sframe.ErrReplay:
		return dropReplayed
	case sframe.ErrTooOld:
		return dropTooOld
	}
	return dropMalformed
}
