package media

import "errors"

// Errors of this package; match them with errors.Is.
var (
	// ErrClosed is returned by every method of a Conn that is closed.
	ErrClosed = errors.New("media: connection is closed")
	// ErrState is returned by a step of the negotiation that does not fit where it stands.
	ErrState = errors.New("media: step does not fit the negotiation's state")
	// ErrFingerprint means that a description does not hold exactly the one fingerprint that the peer's identity is bound to.
	ErrFingerprint = errors.New("media: fingerprint is not the expected one")
	// ErrDescription means that a description of the peer is malformed, too large or breaks a rule.
	ErrDescription = errors.New("media: description refused")
	// ErrCodec means that a track has no codec that can be carried sealed.
	ErrCodec = errors.New("media: no codec that can be sealed")
	// ErrCandidate means that a candidate of the peer was refused.
	ErrCandidate = errors.New("media: candidate refused")
	// ErrGlare is returned to the caller's side when the peer's description crossed its own: ignore the peer's.
	ErrGlare = errors.New("media: descriptions crossed, ours stands")
	// ErrNotOpen is returned by SendMessage before the channel is open.
	ErrNotOpen = errors.New("media: message channel is not open")
	// ErrBacklog is returned by SendMessage when the peer does not take what was sent before.
	ErrBacklog = errors.New("media: too much waits to be sent")
	// ErrNoPath means that ICE found no way, or lost it.
	ErrNoPath = errors.New("media: no network path to the peer")
	// ErrHandshake means that DTLS failed: whoever answered did not hold the key behind the fingerprint, or nobody answered.
	ErrHandshake = errors.New("media: DTLS handshake failed")
)
