package sframe

import (
	"errors"
	"fmt"
)

// Errors of this package. Those of Open say why a frame was dropped; none of them carries bytes of the frame.
var (
	// ErrMalformed: the bytes are not an SFrame ciphertext (section 4.3), or one whose header is not minimal.
	ErrMalformed = errors.New("sframe: malformed")
	// ErrUnknownKey: there is no key for the KID in the header.
	ErrUnknownKey = errors.New("sframe: unknown key")
	// ErrReplay: a frame with this counter was opened before.
	ErrReplay = errors.New("sframe: replay")
	// ErrTooOld: the counter is behind the replay window, so a replay cannot be told from a late frame. It is an ErrReplay.
	ErrTooOld = fmt.Errorf("%w: behind the window", ErrReplay)
	// ErrAuthentication: the tag does not fit key, counter, header, metadata and ciphertext.
	ErrAuthentication = errors.New("sframe: authentication failed")
	// ErrExhausted: the sender's counter is used up; a new key is needed.
	ErrExhausted = errors.New("sframe: counter exhausted")
	// ErrSuite: the cipher suite is not one of this package.
	ErrSuite = errors.New("sframe: unknown cipher suite")
	// ErrKey: a base key, KID part or bit width is out of its range, or the key was handed out before.
	ErrKey = errors.New("sframe: unusable key")
)
