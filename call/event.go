package call

import (
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// An Event is one thing that an application may want to know of a call. The events of a call are in one order, none is
// dropped but Message, MuteChanged and HoldChanged when 16 MiB wait that the other side has brought about, and Ended is the
// last.
type Event interface{ isEvent() }

type (
	// Ringing: the other side is being asked (caller's side only).
	Ringing struct{}

	// Accepted: the callee said yes; keys and path are being set up.
	Accepted struct{}

	// ParticipantJoined: somebody holds the keys of the call from here on. In a call for two this is the other side.
	ParticipantJoined struct{ Participant Participant }

	// Connected: the other side has proved that it holds the same keys. Media flows, and may have begun a moment before. It
	// comes again after each Reconnecting.
	Connected struct{}

	// Reconnecting: the path is lost and sought anew, for 20 s.
	Reconnecting struct{}

	// TrackAdded: a track of the other side was agreed on, or is sent again after its end. Its sink is made when its first
	// frame was opened, and is the same after an end.
	TrackAdded struct{ Track media.TrackInfo }

	// TrackEnded: a track of ours has come to its end (Err nil), its source has failed, or the other side cannot take it; or
	// the other side sends a track of its own no more (Err nil), or its sink has failed.
	TrackEnded struct {
		Track media.TrackInfo
		Sent  bool // a track of ours
		Err   error
	}

	// MuteChanged: the other side stopped or restarted one of its tracks.
	MuteChanged struct {
		Track media.TrackInfo
		Muted bool
	}

	// HoldChanged: the other side put the call on hold, or took it off.
	HoldChanged struct{ Held bool }

	// Message: the other side sent bytes with Call.Send. The sender is verified. An application that takes no events does
	// not let the other side fill its memory: beyond 16 MiB that wait of Message, MuteChanged, HoldChanged, TrackAdded and
	// TrackEnded, further ones of the first three are dropped and counted, and beyond 32 MiB no description of the other
	// side's is taken until some are read.
	Message struct {
		From e2ee.ID
		Data []byte
	}

	// KeysChanged: the group has a new epoch; frames are sealed with its keys from now on.
	KeysChanged struct{ Epoch uint64 }

	// Ended is the last event of a call.
	Ended struct {
		Reason EndReason
		Remote bool  // the other side ended it
		Err    error // what went wrong here, if anything did
	}
)

func (Ringing) isEvent()           {}
func (Accepted) isEvent()          {}
func (ParticipantJoined) isEvent() {}
func (Connected) isEvent()         {}
func (Reconnecting) isEvent()      {}
func (TrackAdded) isEvent()        {}
func (TrackEnded) isEvent()        {}
func (MuteChanged) isEvent()       {}
func (HoldChanged) isEvent()       {}
func (Message) isEvent()           {}
func (KeysChanged) isEvent()       {}
func (Ended) isEvent()             {}

func (e Ended) String() string {
	return (&EndedError{Reason: e.Reason, Remote: e.Remote, Cause: e.Err}).Error()
}

// A Participant is a member of the group: somebody who holds the keys.
type Participant struct {
	ID       e2ee.ID
	Leaf     uint32    // index in the ratchet tree
	Name     string    // what we call them; empty for someone who is not a contact
	Verified time.Time // when their identity was checked; zero: never
	Self     bool
}
