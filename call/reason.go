package call

import (
	"errors"
	"fmt"
)

// An EndReason says why a call ended. The numbers are on the wire (docs/PROTOCOL) and never change their meaning.
type EndReason uint8

const (
	Left              EndReason = 1  // somebody hung up a call that was accepted
	Declined          EndReason = 2  // the callee said no
	Busy              EndReason = 3  // the callee is in another call
	TimedOut          EndReason = 4  // it rang and nobody answered
	Cancelled         EndReason = 5  // the caller gave up before it was accepted
	AnsweredElsewhere EndReason = 6  // another reader of the callee's mailbox took or declined the call
	Unreachable       EndReason = 7  // no device of the callee was reached, or its relay was not
	Unsupported       EndReason = 8  // no version, suite or codec in common
	IceFailed         EndReason = 9  // no pair of candidates works
	IceTimeout        EndReason = 10 // the transport was not up 15 s after the accept
	PeerLost          EndReason = 11 // nothing came from the other side for 20 s, or no proof of the keys within 15 s of the accept
	AuthFailed        EndReason = 12 // a key, a fingerprint or a commitment was not what was promised: somebody interferes
	ClockSkew         EndReason = 13 // the clocks of the two sides differ by more than 60 s
	MediaFailed       EndReason = 14 // a session description could not be used
	Closed            EndReason = 15 // Call.Close or Client.Close on this side
)

var reasonNames = map[EndReason]string{Left: "left", Declined: "declined", Busy: "busy", TimedOut: "timed out",
	Cancelled: "cancelled", AnsweredElsewhere: "answered elsewhere", Unreachable: "unreachable",
	Unsupported: "unsupported", IceFailed: "ICE failed", IceTimeout: "ICE timed out", PeerLost: "peer lost",
	AuthFailed: "authentication failed", ClockSkew: "clock skew", MediaFailed: "media failed", Closed: "closed"}

func (r EndReason) String() string {
	if s, ok := reasonNames[r]; ok {
		return s
	}
	return fmt.Sprintf("EndReason(%d)", uint8(r))
}

// A DeclineReason is what a callee may say when it does not take a call. It is a type of its own so that no other end of
// a call can be sent as an answer to an Invite.
type DeclineReason uint8

const (
	DeclineCall DeclineReason = DeclineReason(Declined)
	DeclineBusy DeclineReason = DeclineReason(Busy)
	// declineUnsupported and declineClockSkew are said by the package itself.
	declineUnsupported DeclineReason = DeclineReason(Unsupported)
	declineClockSkew   DeclineReason = DeclineReason(ClockSkew)
	declineTimedOut    DeclineReason = DeclineReason(TimedOut)
)

func (r DeclineReason) String() string { return EndReason(r).String() }

// end is the EndReason that a received DeclineReason means to the caller. What it does not know is a plain refusal.
func (r DeclineReason) end() EndReason {
	switch r {
	case DeclineBusy, declineUnsupported, declineClockSkew, declineTimedOut:
		return EndReason(r)
	}
	return Declined
}

// Errors of this package. A call that has ended is reported as *EndedError, which also matches ErrEnded.
var (
	ErrEnded     = errors.New("call: the call has ended")
	ErrClosed    = errors.New("call: the client is closed")
	ErrState     = errors.New("call: not possible in this state of the call")
	ErrNoRoute   = errors.New("call: no transport reaches a relay of this contact; give the client a transport for it, or ask for a newer card")
	ErrTooLarge  = errors.New("call: message is larger than 16 KiB")
	ErrConfig    = errors.New("call: bad configuration")
	errNoServers = errors.New("call: no STUN or TURN server was available, and without one two networks seldom reach each other: " +
		"use a relay that lends some (examples/relay does), or name them in Config.Media.ICEServers")
	errAuth       = errors.New("call: the other side is not who was called, or somebody interferes")
	errBadMessage = errors.New("call: malformed message")
)

// EndedError is the terminal error of a call.
type EndedError struct {
	Reason EndReason
	Remote bool  // the other side ended it
	Cause  error // what went wrong here, if anything did
}

func (e *EndedError) Error() string {
	side := "here"
	if e.Remote {
		side = "by the other side"
	}
	if e.Cause != nil {
		return fmt.Sprintf("call: ended %s: %s: %v", side, e.Reason, e.Cause)
	}
	return fmt.Sprintf("call: ended %s: %s", side, e.Reason)
}

// Unwrap lets errors.Is match ErrEnded and the cause.
func (e *EndedError) Unwrap() []error {
	if e.Cause != nil {
		return []error{ErrEnded, e.Cause}
	}
	return []error{ErrEnded}
}
