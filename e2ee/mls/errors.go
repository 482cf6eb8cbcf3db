package mls

import (
	"errors"
	"fmt"
)

// What can go wrong, for errors.Is. No error holds a secret or bytes of a peer.
var (
	ErrMalformed      = errors.New("mls: malformed message")                    // does not decode
	ErrInvalid        = errors.New("mls: invalid by RFC 9420")                  // decodes, and a rule of the RFC forbids it
	ErrAuthentication = errors.New("mls: authentication failed")                // signature, MAC, AEAD tag or credential
	ErrPolicy         = errors.New("mls: refused by policy")                    // lawful, but the caller's Policy says no
	ErrEpoch          = errors.New("mls: not of this epoch")                    // older than what is kept, or of the future
	ErrWrongGroup     = errors.New("mls: not for this group or this member")    // another group's, or nothing in it for us
	ErrReplay         = errors.New("mls: generation used already or too old")   // its key is gone
	ErrLimit          = errors.New("mls: a configured limit is exceeded")       // size, members, generations, proposals
	ErrUnknown        = errors.New("mls: refers to something that is not here") // a proposal or a pre-shared key
	ErrState          = errors.New("mls: not possible in this state")           // removed, destroyed, nothing pending …
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrPolicy}, args...)...)
}

func unauthentic(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrAuthentication}, args...)...)
}

func limited(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrLimit}, args...)...)
}
