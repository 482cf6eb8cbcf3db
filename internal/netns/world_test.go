package netns

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const marker = "marker-of-this-test"

// TestMain can also be what runs in a namespace: it sends a datagram to each destination, all from one port.
func TestMain(m *testing.M) {
	to := os.Getenv("SOTTO_NETNS_SEND")
	if to == "" {
		os.Exit(m.Run())
	}
	c, err := net.ListenUDP("udp4", nil)
	for _, a := range strings.Fields(to) {
		if err == nil {
			_, err = c.WriteToUDPAddrPort([]byte(marker), netip.MustParseAddrPort(a))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The NATs let nothing in, and show another port to each destination.
func TestNATsAreSymmetric(t *testing.T) {
	w := New(t)
	capture := w.Capture(t.TempDir())
	send := w.Command(HostA, os.Args[0])
	send.Env = append(os.Environ(), "SOTTO_NETNS_SEND="+MiddleAddress+":9 "+MiddleAddress+":10 "+PublicAddressB+":9")
	if out, err := send.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.Datagram(HostB, []byte(marker))
	packets := capture.End()
	find := func(link string) (from []netip.AddrPort) {
		for _, hit := range Search(Texts(packets[link]), []Needle{{"marker", []byte(marker)}}) {
			if hit.Protocol == udp { // and not an ICMP message that quotes it
				from = append(from, hit.From)
			}
		}
		return from
	}
	if in := find("lana"); len(in) != 3 || in[0] != in[1] || in[1] != in[2] {
		t.Errorf("datagrams left host A as %v, want three of one port", in)
	}
	out := find("wana")
	slices.SortFunc(out, netip.AddrPort.Compare)
	// Of random ports two may be the same.
	if len(out) != 3 || out[0] == out[2] || out[0].Addr().String() != PublicAddressA {
		t.Errorf("datagrams left NAT A as %v, want different ports", out)
	}
	if n := len(find("wanb")); n != 2 {
		t.Errorf("%d datagrams on the link to NAT B, want one each way", n)
	}
	if in := find("lanb"); len(in) != 1 || in[0].Addr().String() != AddressB {
		t.Errorf("NAT B let something in: %v", in)
	}
	if hits := SearchAddress(Texts(packets["wana"]), netip.MustParseAddr(AddressA)); len(hits) > 0 {
		t.Errorf("the inner address got out: %v", hits)
	}
}

// A tap that has no time to write what the kernel holds is waited for. It fails when End waits for a time instead.
func TestCaptureWaitsForItsTaps(t *testing.T) {
	w := New(t)
	capture := w.Capture(t.TempDir())
	signal := func(name string) {
		for _, p := range capture.taps {
			if out, err := exec.Command("bash", "-c", fmt.Sprintf("kill -%s %d", name, p.cmd.Process.Pid)).CombinedOutput(); err != nil {
				t.Errorf("kill -%s: %v: %s", name, err, out)
			}
		}
	}
	signal("STOP")
	again := make(chan struct{})
	time.AfterFunc(time.Second, func() {
		defer close(again)
		signal("CONT")
	})
	w.Datagram(HostA, []byte(marker))
	packets := capture.End()
	<-again
	for _, l := range links[:2] {
		if hits := Search(Texts(packets[l.name]), []Needle{{"marker", []byte(marker)}}); len(hits) == 0 {
			t.Errorf("nothing was recorded on %s", l.name)
		}
	}
	for _, l := range links {
		if hits := Search(Texts(packets[l.name]), []Needle{{"the end", last}}); len(hits) > 0 {
			t.Errorf("what ends the capture is in it: %v", hits)
		}
	}
}

// What the test leaves is removed also when its process is killed.
func TestKilledTestLeavesNothing(t *testing.T) {
	if os.Getenv("SOTTO_NETNS_DIE") != "" {
		w := New(t)
		fmt.Println("PREFIX " + w.prefix)
		c := w.Command(HostA, "sleep", "60")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		self.Kill()
		select {}
	}
	New(t) // skips where it must
	c := exec.Command(os.Args[0], "-test.run=^TestKilledTestLeavesNothing$", "-test.v")
	c.Env = append(os.Environ(), "SOTTO_NETNS_DIE=1")
	out, _ := c.Output()
	_, prefix, ok := strings.Cut(string(out), "PREFIX ")
	if !ok {
		t.Fatalf("the child said\n%s", out)
	}
	prefix, _, _ = strings.Cut(prefix, "\n")
	for deadline := time.Now().Add(10 * time.Second); ; <-time.After(50 * time.Millisecond) {
		out, err := exec.Command("ip", "netns", "list").Output()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(out, []byte(prefix)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left over:\n%s", out)
		}
	}
}

func TestOverflows(t *testing.T) {
	snmp := "Tcp: InSegs\nTcp: 7\nUdp: InDatagrams InErrors RcvbufErrors SndbufErrors\nUdp: 4372 3 2 1\nUdpLite: InDatagrams\nUdpLite: 0\n"
	if n, err := overflows(snmp); n != 2 || err != nil {
		t.Errorf("%d, %v, want 2", n, err)
	}
	for _, bad := range []string{"", "Udp: InDatagrams\nUdp: 1\n", "Udp: RcvbufErrors\nUdp: x\n", "Udp: InErrors RcvbufErrors\nUdp: 1\n"} {
		if n, err := overflows(bad); err == nil {
			t.Errorf("%q: %d", bad, n)
		}
	}
}
