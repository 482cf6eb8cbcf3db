package mls

import "bytes"

// PSKType says where a pre-shared key comes from (section 8.4).
type PSKType uint8

// The types of pre-shared keys.
const (
	PSKExternal   PSKType = 1
	PSKResumption PSKType = 2
)

// ResumptionUsage says what a resumption PSK is used for.
type ResumptionUsage uint8

// The usages of resumption PSKs. Reinit and branch appear only in the first commit of the new group.
const (
	UsageApplication ResumptionUsage = 1
	UsageReInit      ResumptionUsage = 2
	UsageBranch      ResumptionUsage = 3
)

// PSKID names a pre-shared key and the nonce under which it is used this time.
type PSKID struct {
	Type    PSKType
	ID      []byte          // of an external key
	Usage   ResumptionUsage // the rest: of a resumption key
	GroupID []byte
	Epoch   uint64
	Nonce   []byte // 32 bytes, fresh for each use
}

func resumptionID(usage ResumptionUsage, groupID []byte, epoch uint64) PSKID {
	return PSKID{Type: PSKResumption, Usage: usage, GroupID: bytes.Clone(groupID), Epoch: epoch, Nonce: randomBytes(hashSize)}
}

func (id *PSKID) encode(w *writer) {
	w.u8(uint8(id.Type))
	if id.Type == PSKExternal {
		w.opaque(id.ID)
	} else {
		w.u8(uint8(id.Usage))
		w.opaque(id.GroupID)
		w.u64(id.Epoch)
	}
	w.opaque(id.Nonce)
}

func (id *PSKID) decode(r *reader) {
	id.Type = PSKType(r.u8())
	switch id.Type {
	case PSKExternal:
		id.ID = r.opaque()
	case PSKResumption:
		if id.Usage = ResumptionUsage(r.u8()); id.Usage < UsageApplication || id.Usage > UsageBranch {
			r.fail("resumption PSK usage %d", id.Usage)
		}
		id.GroupID = r.opaque()
		id.Epoch = r.u64()
	default:
		r.fail("PSK type %d", id.Type)
	}
	id.Nonce = r.opaque()
}

// pskSecret chains the keys as section 8.4 says. Without keys it is all zero.
func pskSecret(ids []PSKID, keys [][]byte) []byte {
	secret := make([]byte, hashSize)
	zero := make([]byte, hashSize)
	for i := range ids {
		w := &writer{}
		ids[i].encode(w)
		w.u16(uint16(i))
		w.u16(uint16(len(ids)))
		extracted := extract(zero, keys[i])
		input := expandWithLabel(extracted, "derived psk", w.b, hashSize)
		next := extract(input, secret)
		clear(extracted)
		clear(input)
		clear(secret)
		secret = next
	}
	return secret
}
