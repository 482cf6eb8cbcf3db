package calltest

import (
	"net"
	"testing"
	"time"
)

// mediaEvidence: beside each the mutation that makes its row fail. Sockets are real: the proxy is no part of a bubble.
var mediaEvidence = map[string][]string{
	// An SRTP replay window of 0 packets and FrameOpener without its own: frames are written twice.
	"replayed media": {", 0 twice"},
	// A cipher without a tag at both layers: frames are written that nobody sent.
	"forged media": {": 0 frames that nobody sent"},
	// No NACKs: a frame that lost a packet is never whole, and is not written.
	"dropped media": {"Alice to Bob: asked for again", "Bob to Alice: asked for again"},
	// A reorder buffer that does not wait: frames come out of order, and count as twice.
	"reordered media": {", 0 twice"},
}

func TestMediaAttacks(t *testing.T) {
	for _, a := range MediaAttacks() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			l, err := NewLoopback(0)
			if err != nil {
				t.Fatal(err)
			}
			defer closed(t, l)
			failed(t, a, l.Stage, mediaEvidence[a.Name])
		})
	}
}

func closed(t *testing.T, l *Loopback) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// The tap has the media of a call, finds no frame in them, and does find one that is leaked on purpose. It fails when
// media.Conn sends frames as they are and DTLS-SRTP is off; and when Client is not held to RelayOnly, for lack of media.
func TestMediaTapFindsNothing(t *testing.T) {
	l, err := NewLoopback(0)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, l)
	c, err := l.Cast(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	talk := c.Talk(t.Context(), c.Alice.Contact(c.Bob.Identity.Public()))
	if !talk.Alice.Connected() || talk.Bob.Heard.Pictures < enough {
		t.Fatalf("no call: %v", talk.Alice.Events)
	}
	rtp := 0
	for _, d := range l.Media.Seen() {
		if d.SRTP() {
			rtp++
		}
	}
	if rtp < 4*enough {
		t.Errorf("%d media packets at the tap: they went another way", rtp)
	}
	for name, secret := range c.Secrets() {
		if n := l.Media.Find(secret); n != 0 {
			t.Errorf("%d datagrams hold %s", n, name)
		}
	}
	leak, err := net.Dial("udp4", l.Media.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	if _, err := leak.Write(append([]byte{128, 96}, frame([]byte(AliceMarker), 7, 1)...)); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if l.Media.Find([]byte(AliceMarker)) == 1 {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Error("a frame that was leaked on purpose is not found: the search proves nothing")
}

func TestMediaAttackWithoutTap(t *testing.T) {
	n := New(t, Options{})
	if _, err := MediaAttacks()[0].Run(t.Context(), n.Stage()); err == nil {
		t.Error("an attack on media that nobody taps")
	}
}
