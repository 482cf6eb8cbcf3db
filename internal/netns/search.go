package netns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// A Needle is what nobody on a link should see.
type Needle struct {
	What  string
	Bytes []byte // at least 8
}

// block is how long the pieces are into which Blocks cuts.
const block = 16

// Blocks cuts data into needles of 16 bytes, so that a part of it is found too. Pieces of little variety, which may be
// anywhere, are left out.
func Blocks(what string, data []byte) (needles []Needle) {
	for ; len(data) >= block; data = data[block:] {
		different := make(map[byte]bool)
		for _, b := range data[:block] {
			different[b] = true
		}
		if len(different) >= block/2 {
			needles = append(needles, Needle{what, data[:block]})
		}
	}
	return needles
}

// A Hit is a needle where it should not be.
type Hit struct {
	Text
	What string
}

// String says where, and of what kind.
func (h Hit) String() string { return fmt.Sprintf("%s in %v to %v", h.What, h.From, h.To) }

// Search finds needles in texts, each at most once in a text.
func Search(texts []Text, needles []Needle) (hits []Hit) {
	index := make(map[uint64][]Needle, len(needles))
	for _, n := range needles {
		if len(n.Bytes) < 8 {
			panic("netns: a needle is shorter than 8 bytes: " + n.What)
		}
		k := binary.LittleEndian.Uint64(n.Bytes)
		index[k] = append(index[k], n)
	}
	for _, t := range texts {
		seen := make(map[string]bool)
		for i := 0; i+8 <= len(t.Bytes); i++ {
			for _, n := range index[binary.LittleEndian.Uint64(t.Bytes[i:])] {
				if !seen[n.What] && len(t.Bytes)-i >= len(n.Bytes) && string(t.Bytes[i:i+len(n.Bytes)]) == string(n.Bytes) {
					seen[n.What] = true
					hits = append(hits, Hit{t, n.What})
				}
			}
		}
	}
	return hits
}

// SearchAddress finds an IP address: as source or destination of a packet, written out, in the bytes of STUN and TURN
// messages (plain or XORed with the magic cookie, RFC 8489), also inside TURN's channels, and in TCP streams. Sealed media
// is random bytes, in which any four are found now and then: it is not searched for the four of the address.
func SearchAddress(texts []Text, ip netip.Addr) (hits []Hit) {
	text, raw := ip.String(), ip.As4()
	var xored [4]byte
	binary.BigEndian.PutUint32(xored[:], binary.BigEndian.Uint32(raw[:])^cookie)
	for _, t := range texts {
		switch in := string(t.Bytes); {
		case t.From.Addr() == ip || t.To.Addr() == ip:
			hits = append(hits, Hit{t, text + " as an address of the packet"})
		case strings.Contains(in, text):
			hits = append(hits, Hit{t, text + " written out"})
		case (t.Protocol != udp || isSTUN(t.Bytes)) && (strings.Contains(in, string(raw[:])) || strings.Contains(in, string(xored[:]))):
			hits = append(hits, Hit{t, text + " in binary"})
		}
	}
	return hits
}

const cookie = 0x2112a442

// isSTUN says whether a datagram is a STUN or TURN message, by itself or in a channel (4 bytes of head).
func isSTUN(b []byte) bool {
	is := func(b []byte) bool { return len(b) >= 20 && b[0] < 4 && binary.BigEndian.Uint32(b[4:]) == cookie }
	return is(b) || len(b) > 4 && b[0]&0xc0 == 0x40 && is(b[4:])
}
