package signal

import "errors"

// What the errors of a Transport wrap.
var (
	// ErrClosed: the transport was closed by its own side.
	ErrClosed = errors.New("signal: transport is closed")

	// ErrTooLarge: the body, or the set of tokens, is over its limit. Nothing was sent.
	ErrTooLarge = errors.New("signal: too large")

	// ErrInvalid: a packet that no relay would take: an empty body or an unknown class. Nothing was sent.
	ErrInvalid = errors.New("signal: invalid packet")

	// ErrThrottled: the relay asks to send less. The packet was not stored.
	ErrThrottled = errors.New("signal: throttled by the relay")

	// ErrUnavailable: the relay cannot be reached, or has no room. Whether the packet was stored is not known.
	ErrUnavailable = errors.New("signal: relay unavailable")

	// ErrRejected: the relay refused the proof of ownership, the origin or the protocol version.
	ErrRejected = errors.New("signal: rejected by the relay")

	// ErrNoMailbox: Admit on a transport without a mailbox.
	ErrNoMailbox = errors.New("signal: transport has no mailbox")
)
