package netns

import (
	"bytes"
	"net/netip"
	"testing"
)

func packet(from, to string, protocol uint8, seq uint32, payload []byte) Packet {
	return Packet{Protocol: protocol, From: netip.MustParseAddrPort(from), To: netip.MustParseAddrPort(to), Seq: seq, SYN: payload == nil, Payload: payload}
}

// A needle is found across the segments of a TCP stream that came out of order and twice, and under a WebSocket mask.
func TestSearchSeesThroughSegmentsAndMasks(t *testing.T) {
	secret := []byte("sixteen letters!")
	masked := []byte{0x82, 0x80 | byte(len(secret)), 1, 2, 3, 4}
	for i, b := range secret {
		masked = append(masked, b^masked[2+i%4])
	}
	request := []byte("GET /v1 HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
	all := append(append([]byte{}, request...), masked...)
	cut := len(request) + 10
	client, server := "10.0.0.1:5", "10.0.0.2:80"
	packets := []Packet{
		packet(client, server, tcp, 99, nil),
		packet(client, server, tcp, 100+uint32(cut), all[cut:]),
		packet(client, server, tcp, 100, all[:cut]),
		packet(client, server, tcp, 100, all[:cut]),
		packet(server, client, tcp, 200, secret[:9]),
		packet(server, client, tcp, 209, secret[9:]),
	}
	hits := Search(Texts(packets), []Needle{{"secret", secret}})
	if len(hits) != 2 || hits[0].From == hits[1].From {
		t.Errorf("found %v, want one hit in each direction", hits)
	}
}

func TestSearchFindsPartsOfAFrame(t *testing.T) {
	frame := make([]byte, 1000)
	for i := range frame {
		frame[i] = byte(i * i >> 3)
	}
	needles := Blocks("frame", frame)
	part := packet("10.0.0.1:5", "10.0.0.2:6", udp, 0, frame[333:500])
	if hits := Search(Texts([]Packet{part}), needles); len(hits) != 1 {
		t.Errorf("found %v in a part of the frame", hits)
	}
	other := packet("10.0.0.1:5", "10.0.0.2:6", udp, 0, bytes.Repeat([]byte{7}, 500))
	if hits := Search(Texts([]Packet{other}), needles); len(hits) != 0 {
		t.Errorf("found %v in something else", hits)
	}
	if n := Blocks("zeros", make([]byte, 100)); len(n) != 0 {
		t.Errorf("%d needles that are anywhere", len(n))
	}
}

func TestSearchAddress(t *testing.T) {
	ip := netip.MustParseAddr("45.42.0.2")
	stun := func(body []byte) []byte {
		return append(append([]byte{1, 1, 0, byte(len(body)), 0x21, 0x12, 0xa4, 0x42}, make([]byte, 12)...), body...)
	}
	xored := []byte{45 ^ 0x21, 42 ^ 0x12, 0 ^ 0xa4, 2 ^ 0x42}
	for name, c := range map[string]struct {
		p    Packet
		want int
	}{
		"source":                {packet("45.42.0.2:5", "10.0.0.2:6", udp, 0, []byte("x")), 1},
		"written in a datagram": {packet("1.2.3.4:5", "10.0.0.2:6", udp, 0, []byte("candidate 45.42.0.2 9")), 1},
		"XORed in STUN":         {packet("1.2.3.4:5", "10.0.0.2:6", udp, 0, stun(xored)), 1},
		"plain in STUN":         {packet("1.2.3.4:5", "10.0.0.2:6", udp, 0, stun([]byte{45, 42, 0, 2})), 1},
		"in STUN in a channel":  {packet("1.2.3.4:5", "10.0.0.2:6", udp, 0, append([]byte{0x40, 1, 0, 24}, stun(xored)...)), 1},
		"another":               {packet("1.2.3.4:5", "10.0.0.2:6", udp, 0, stun([]byte{45, 42, 0, 3})), 0},
		"random media":          {packet("1.2.3.4:5", "10.0.0.2:6", udp, 0, append([]byte{0x80, 96}, 45, 42, 0, 2)), 0},
	} {
		if hits := SearchAddress(Texts([]Packet{c.p}), ip); len(hits) != c.want {
			t.Errorf("%s: %v, want %d", name, hits, c.want)
		}
	}
}

func FuzzPcap(f *testing.F) {
	head := []byte{0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0}
	f.Add(head)
	f.Add(append(append([]byte{}, head...), 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		packets, err := parsePcap(b)
		if err == nil {
			Texts(packets)
		}
	})
}
