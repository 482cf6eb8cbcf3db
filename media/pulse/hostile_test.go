package pulse

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A script is a connection to a server that says what it was written to say, whatever it is asked, and then ends.
type script struct {
	net.Conn // for what is not used: nil
	say      []byte
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.say) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.say)
	s.say = s.say[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) Close() error                     { return nil }

// command is a frame with a command.
func frameOf(command, tag uint32, args writer) []byte {
	w := writer{b: make([]byte, headSize)}
	w.u32(command)
	w.u32(tag)
	w.b = append(w.b, args.b...)
	putHead(w.b, control)
	return w.b
}

// recordCreated is how a server answers that a stream is there, with index 5, on the default microphone.
func recordCreated() writer { return recordCreatedOn("mic") }

func recordCreatedOn(on string) writer {
	var w writer
	for _, v := range []uint32{5, 1, 9600, 960} {
		w.u32(v)
	}
	w.spec(1, 48000)
	w.mono()
	w.u32(0)
	w.text(on)
	w.bools(false)
	w.usec(0)
	return w
}

func playbackCreated() writer {
	var w writer
	for _, v := range []uint32{5, 1, 2880, 9600, 2880, 960, 960} {
		w.u32(v)
	}
	w.spec(1, 48000)
	w.mono()
	w.u32(0)
	w.text("ear")
	w.bools(false)
	w.usec(0)
	return w
}

// soundOf is a frame of sound for a stream.
func soundOf(index uint32, sound []byte) []byte {
	b := append(make([]byte, headSize), sound...)
	putHead(b, index)
	return b
}

func played(say ...[]byte) (*microphone, error) {
	c := newConn(&script{say: slices.Concat(say...)})
	m := newMicrophone(c, aMicrophone, "")
	if err := m.create(context.Background()); err != nil {
		return nil, err
	}
	m.run(m)
	return m, nil
}

// TestLies has servers whose answers make no sense: each ends the stream with words, and none takes memory.
func TestLies(t *testing.T) {
	head := func(length, channel, flags uint32) []byte {
		b := make([]byte, headSize)
		binary.BigEndian.PutUint32(b, length)
		binary.BigEndian.PutUint32(b[4:], channel)
		binary.BigEndian.PutUint32(b[16:], flags)
		return b
	}
	index := func(v ...uint32) (w writer) {
		for _, v := range v {
			w.u32(v)
		}
		return w
	}
	moved := index(5, 7)
	moved.text("x")
	for name, c := range map[string]struct {
		say   []byte
		fault media.DeviceFault
	}{
		"a long command":      {head(maxCommand+1, control, 0), media.DeviceUnsupported},
		"4 GiB of command":    {head(1<<32-1, control, 0), media.DeviceUnsupported},
		"4 GiB of sound":      {head(1<<32-1, 5, 0), media.DeviceUnsupported},
		"a short command":     {head(maxCommand, control, 0), media.DeviceGone},
		"16 MiB of sound":     {head(maxSound, 5, 0), media.DeviceGone},
		"half a sample":       {head(3, 5, 0), media.DeviceUnsupported},
		"another's sound":     {head(4, 6, 0), media.DeviceUnsupported},
		"shared memory":       {head(4, 5, 1<<31), media.DeviceUnsupported},
		"an empty command":    {head(0, control, 0), media.DeviceUnsupported},
		"not a command":       {append(head(10, control, 0), "helloworld"...), media.DeviceUnsupported},
		"half a move":         {frameOf(cmdRecordStreamMoved, undefined, moved), media.DeviceUnsupported},
		"half a suspend":      {frameOf(cmdRecordStreamSuspended, undefined, index(5)), media.DeviceUnsupported},
		"half an answer":      {frameOf(cmdReply, 2, index(5)), media.DeviceUnsupported}, // tag 2: the first question of the delay
		"a kill":              {frameOf(cmdRecordStreamKilled, undefined, index(5)), media.DeviceGone},
		"what we do not know": {frameOf(12345, undefined, index(5)), media.DeviceGone}, // ignored; then it ends
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := played(frameOf(cmdReply, 1, recordCreated()), c.say)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var e *media.DeviceError
		if _, err := m.Read(t.Context(), make([]int16, 10)); !errors.As(err, &e) || e.Fault != c.fault {
			t.Errorf("%s: %v, want %v", name, err, c.fault)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
			t.Errorf("%s: it took %d bytes", name, n)
		}
	}
}

