package file

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"
)

// Header types of an Ogg page (RFC 3533, section 6).
const (
	oggContinued = 1 << iota // begins with the rest of the last page's packet
	oggFirst                 // first page of its stream
	oggLast                  // last page of its stream
)

const (
	oggHeader = 27           // bytes before the segment table
	noGranule = ^uint64(0)   // no packet ends on this page
	oggMagic  = "OggS"       //
	maxPage   = 27 + 255*256 // header, table and body
)

// An oggPage is one page. Its slices are valid until the next page is read into it.
type oggPage struct {
	kind     byte
	granule  uint64
	serial   uint32
	sequence uint32
	segments []byte // the segment table
	body     []byte
	buf      [maxPage]byte
}

// read reads the next page and checks it. It returns io.EOF only before the first byte of a page.
func (p *oggPage) read(in *input) error {
	at := in.offset
	head := p.buf[:oggHeader]
	if err := in.full(head); err == io.EOF {
		return io.EOF
	} else if err != nil {
		return in.badAt(at, "cut short in a page header", err)
	}
	if string(head[:4]) != oggMagic {
		return in.badAt(at, "a page should begin here", nil)
	}
	if head[4] != 0 {
		return in.badAt(at, "unknown version of Ogg", nil)
	}
	n := oggHeader + int(head[26])
	if err := in.full(p.buf[oggHeader:n]); err != nil {
		return in.badAt(at, "cut short in a segment table", noEOF(err))
	}
	p.segments = p.buf[oggHeader:n]
	size := 0
	for _, s := range p.segments {
		size += int(s)
	}
	p.body = p.buf[n : n+size]
	if err := in.full(p.body); err != nil {
		return in.badAt(at, "cut short in a page", noEOF(err))
	}
	p.kind = head[5]
	p.granule = binary.LittleEndian.Uint64(head[6:])
	p.serial = binary.LittleEndian.Uint32(head[14:])
	p.sequence = binary.LittleEndian.Uint32(head[18:])
	want := binary.LittleEndian.Uint32(head[22:])
	clear(head[22:26]) // the checksum is taken with its own field zero
	if oggChecksum(p.buf[:n+size]) != want {
		return in.badAt(at, "a page's checksum is wrong", nil)
	}
	return nil
}

// appendOggPage appends a page with this table and body.
func appendOggPage(b []byte, kind byte, granule uint64, serial, sequence uint32, segments, body []byte) []byte {
	at := len(b)
	b = append(b, oggMagic...)
	b = append(b, 0, kind)
	b = binary.LittleEndian.AppendUint64(b, granule)
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = binary.LittleEndian.AppendUint32(b, sequence)
	b = append(b, 0, 0, 0, 0, byte(len(segments)))
	b = append(b, segments...)
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[at+22:], oggChecksum(b[at:]))
	return b
}

// oggTable is crc32's table with the bits of index and value in Ogg's order: polynomial 0x04c11db7, high bit first.
var oggTable = func() (t [256]uint32) {
	for i, v := range crc32.IEEETable {
		t[bits.Reverse8(uint8(i))] = bits.Reverse32(v)
	}
	return t
}()

// oggChecksum is a CRC-32 without reflection, initial value or final inversion (RFC 3533, section 6).
func oggChecksum(p []byte) uint32 {
	var c uint32
	for _, b := range p {
		c = c<<8 ^ oggTable[byte(c>>24)^b]
	}
	return c
}
