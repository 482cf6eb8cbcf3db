package netns

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// A Text is bytes that belong together, as whoever taps the link can put them together.
type Text struct {
	Protocol uint8
	From, To netip.AddrPort
	Bytes    []byte
}

type flow struct{ from, to netip.AddrPort }

// maxStream bounds one direction of a TCP connection.
const maxStream = 64 << 20

// Texts are the payload of each packet, the bytes of each direction of each TCP connection in order, and of those that
// are WebSocket the content without the mask that clients put over it.
func Texts(packets []Packet) []Text {
	var texts []Text
	streams := make(map[flow]*stream)
	var order []flow
	for _, p := range packets {
		texts = append(texts, Text{p.Protocol, p.From, p.To, p.Payload})
		if p.Protocol != tcp {
			continue
		}
		f := flow{p.From, p.To}
		if streams[f] == nil || p.SYN && streams[f].first != p.Seq+1 {
			if streams[f] == nil {
				order = append(order, f)
			} else {
				texts = appendStream(texts, f, streams[f])
			}
			streams[f] = &stream{first: p.Seq}
			if p.SYN {
				streams[f].first++
			}
		}
		streams[f].add(p.Seq, p.Payload)
	}
	for _, f := range order {
		texts = appendStream(texts, f, streams[f])
	}
	return texts
}

func appendStream(texts []Text, f flow, s *stream) []Text {
	texts = append(texts, Text{tcp, f.from, f.to, s.bytes})
	if plain := unmask(s.bytes); len(plain) > 0 {
		texts = append(texts, Text{tcp, f.from, f.to, plain})
	}
	return texts
}

// A stream is one direction of a TCP connection.
type stream struct {
	first uint32 // sequence number of bytes[0]
	bytes []byte
}

func (s *stream) add(seq uint32, payload []byte) {
	at := int64(int32(seq - s.first)) // a keep-alive is one before what was sent
	if at < 0 || len(payload) == 0 || at+int64(len(payload)) > maxStream {
		return
	}
	if end := int(at) + len(payload); end > len(s.bytes) {
		s.bytes = append(s.bytes, make([]byte, end-len(s.bytes))...)
	}
	copy(s.bytes[at:], payload)
}

// unmask gives the content of the masked WebSocket frames (RFC 6455, section 5.2) that follow an HTTP request.
func unmask(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("GET ")) {
		return nil
	}
	_, b, _ = bytes.Cut(b, []byte("\r\n\r\n"))
	var plain []byte
	for len(b) >= 6 && b[1]&0x80 != 0 {
		n, head := uint64(b[1]&0x7f), 2
		switch {
		case n == 126 && len(b) >= 8:
			n, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
		case n == 127 && len(b) >= 14:
			n, head = binary.BigEndian.Uint64(b[2:]), 10
		}
		if uint64(len(b)) < uint64(head)+4+n || n > maxStream {
			break
		}
		mask, content := b[head:head+4], b[head+4:head+4+int(n)]
		for i, x := range content {
			plain = append(plain, x^mask[i%4])
		}
		b = b[head+4+int(n):]
	}
	return plain
}