// TestRefused has servers that do not make the stream that was asked for.
func TestRefused(t *testing.T) {
	other := recordCreated()
	other.b[22] = 2 // channels
	var code writer
	code.u32(uint32(errNoSuch))
	for name, c := range map[string]struct {
		say   []byte
		fault media.DeviceFault
	}{
		"none":         {frameOf(cmdError, 1, code), media.DeviceMissing},
		"no code":      {frameOf(cmdError, 1, writer{}), media.DeviceUnsupported},
		"no answer":    {frameOf(cmdReply, 9, recordCreated()), media.DeviceGone},
		"half":         {frameOf(cmdReply, 1, writer{b: recordCreated().b[:30]}), media.DeviceUnsupported},
		"stereo":       {frameOf(cmdReply, 1, other), media.DeviceUnsupported},
		"early sound":  {soundOf(5, make([]byte, 4)), media.DeviceUnsupported},
		"only silence": {nil, media.DeviceGone},
	} {
		_, err := played(c.say)
		var e *media.DeviceError
		if err = fault("x", err); !errors.As(err, &e) || e.Fault != c.fault {
			t.Errorf("%s: %v, want %v", name, err, c.fault)
		}
	}
}

// TestMonitor: the default microphone does not open on a monitor and ends when it is moved to one, before any sound of it is
// read; one that was named is opened. The mutation that makes it fail: newMicrophone without noMonitor.
func TestMonitor(t *testing.T) {
	wants := func(what string, err error, fault media.DeviceFault) {
		t.Helper()
		var e *media.DeviceError
		if !errors.As(err, &e) || e.Fault != fault || !strings.Contains(err.Error(), "ear.monitor") {
			t.Errorf("%s: %v, want %v", what, err, fault)
		}
	}
	onMonitor := frameOf(cmdReply, 1, recordCreatedOn("ear.monitor"))
	_, err := played(onMonitor)
	wants("the default is a monitor", err, media.DeviceMissing)

	var moved writer
	moved.u32(5)
	moved.u32(7)
	moved.text("ear.monitor")
	moved.bools(false)
	m, err := played(frameOf(cmdReply, 1, recordCreated()), frameOf(cmdRecordStreamMoved, undefined, moved), soundOf(5, make([]byte, 960)))
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.Read(t.Context(), make([]int16, 480))
	wants("it becomes one", err, media.DeviceGone)
	if n > 0 {
		t.Errorf("%d samples of a monitor", n)
	}

	named := newMicrophone(newConn(&script{say: onMonitor}), "ear.monitor", "ear.monitor")
	if err := named.create(t.Context()); err != nil {
		t.Errorf("a monitor that was named: %v", err)
	}
}

// FuzzServer runs a microphone and a speaker on whatever a server may say once they are open.
func FuzzServer(f *testing.F) {
	var latency writer
	for range 2 {
		latency.usec(200)
	}
	latency.bools(true)
	latency.instant()
	latency.instant()
	latency.b = append(latency.b, tagS64, 0, 0, 0, 0, 0, 0, 16, 0, tagS64, 0, 0, 0, 0, 0, 0, 8, 0)
	f.Add(slices.Concat(frameOf(cmdReply, 2, latency), soundOf(5, make([]byte, 960))))
	var request writer
	request.u32(5)
	request.u32(undefined)
	f.Add(slices.Concat(frameOf(cmdRequest, undefined, request), frameOf(cmdUnderflow, undefined, request), frameOf(cmdStarted, 0, request)))
	f.Fuzz(func(t *testing.T, say []byte) {
		m, err := played(frameOf(cmdReply, 1, recordCreated()), say)
		if err != nil {
			t.Fatal(err)
		}
		if n := m.to - m.from; n > int64(len(m.ring)) || m.Delay() < 0 {
			t.Errorf("%d samples wait, delay %v", n, m.Delay())
		}
		s := &speaker{stream: newStream(newConn(&script{say: slices.Concat(frameOf(cmdReply, 1, playbackCreated()), say)}), aSpeaker, "")}
		if err := s.create(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.run(s)
		if s.room < 0 || s.Delay() < 0 {
			t.Errorf("room for %d, delay %v", s.room, s.Delay())
		}
	})
}

// TestSilentServer answers nothing at all: who opens waits for as long as its context allows, and 5 s at most.
func TestSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		go func() { _, _ = io.Copy(io.Discard, far) }() // until the pipe is closed
		start := time.Now()
		err := newConn(near).login(t.Context())
		if !isTimeout(err) || time.Since(start) != answerTime {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := newConn(near).login(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

// TestNotPulse: something else listens there.
func TestNotPulse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skipf("no sockets with paths: %v", err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 10))) // whether it is read or not
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	t.Setenv("PULSE_SERVER", "unix:"+path)
	var e *media.DeviceError
	if _, err := List(t.Context()); !errors.As(err, &e) || e.Fault != media.DeviceUnsupported || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if err := os.Chmod(path, 0); err == nil && os.Getuid() > 0 {
		if _, err := List(t.Context()); !errors.As(err, &e) || e.Fault != media.DeviceDenied {
			t.Errorf("%v", err)
		}
	}
}

