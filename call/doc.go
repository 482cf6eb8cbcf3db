// Package call places and answers private calls: who may ring, ringing, accepting, the keys of the call and its media.
//
// # Use
//
// Make a [Client] with [NewClient] from an identity, at least one transport, and a decision on who may ring
// ([ContactsOnly]). [Client.Dial] rings a contact and returns a [Call]; [Client.Incoming] yields whoever rings, to be
// answered or declined. [Call.Events] tells how it goes on, in one order, until [Ended]. Package calltest gives two
// connected clients in one line.
//
// # Goroutines
//
// Every method may be called from any goroutine. One goroutine per call owns its state, a pure machine that is given
// inputs and returns effects (machine.go); others wait for the network and post what they saw. Events are pulled by one
// consumer, and may be handled at any pace: nothing waits for them, and every method may be called while handling one. None
// is dropped but [Message], [MuteChanged] and [HoldChanged], when 16 MiB wait that the other side has brought about. The
// functions in [Config] and [Media] are called on goroutines of the package; each says which.
//
// # Cancellation
//
// A context ends the method that it was given to and nothing else. [Call.Hangup] is polite and bounded; [Call.Close] and
// [Client.Close] are immediate and return when every goroutine has ended and every key is gone.
//
// # Security
//
// The other side is the contact that was dialled, or is named by [Incoming.Caller]: its signature covers every message,
// and the DTLS certificate, the mailbox and the Invite are bound into the MLS group from which the keys of all frames
// come. Before the local accept nothing is parsed but a small envelope, and no candidate leaves. There is no unencrypted
// call. What is not protected is in docs/THREAT-MODEL: a relay sees who reads which mailbox and when, and without
// Config.Media.RelayOnly the two sides of an accepted call see each other's IP address.
//
// The protocol is docs/PROTOCOL; the keys are RFC 9420 (MLS) and RFC 9605 (SFrame), the envelopes RFC 9180 (HPKE).
package call
