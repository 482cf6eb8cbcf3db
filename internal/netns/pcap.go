package netns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// A Packet is an IPv4 packet over UDP or TCP, or whatever else was on the link (Protocol 0, Payload the whole frame).
type Packet struct {
	Protocol uint8 // 17 UDP, 6 TCP
	From, To netip.AddrPort
	Seq      uint32 // TCP
	SYN      bool   // TCP
	Payload  []byte
}

const (
	pcapHeader = 24 // of the file
	udp        = 17
	tcp        = 6
)

var errPcap = errors.New("netns: not a pcap file as tcpdump writes it")

// parsePcap reads a file of tcpdump -w: Ethernet frames.
func parsePcap(b []byte) ([]Packet, error) {
	if len(b) < pcapHeader || binary.LittleEndian.Uint32(b) != 0xa1b2c3d4 || binary.LittleEndian.Uint32(b[20:]) != 1 {
		return nil, errPcap
	}
	var packets []Packet
	for b = b[pcapHeader:]; len(b) > 0; {
		if len(b) < 16 {
			return nil, errPcap
		}
		n, whole := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		if n != whole || uint64(len(b)-16) < uint64(n) {
			return nil, fmt.Errorf("%w: a packet is cut", errPcap)
		}
		packets = append(packets, parseFrame(b[16:16+n]))
		b = b[16+n:]
	}
	return packets, nil
}

// parseFrame takes an Ethernet frame apart. What it does not know it gives whole.
func parseFrame(frame []byte) Packet {
	other := Packet{Payload: frame}
	if len(frame) < 14+20 || binary.BigEndian.Uint16(frame[12:]) != 0x0800 {
		return other
	}
	ip := frame[14:]
	head, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	fragment := binary.BigEndian.Uint16(ip[6:])&0x3fff != 0
	if head < 20 || total < head || total > len(ip) || fragment {
		return other
	}
	p := Packet{Protocol: ip[9]}
	from, to := netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
	body := ip[head:total]
	switch {
	case p.Protocol == udp && len(body) >= 8:
		p.Payload = body[8:]
	case p.Protocol == tcp && len(body) >= 20 && int(body[12]>>4)*4 <= len(body):
		p.Seq, p.SYN = binary.BigEndian.Uint32(body[4:]), body[13]&2 != 0
		p.Payload = body[int(body[12]>>4)*4:]
	default:
		other.From, other.To = netip.AddrPortFrom(from, 0), netip.AddrPortFrom(to, 0)
		return other
	}
	p.From = netip.AddrPortFrom(from, binary.BigEndian.Uint16(body))
	p.To = netip.AddrPortFrom(to, binary.BigEndian.Uint16(body[2:]))
	return p
}
