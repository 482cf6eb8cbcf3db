package sim

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v4"
)

// listen opens port 1000 on a host and passes on what arrives.
func listen(t *testing.T, n transport.Net, ip string) (net.PacketConn, chan string) {
	t.Helper()
	conn, err := n.ListenPacket("udp4", ip+":1000")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	got := make(chan string, 10000)
	go func() {
		buf := make([]byte, 1500)
		for {
			k, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			got <- from.String() + " " + string(buf[:k])
		}
	}()
	return conn, got
}

func send(t *testing.T, conn net.PacketConn, to string, data []byte) {
	t.Helper()
	host, _, _ := net.SplitHostPort(to)
	if _, err := conn.WriteTo(data, &net.UDPAddr{IP: net.ParseIP(host), Port: 1000}); err != nil {
		t.Fatal(err)
	}
}

func TestDelayIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Link{OneWay: 35 * time.Millisecond})
		defer w.Close()
		a, _ := listen(t, w.Host("1.1.1.1"), "1.1.1.1")
		_, got := listen(t, w.Host("2.2.2.2"), "2.2.2.2")
		start := time.Now()
		send(t, a, "2.2.2.2:1000", []byte("hello"))
		if m := <-got; m != "1.1.1.1:1000 hello" || time.Since(start) != 35*time.Millisecond {
			t.Errorf("%q after %v", m, time.Since(start))
		}
	})
}

func TestLossFollowsItsSeed(t *testing.T) {
	count := func(seed uint64) (n int, lost int) {
		synctest.Test(t, func(t *testing.T) {
			w := NewWorld(t, Link{OneWay: time.Millisecond, Loss: 0.1, Seed: seed})
			defer w.Close()
			a, _ := listen(t, w.Host("1.1.1.1"), "1.1.1.1")
			_, got := listen(t, w.Host("2.2.2.2"), "2.2.2.2")
			for range 1000 {
				send(t, a, "2.2.2.2:1000", []byte("x"))
			}
			time.Sleep(time.Second)
			n, lost = len(got), w.Lost()
		})
		return n, lost
	}
	first, lost := count(1)
	if first+lost != 1000 || first < 850 || first > 950 {
		t.Errorf("%d came, %d were lost", first, lost)
	}
	if again, _ := count(1); again != first {
		t.Errorf("the same seed lost %d and %d", 1000-first, 1000-again)
	}
	if other, _ := count(2); other == first {
		t.Log("another seed lost as many, which may be")
	}
}

func TestCutAndTap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Link{OneWay: time.Millisecond})
		defer w.Close()
		a, _ := listen(t, w.Host("1.1.1.1"), "1.1.1.1")
		_, got := listen(t, w.Host("2.2.2.2"), "2.2.2.2")
		var tapped atomic.Int64
		w.Tap(func(p Packet) {
			if p.From == "1.1.1.1:1000" && p.To == "2.2.2.2:1000" && bytes.Equal(p.Data, []byte("x")) {
				tapped.Add(1)
			}
		})
		for i := range 3 {
			if i == 1 {
				w.Cut("2.2.2.2")
			} else {
				w.Heal("2.2.2.2")
			}
			send(t, a, "2.2.2.2:1000", []byte("x"))
			time.Sleep(time.Second)
		}
		if len(got) != 2 || tapped.Load() != 3 {
			t.Errorf("%d came, %d were seen", len(got), tapped.Load())
		}
	})
}

func TestRateDropsTheExcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Link{OneWay: time.Millisecond, Rate: 80_000})
		defer w.Close()
		a, _ := listen(t, w.Host("1.1.1.1"), "1.1.1.1")
		_, got := listen(t, w.Host("2.2.2.2"), "2.2.2.2")
		for range 1000 { // 160 kbit/s for 10 s
			send(t, a, "2.2.2.2:1000", make([]byte, 200))
			time.Sleep(10 * time.Millisecond)
		}
		if n := len(got); n < 480 || n > 530 {
			t.Errorf("%d packets passed, half of 1000 fit", n)
		}
	})
}

// TestNATs: a cone shows one port to all, a symmetric NAT one to each; neither lets a stranger in.
func TestNATs(t *testing.T) {
	for _, kind := range []NATKind{Cone, Symmetric} {
		synctest.Test(t, func(t *testing.T) {
			w := NewWorld(t, Link{OneWay: time.Millisecond})
			defer w.Close()
			_, got2 := listen(t, w.Host("2.2.2.2"), "2.2.2.2")
			three, got3 := listen(t, w.Host("3.3.3.3"), "3.3.3.3")
			in, inside := listen(t, w.NAT(kind, "9.9.9.9").Host("10.0.0.7"), "10.0.0.7")
			send(t, in, "2.2.2.2:1000", []byte("x"))
			time.Sleep(time.Second)
			from2, _, _ := bytes.Cut([]byte(<-got2), []byte(" "))
			_, port, err := net.SplitHostPort(string(from2))
			if err != nil || !bytes.HasPrefix(from2, []byte("9.9.9.9:")) {
				t.Fatalf("from %s", from2)
			}
			addr, err := net.ResolveUDPAddr("udp4", "9.9.9.9:"+port)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := three.WriteTo([]byte("stranger"), addr); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if len(inside) != 0 {
				t.Error("a stranger came in")
			}
			send(t, in, "3.3.3.3:1000", []byte("x"))
			time.Sleep(time.Second)
			from3, _, _ := bytes.Cut([]byte(<-got3), []byte(" "))
			if same := bytes.Equal(from2, from3); same != (kind == Cone) {
				t.Errorf("kind %d: %s and %s", kind, from2, from3)
			}
		})
	}
}
