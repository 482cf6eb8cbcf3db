// Package mailbox holds the two strings of bytes on which the owner of a mailbox and a relay must agree: the
// mailbox's address, and what its owner signs to prove that it is theirs. Both the keys' side (e2ee) and the
// transports' side (signal) need them and may not import each other.
package mailbox

import (
	"crypto/sha256"
	"encoding/binary"
)

// Sizes in bytes.
const (
	AddressSize   = 32 // an address
	ChallengeSize = 32 // the relay's random challenge
)

// Address names the mailbox of these two keys: H("sotto/v1 mailbox" || ed25519_pk || hpke_pk).
func Address(ed25519Key, hpkeKey []byte) [AddressSize]byte {
	h := sha256.New()
	h.Write([]byte("sotto/v1 mailbox"))
	h.Write(ed25519Key)
	h.Write(hpkeKey)
	return [AddressSize]byte(h.Sum(nil))
}

// AuthMessage is what the owner of a mailbox signs to read it at a relay:
// "sotto/v1 relay auth\0" || u16 length || origin || challenge || address.
// The origin (scheme://host:port as dialled, lower case) is inside because a hostile relay could else pass on the
// challenge of an honest one. It is at most 65535 bytes long; the caller has checked that.
func AuthMessage(origin string, challenge [ChallengeSize]byte, address [AddressSize]byte) []byte {
	m := []byte("sotto/v1 relay auth\x00")
	m = binary.BigEndian.AppendUint16(m, uint16(len(origin)))
	m = append(m, origin...)
	m = append(m, challenge[:]...)
	return append(m, address[:]...)
}
