// Package e2ee is who we are and whom we know: identities, the mailboxes that belong to them, the envelopes that go
// between them, what people compare to be sure of each other, and the store of contacts.
//
// # What to use first
//
// [Generate] makes an [Identity], [Identity.Save] and [LoadIdentity] keep it under a passphrase. [OpenContacts] opens
// its contacts; [Contacts.Invite], [Contacts.Use], [Contacts.Receive] and [Contacts.Confirm] make two identities
// contacts of each other. For a call, each side makes a [Mailbox] with [NewMailbox], sends messages with
// [Identity.Seal], and reads them with [Mailbox.Open]; [SASCommit], [SAS] and [EmojiOf] give the emoji that the two
// people compare, [SafetyNumber] the digits that stay. [Frames] seals and opens a call's media frames. Package call
// does all this for you.
//
// # Goroutines and cancellation
//
// Nothing here starts a goroutine, waits or speaks to a network; there is nothing to cancel. Identity, Mailbox and
// Contacts are safe for several goroutines; [ReplayWindow] and [InviteCache] belong to one.
//
// # What it promises
//
// An [ID] is both keys, always: address, signatures, safety number and the text form's checksum cover all 64 bytes, so
// nobody can swap the key that envelopes are sealed to. Keys of small order and in non-canonical encodings are refused
// wherever they are read. An envelope is HPKE (RFC 9180, base mode) over a padded CBOR message that its sender has
// signed with its receiver's name in it, so that it cannot be passed on to a third; it is opened in one fixed order,
// and no error, log line or fmt verb shows a key or a token. Everything that is read is bounded before memory is taken.
//
// # What it does not
//
// It does not look at times, replays and states when it opens an envelope: package call does, with the types here. There
// is no deniability: messages are signed. A stolen identity key opens recorded envelopes that were sealed to the
// identity's own mailbox, though none that went to the mailbox of a call. Destroy zeroes what Go lets it zero; copies
// that the runtime or the standard library made live until they are collected. A name that an identity gives itself
// proves nothing, and [LookAlike] knows the common tricks, not all of Unicode.
//
// The bytes of every format are in docs/PROTOCOL. Standards: [HPKE, RFC 9180], [CBOR, RFC 8949], [Ed25519, RFC 8032],
// [X25519, RFC 7748], [Bech32m, BIP 350].
//
// [HPKE, RFC 9180]: https://www.rfc-editor.org/rfc/rfc9180.html
// [CBOR, RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949.html
// [Ed25519, RFC 8032]: https://www.rfc-editor.org/rfc/rfc8032.html
// [X25519, RFC 7748]: https://www.rfc-editor.org/rfc/rfc7748.html
// [Bech32m, BIP 350]: https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki
package e2ee
