package e2ee

import (
	"crypto/hkdf"
	"crypto/sha256"
	"slices"
)

// SASCommit is what the caller's Invite holds: H("sotto/v1 sas commit" || call || nonceA). The caller shows nonceA only
// after it has the callee's nonce, so neither side can search for nonces that make the emoji come out as it wants.
func SASCommit(call, nonceA [32]byte) [32]byte {
	return sha256.Sum256(slices.Concat([]byte("sotto/v1 sas commit"), call[:], nonceA[:]))
}

// SAS is the short authentication string of a call for two: HKDF-SHA256 of both nonces, bound to the two payloads by
// their hashes. Nothing else enters: identities, fingerprints, suites and keys are inside the payloads, and whatever
// the caller may still choose after it has seen nonceB (the MLS Welcome) is not, for it could be searched over.
func SAS(nonceA, nonceB, hInvite, hAccept [32]byte) [6]byte {
	ikm := slices.Concat(nonceA[:], nonceB[:])
	info := string(slices.Concat(hInvite[:], hAccept[:]))
	out, err := hkdf.Key(sha256.New, ikm, []byte("sotto/v1 sas"), info, 6)
	if err != nil {
		panic("e2ee: HKDF: " + err.Error()) // 6 bytes is never too long
	}
	return [6]byte(out)
}
