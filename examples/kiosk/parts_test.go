//go:build unix

package main

import (
	"encoding/binary"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
)

// realParts names a camera of ffmpeg's, and a microphone and a speaker of a sound server.
const realParts = "-camera ffmpeg:lavfi:testsrc2=size=160x120:rate=15 -size 160x120 -fps 15 " +
	"-microphone pulse:mouth.monitor -speaker pulse:ear -talk open -ring alice"

// saidHere is what is said into the kiosk's microphone: not what alice says, so that one is not taken for the other.
var saidHere = tone{1000, 3000}

// The program without cgo, with a sound server and ffmpeg: what is said into its microphone is heard at the other end, what is
// said there comes out of its speaker, and a microphone that is pulled in the call does not end it.
func TestRealParts(t *testing.T) {
	need(t, "ffmpeg", "ffmpeg")
	server := pulsetest.Start(t, "mouth", "ear")
	program := built(t, runtime.GOARCH)
	c := newTown(t)
	c.startRelay()
	c.online()
	p := c.kiosk(program, nil, realParts)
	stop := server.Play("mouth", rate, saidHere.lasting(2*time.Minute))
	k, s := c.answered()
	s.sees(t)
	saidHere.lasts(t, s.hears(t))
	saidByAlice.lasts(t, recorded(t, server, "ear.monitor"))

	stop()
	server.RemoveSink("mouth")
	p.line("-microphone is away, and the call goes on without it", 1)
	server.AddSink("mouth")
	defer server.Play("mouth", rate, saidHere.lasting(2*time.Minute))()
	p.line("-microphone is back", 1)
	s.sees(t)
	saidHere.lasts(t, s.hears(t))
	end(t, c, p, k, 5*time.Second)
}

// Two of the program, each a process with devices of a sound server: what is said into the microphone of either comes out of the
// other's speaker. The one that is rung answers by itself.
func TestBetweenTwoProcesses(t *testing.T) {
	server := pulsetest.Start(t, "mouth", "ear", "porters-mouth", "porters-ear")
	program := built(t, runtime.GOARCH)
	c := newTown(t)
	c.hasPorter()
	c.startRelay()
	porter := c.starts("porter", program, nil, "-microphone pulse:porters-mouth.monitor -speaker pulse:porters-ear -talk open -auto-answer kiosk")
	c.said("READY=1")
	kiosk := c.kiosk(program, nil, "-microphone pulse:mouth.monitor -speaker pulse:ear -talk open -ring porter")
	c.said("READY=1")
	saidByPorter := tone{440, 5000}
	defer server.Play("mouth", rate, saidHere.lasting(2*time.Minute))()
	defer server.Play("porters-mouth", rate, saidByPorter.lasting(2*time.Minute))()
	c.post("/ring")
	saidHere.lasts(t, recorded(t, server, "porters-ear.monitor"))
	saidByPorter.lasts(t, recorded(t, server, "ear.monitor"))
	for _, p := range []*process{kiosk, porter} {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.ends(5 * time.Second)
	}
}

// TestRealParts with the program for a small 64-bit ARM machine, in an emulator: pictures and sound arrive, both ways. At what rate
// says nothing about such a machine.
func TestRealPartsARM64(t *testing.T) {
	program := builtForARM(t)
	need(t, "ffmpeg", "ffmpeg")
	server := pulsetest.Start(t, "mouth", "ear")
	c := newTown(t)
	c.startRelay()
	c.online()
	p := c.kiosk(program, []string{emulator}, realParts)
	defer server.Play("mouth", rate, saidHere.lasting(2*time.Minute))()
	k, s := c.answered()
	s.sees(t)
	saidHere.arrives(t, s.hears(t))
	saidByAlice.arrives(t, recorded(t, server, "ear.monitor"))
	end(t, c, p, k, slow)
}

// recorded is what a source yields from now on, as many samples at a time as are wanted.
func recorded(t *testing.T, server *pulsetest.Server, source string) (next func(samples int) []int16) {
	t.Helper()
	in, stop := server.Record(source, rate)
	t.Cleanup(stop)
	return func(samples int) []int16 {
		t.Helper()
		piece := make([]int16, samples)
		if err := binary.Read(in, binary.LittleEndian, piece); err != nil {
			t.Fatal(err)
		}
		return piece
	}
}
