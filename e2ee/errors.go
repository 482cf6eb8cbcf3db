package e2ee

import "errors"

// What errors of this package wrap. None of them carries a byte of what was refused.
var (
	// ErrMalformed: the bytes are not what the format says. Nothing was proved about who made them.
	ErrMalformed = errors.New("e2ee: malformed")
	// ErrWeakKey: a public key of small order or in a non-canonical encoding.
	ErrWeakKey = errors.New("e2ee: weak public key")
	// ErrNotSealedToUs: HPKE does not open the box with this mailbox's key and address.
	ErrNotSealedToUs = errors.New("e2ee: box does not open with this mailbox's key")
	// ErrWrongRecipient: the message was signed for another identity. Someone passes it on.
	ErrWrongRecipient = errors.New("e2ee: message is for another identity")
	// ErrSignature: the message was not signed by the identity that it names.
	ErrSignature = errors.New("e2ee: signature does not verify")
	// ErrTooLarge: more than the format holds.
	ErrTooLarge = errors.New("e2ee: too large")
	// ErrInvitation: nobody was invited with this, or it was used, or it has expired.
	ErrInvitation = errors.New("e2ee: invitation is unknown, used or expired")
	// ErrNoContact: the identity is no contact, or not in a state that this asks for.
	ErrNoContact = errors.New("e2ee: no such contact")
	// ErrUnexpected: a message that answers nothing of ours. Ignore it.
	ErrUnexpected = errors.New("e2ee: message was not expected")
	// ErrDestroyed: the keys are gone.
	ErrDestroyed = errors.New("e2ee: keys were destroyed")
)
