package lossy

import (
	"net"
	"testing"
	"time"
)

// TestOnlyMediaIsLost: one datagram of media in twenty, and none of STUN and DTLS.
func TestOnlyMediaIsLost(t *testing.T) {
	n, err := NewNet(0.05, 7)
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const each = 2000
	for range each {
		for _, first := range []byte{0x00, 0x16, 0x80} { // a binding request, a DTLS record, RTP
			if _, err := c.WriteTo([]byte{first, 1, 2}, c.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := n.Counts(); got.Sent != each || got.Lost < 60 || got.Lost > 140 {
		t.Errorf("%+v of %d", got, each)
	}
	all, err := NewNet(1, 7)
	if err != nil {
		t.Fatal(err)
	}
	if all.loses([]byte{0x14}, func(c *Counts) *uint64 { return &c.Sent }) || !all.loses([]byte{0xbf}, func(c *Counts) *uint64 { return &c.Sent }) {
		t.Error("DTLS was lost, or media was not")
	}
	n.Cut(true)
	if !n.loses([]byte{0x00}, nil) {
		t.Error("STUN goes through a cut network")
	}
	n.Cut(false)
	if n.loses([]byte{0x00}, nil) {
		t.Error("it stays cut")
	}
}

func TestAPauseIsAFreezeWhenItIsLong(t *testing.T) {
	var f Freezes
	at := time.Now()
	for range 31 {
		f.Frame(at)
		at = at.Add(33 * time.Millisecond)
	}
	at = at.Add(145 * time.Millisecond) // a pause of 178 ms, where 183 are a freeze
	f.Frame(at)
	if got := f.Total(at); got.Freezes != 0 || got.Frames != 32 {
		t.Errorf("%+v", got)
	}
	at = at.Add(400 * time.Millisecond)
	f.Frame(at)
	if got := f.Total(at); got.Freezes != 1 || got.Millis != 400 {
		t.Errorf("%+v", got)
	}
	if got := f.Total(at.Add(100 * time.Millisecond)); got.Freezes != 1 {
		t.Errorf("between two frames: %+v", got)
	}
	if got := f.Total(at.Add(5 * time.Second)); got.Freezes != 2 || got.Millis != 5400 {
		t.Errorf("no frame comes any more: %+v", got)
	}
}
