// Package sframe is Secure Frame (SFrame), RFC 9605: end-to-end encryption of single media frames, light enough for
// each of them, that forwarding servers can pass on without being able to read or change them.
//
// # What to use first
//
// A [Sealer] encrypts under one key id (KID) and owns its counter; an [Opener] decrypts what one Sealer made and owns
// its replay window. A [Keyring] chooses the Opener by the KID in the frame. Key management is the application's, in one
// of the two ways of the RFC: [RatchetSealer] and [RatchetOpener] are the sender keys of section 5.1, [Epochs] and
// [KIDFormat] the keys from MLS of section 5.2.
//
//	sealer, err := sframe.NewSealer(sframe.ChaCha20Poly1305SHA256, kid, baseKey)
//	sealed, err := sealer.Seal(nil, metadata, frame)
//	opener, err := sframe.NewOpener(sframe.ChaCha20Poly1305SHA256, kid, baseKey)
//	frame, err := opener.Open(nil, metadata, sealed)
//
// # Goroutines and memory
//
// Every type here is for one goroutine at a time, unless it says otherwise; nothing starts a goroutine, blocks or does
// I/O, so there is nothing to cancel. Seal and Open append to a slice of the caller's and allocate nothing when it has
// room. Every overlap of dst and input is correct. Working in place costs nothing extra when the bytes need not move:
// see [Sealer.HeaderLen] and [Opener.Open].
//
// # What it promises
//
//   - Confidentiality and integrity of the frame, integrity of the header and of the metadata, under the AEAD of the
//     [Suite]. The tags of suites 2, 3, 7 and 8 are short: read section 7.5 of the RFC before use.
//   - A nonce is used once: a Sealer counts up, refuses at the end ([ErrExhausted]) and cannot be copied or rewound. Two
//     Sealers for one base key and KID break everything: who makes Sealers sees to it that there is one.
//   - A frame is opened once: duplicates and frames more than [WindowSize] counters old are refused ([ErrReplay]). The
//     window moves only after the tag has been verified, and it takes memory only then.
//   - The key is chosen by the KID alone, never by trial. A header that is longer than need be is malformed.
//
// What it does not: Open returns earlier for a frame without a key, a replay or a malformed one than for a forged one, so
// do not let a peer time it; whoever holds the keys to open can also seal in the sender's name (section 7.2); KID, counter and
// size stay visible; [Sealer.Destroy] wipes what Go lets it wipe, and the expanded AEAD key is left to the collector.
//
// Specification: https://www.rfc-editor.org/rfc/rfc9605
package sframe