// TestNoGarbage: what passes at every 10 ms leaves nothing to collect.
func TestNoGarbage(t *testing.T) {
	piece := soundOf(5, make([]byte, 960))
	const runs = 200
	c := newConn(&script{say: slices.Concat(frameOf(cmdReply, 1, recordCreated()), slices.Repeat(piece, runs+10))})
	m := newMicrophone(c, aMicrophone, "")
	if err := m.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.asked = time.Now().Add(time.Hour) // no question meanwhile
	buf := make([]int16, 480)
	if n := testing.AllocsPerRun(runs, func() {
		if err := m.step(m); err != nil {
			t.Fatal(err)
		}
		if n, err := m.Read(context.Background(), buf); n != 480 || err != nil {
			t.Fatal(n, err)
		}
		m.Delay()
	}); n > 0 {
		t.Errorf("%.1f allocations for each read", n)
	}
	s := &speaker{stream: newStream(newConn(&script{}), aSpeaker, "")}
	if n := testing.AllocsPerRun(runs, func() {
		s.grant(960)
		if err := s.Write(context.Background(), buf); err != nil {
			t.Fatal(err)
		}
		s.Delay()
	}); n > 0 {
		t.Errorf("%.1f allocations for each write", n)
	}
}

// TestTarget: a server that runs dry holds more from then on, and less again when it was well for long.
func TestTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &speaker{stream: newStream(newConn(&script{}), aSpeaker, ""), target: least, calm: calm}
		write := func(want time.Duration) {
			t.Helper()
			s.grant(960)
			if err := s.Write(t.Context(), make([]int16, 480)); err != nil || s.target != want {
				t.Errorf("it holds %v, want %v; %v", s.target, want, err)
			}
		}
		s.starved = true // before the first write
		write(least)
		s.starved = true
		time.Sleep(time.Second) // a writer who paused
		write(least)
		for i := range 20 {
			s.starved = true
			write(min(least+time.Duration(i+1)*more, most))
		}
		time.Sleep(calmest - time.Second)
		write(most)
		time.Sleep(2 * time.Second)
		write(most - request)
	})
}

func TestClock(t *testing.T) {
	now := time.Now()
	k := clock{known: true, runs: true, at: now, delay: 20 * time.Millisecond, mark: 9600}
	if d := k.heard(9600-960, now.Add(5*time.Millisecond)); d != 35*time.Millisecond {
		t.Errorf("heard %v ago", d)
	}
	if d := k.due(9600+960, now.Add(5*time.Millisecond)); d != 25*time.Millisecond {
		t.Errorf("due in %v", d)
	}
	k.runs = false
	if d := k.due(9600+960, now.Add(5*time.Millisecond)); d != 30*time.Millisecond {
		t.Errorf("due in %v", d)
	}
	if d := k.due(0, now); d != 0 {
		t.Errorf("due in %v", d)
	}
	if (clock{}).due(1e9, now) != 0 || (clock{}).heard(0, now) != 0 {
		t.Error("it knows what it was not told")
	}
}
