package file

import "encoding/binary"

// MendOgg gives every page in b the checksum that fits it.
func MendOgg(b []byte) []byte {
	b = append([]byte(nil), b...)
	for p := b; len(p) >= oggHeader && len(p) >= oggHeader+int(p[26]); {
		n := oggHeader + int(p[26])
		for _, s := range p[oggHeader:n] {
			n += int(s)
		}
		if n > len(p) {
			break
		}
		clear(p[22:26])
		binary.LittleEndian.PutUint32(p[22:], oggChecksum(p[:n]))
		p = p[n:]
	}
	return b
}
