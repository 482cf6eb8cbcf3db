package roomy

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A socket gets all the room that it asks for, or all that the system grants.
func TestSocketsHaveRoom(t *testing.T) {
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	packets, err := n.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	udp, err := n.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	b, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if errors.Is(err, fs.ErrNotExist) { // in a container
		t.Skip("this network namespace does not say how much it grants")
	}
	if err != nil {
		t.Fatal(err)
	}
	granted, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for what, conn := range map[string]any{"ListenPacket": packets, "ListenUDP": udp} {
		// The kernel doubles what is asked for, for what it keeps beside each packet (socket(7)).
		if got, want := readBuffer(t, conn.(syscall.Conn)), 2*min(room, granted); got != want {
			t.Errorf("%s: room for %d bytes, want %d", what, got, want)
		}
	}
}

func readBuffer(t *testing.T, conn syscall.Conn) (n int) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { n, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}
