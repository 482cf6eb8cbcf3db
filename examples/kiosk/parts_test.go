//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media/pcm"
)

// tone is so much of 440 Hz, as pulsetest plays it.
func tone(length time.Duration) io.Reader {
	samples := make([]int16, 48000*length/time.Second)
	for i := range samples {
		samples[i] = int16(3000 * math.Sin(2*math.Pi*440*float64(i)/48000))
	}
	b, err := binary.Append(nil, binary.LittleEndian, samples)
	if err != nil {
		panic(err) // numbers of a fixed size
	}
	return bytes.NewReader(b)
}

// The program without cgo, with a sound server and ffmpeg: what is said into its microphone is heard at the other end, what is
// said there comes out of its speaker, and a microphone that is pulled in the call does not end it.
func TestRealParts(t *testing.T) {
	need(t, "ffmpeg", "ffmpeg")
	server := pulsetest.Start(t, "mouth", "ear")
	program := built(t, runtime.GOARCH)
	c := newTown(t)
	c.startRelay()
	c.online()
	p := c.kiosk(program, nil, "-ring alice -camera ffmpeg:lavfi:testsrc2=size=160x120:rate=15 -size 160x120 -fps 15 "+
		"-microphone pulse:mouth.monitor -speaker pulse:ear -talk open")
	c.said("READY=1")
	stop := server.Play("mouth", 48000, tone(20*time.Second))
	c.post("/ring")
	var s senses
	k, err := c.alice.rung(t.Context()).Answer(t.Context(), s.media())
	if err != nil {
		t.Fatal(err)
	}
	until[call.Connected](t, k)
	s.await(t)
	heard(t, server, "ear.monitor")

	stop()
	server.RemoveSink("mouth")
	p.line("-microphone is away, and the call goes on without it", 1)
	server.AddSink("mouth")
	defer server.Play("mouth", 48000, tone(20*time.Second))()
	p.line("-microphone is back", 1)
	s.tones.Store(0)
	s.pictures.Store(0)
	s.await(t)
	end(t, c, p, k, 5*time.Second)
}

// heard waits until a source yields half a second of sound.
func heard(t *testing.T, server *pulsetest.Server, source string) {
	t.Helper()
	samples, stop := server.Record(source, 48000)
	defer stop()
	ctx, cancel := context.WithTimeout(t.Context(), slow)
	defer cancel()
	for loud := 0; loud < 50; {
		piece := make([]int16, 480)
		if err := binary.Read(samples, binary.LittleEndian, piece); err != nil {
			t.Fatal(err)
		}
		if pcm.Level(piece) < 40 {
			loud++
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: %d times 10 ms of sound", source, loud)
		}
	}
}
