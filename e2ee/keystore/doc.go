// Package keystore keeps secrets at rest: an identity under a passphrase, a store under a key, and the files that hold
// them.
//
// Start with [Seal] and [Open] over bytes, and [CreateFile], [ReplaceFile] and [ReadFile] for the file; package e2ee
// does both for identities (LoadIdentity, Save) and for the contact store. [CheckPassphrase] says what a passphrase
// lacks, [GeneratePassphrase] makes a good one, [PassphraseFromFile] and [Credential] read one without a prompt.
//
// # Format
//
// A sealed file is
//
//	"SOTTOKEY" || version(1)=1 || kind(1) || method(1) || time(4) || memory(4, KiB) || threads(1) || salt(16) ||
//	check(16) || nonce(24) || XChaCha20-Poly1305(secret) || SHA-256 of all before(32)
//
// with big-endian integers. All before the ciphertext is its additional data, so no parameter can be changed unseen.
// Method 1 is argon2id (RFC 9106) over the passphrase: 64 bytes of output, of which 32 are the key and the next 16 are
// check. Method 2 is HKDF-SHA256 over a 32-byte key, for stores; its time, memory and threads are 0.
//
// # Which error
//
// A passphrase that was mistyped and a file that was damaged ask different things of a user, and an AEAD alone cannot
// tell them apart. The hash at the end finds any accident without a passphrase: ErrCorrupted. With the hash right,
// check tells whether the passphrase is the one the file was made with: ErrPassphrase. With both right, a tag that
// fails means that somebody rebuilt the hash over other bytes: ErrCorrupted. Someone who writes to the file on purpose
// can make it say "wrong passphrase"; that denies, and opens nothing. check costs a guesser the same argon2id as the tag
// would, and, as it commits to the key, one file never opens under two passphrases.
//
// # Which passphrases
//
// Fewer than 12 characters are refused, and what is common. There is no list of leaked passwords here that could be had
// under a clear licence, so none is shipped: popular.txt holds about a thousand words that were written down for this
// project, and rules derive from them what people make of such words (see [CheckPassphrase]). Of 12 characters and more
// the tests spell out over 20,000, and all are refused; the rules refuse far more than those. What they cannot know is a
// long passphrase that is common for a reason of its own: a line of a song in a language that the list has no words of.
//
// # Limits
//
// Parameters are bounded on reading ([MaxMemoryKiB] and its like) before any memory is taken: a hostile file cannot ask
// for a terabyte. Reading never writes. Replacing writes a temporary file of mode 0600 in the same folder, syncs it,
// renames it and syncs the folder: a crash or a full disk leaves the old file or the new one, whole. What this cannot
// do: stop who can write the file from putting an older copy back, wipe what a disk has kept of replaced files, or keep
// Go's runtime from having copied a passphrase. Windows has no folder sync and no file modes; there the folder's own
// protection counts.
//
// All functions are safe for several goroutines.
package keystore
