package media

import (
	"errors"
)

// A Sealer turns an encoded frame into an SFrame. One goroutine uses it.
type Sealer interface {
	// Seal appends the sealed frame to dst. clear is what travels readable beside it, and must be authenticated.
	Seal(dst, clear, frame []byte) ([]byte, error)
}

// An Opener turns an SFrame back into the encoded frame. One goroutine uses it.
type Opener interface {
	// Open appends the opened frame to dst. clear is what travelled readable, as it was received.
	Open(dst, clear, sealed []byte) ([]byte, error)
}

// A Failure says why a frame was not sealed or not opened.
type Failure uint8

const (
	// FailOther is every reason that ConnConfig.Classify does not name.
	FailOther Failure = iota
	// FailNoKey means that the key is not installed yet. Such frames wait for it, 2 s and 256 frames at most.
	FailNoKey
	// FailReplay means that the frame was seen before or is too old.
	FailReplay
	// FailAuthentication means that the tag is wrong.
	FailAuthentication
	// FailMalformed means that it is no sealed frame at all.
	FailMalformed
	// FailUndeclared means that the sender never declared this stream.
	FailUndeclared
	numFailures
)

func (f Failure) String() string {
	names := [numFailures]string{"other", "no key", "replay", "authentication", "malformed", "undeclared"}
	return names[f%numFailures]
}

// Kinds says which kinds of media are wanted from the peer.
type Kinds struct{ Audio, Video bool }

// has reports whether k is wanted.
func (ks Kinds) has(k Kind) bool { return k == Audio && ks.Audio || k == Video && ks.Video }

// ConnConfig is everything a Conn needs. It is copied by NewConn and checked once.
type ConnConfig struct {
	Settings Settings

	// Certificate is the certificate of this call. Required.
	Certificate *Certificate

	// Callee is true on the side that answers the call. It decides two things for the life of the connection: the callee
	// is the DTLS client, and it is the polite side when descriptions cross.
	Callee bool

	// Generation is copied to every event.
	Generation uint64

	// Seal returns what seals the frames of the stream with this context. Called once per stream. Required.
	Seal func(ctx uint16) Sealer

	// Open returns what opens the frames that arrive in the media section mid. Called once per section. Required.
	Open func(mid string) Opener

	// Sink returns where the frames of a received track go; nil discards them. Called once per track, when its first
	// frame was opened, on the goroutine that will write the frames, and again if the peer changes the codec (eight times at
	// most; frames of yet another codec are dropped and counted). The Conn closes it. Required.
	Sink func(TrackInfo) Sink

	// Notify gets the events, in order, one at a time. Required.
	//
	// Notify, Seal and Open are called from within the connection: they must not block, and must not call its methods
	// (State alone may be called).
	Notify func(ConnEvent)

	// Classify names the failure behind an error of a Sealer or Opener; nil makes all of them FailOther.
	Classify func(error) Failure
}

func (c ConnConfig) validate() error {
	errs := []error{c.Settings.validate()}
	if c.Certificate == nil {
		errs = append(errs, errors.New("media: Certificate is missing"))
	}
	if c.Seal == nil || c.Open == nil {
		errs = append(errs, errors.New("media: Seal and Open are required, there is no plaintext"))
	}
	if c.Sink == nil || c.Notify == nil {
		errs = append(errs, errors.New("media: Sink and Notify are required"))
	}
	return errors.Join(errs...)
}

// withDefaults fills the optional fields.
func (c ConnConfig) withDefaults() ConnConfig {
	if c.Classify == nil {
		c.Classify = func(error) Failure { return FailOther }
	}
	c.Settings = c.Settings.withLogger()
	return c
}
