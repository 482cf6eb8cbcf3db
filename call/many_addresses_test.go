package call

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/media"
)

// A machine of many addresses still tells how it is reached from outside, and never more than the other side takes. The
// mutation that makes it fail: found without forServers.
func TestManyAddressesLeaveRoomForServers(t *testing.T) {
	l := &loop{keys: &keys{}}
	add := func(n int, typ string) {
		for i := range n {
			l.found(media.Candidate{MID: "0", Line: fmt.Sprintf("candidate:1 1 udp 1 name.local %d typ %s", i+1, typ)})
		}
	}
	add(100, "host")
	add(2, "srflx raddr 0.0.0.0 rport 9")
	add(1, "relay raddr 0.0.0.0 rport 9")
	found := l.candidates.found
	if n := len(found); n != maxCandidates-forServers+3 || !strings.Contains(found[n-1].Line, " typ relay") {
		t.Errorf("%d candidates, the last is %+v", n, found[n-1])
	}
	add(100, "srflx raddr 0.0.0.0 rport 9")
	if n := len(l.candidates.found); n != maxCandidates {
		t.Errorf("%d candidates", n)
	}
}
