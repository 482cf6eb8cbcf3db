// Package mls is Messaging Layer Security, RFC 9420: keys for a group of members that nobody else has, renewed with
// every change of the group.
//
// # What first
//
// Each member has a [Config]: its signing key, its credential, and Authenticate, which decides whom to believe. One
// member makes the group with [NewGroup]. Another makes a [KeyPackage] with [NewKeyPackage] and sends it over; the first
// adds it and sends the Welcome back, which the other joins with:
//
//	kp, secrets, err := mls.NewKeyPackage(bob)                      // Bob; kp.Marshal() travels
//
//	group, err := mls.NewGroup(id, alice)                           // Alice
//	commit, err := group.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}})
//	change, err := group.Merge()                                    // commit.Welcome travels
//
//	group, err := mls.Join(welcome, secrets, bob, mls.JoinOptions{}) // Bob
//
// From then on [Group.Protect] encrypts application data, [Group.Handle] takes whatever arrives, [Group.Exporter]
// derives secrets for other uses, and [Group.EpochAuthenticator] is what members compare to know that they are in the
// same state. [Group.ProposeUpdate] asks for new keys, [Group.Commit] makes changes; an empty commit renews the
// committer's keys.
//
// Every message in and out is an encoded MLSMessage. Delivery is the caller's: the members must agree which commit of
// an epoch counts (section 14), which is why a commit stays pending until [Group.Merge].
//
// # Goroutines
//
// A Group is for one goroutine at a time; there are no locks and no goroutines that outlive a call. Functions of Config
// and Policy run inside the call that needs them; they may read the group but not change it. Nothing here blocks or can
// be cancelled; the costliest calls take tens of milliseconds for a thousand members, using all cores.
//
// # Security
//
// With an honest Authenticate and signing keys that are not stolen, only members read messages and exported secrets;
// a removed member reads nothing of later epochs, a new one nothing of earlier ones; and a member whose state was
// stolen is safe again after it has renewed its keys and the thief is passive. All input is hostile: it is bounded
// before anything is allocated (see [Limits]), and on an error no state has changed.
//
// Not promised: agreement about who commits when (the caller's), protection from members (any can remove others where
// the caller's [Policy] lets it), hiding of sizes beyond the padding asked for, deniability. Secrets are zeroed when
// they are used up, as far as Go allows; private HPKE keys, which crypto/hpke keeps to itself, can only be dropped.
// Private keys and groups print as "redacted" under every verb.
//
// Suites 1, 2 and 3 are those of the RFC; 0xF001 is of the private-use range, with HPKE's X25519 and ML-KEM-768 hybrid.
// Proposal and credential types that the RFC does not define are refused, since their form is not known.
//
// See https://www.rfc-editor.org/rfc/rfc9420 (the sections that comments name), RFC 9180 for HPKE.
package mls
