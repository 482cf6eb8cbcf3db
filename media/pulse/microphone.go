package pulse

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	// fragment is how much sound the server sends at a time.
	fragment = 10 * time.Millisecond
	// backlog is how much sound waits for a reader who is late, here and in the server, before the oldest is dropped.
	backlog = 200 * time.Millisecond
)

// Microphone returns a function that opens a source: by its ID, exactly, or else by its Name; "" is the server's default. It
// fits pcm.MicrophoneConfig.Open, and may be called again after the device was lost.
//
// What it opens is 48 kHz mono, converted by the server. It fails with a *media.DeviceError: DeviceMissing if there is no
// server or no such source (it lists what there is), DeviceDenied, DeviceBusy. A Read fails with DeviceGone within a second
// after the source was removed, and with DeviceBusy when the server suspends it. A source that was asked for is not
// replaced by another; the default is, if the server does so.
//
// Where no microphone is plugged in the server's default is the monitor of a sink, which yields what this machine plays:
// "" does not open it (DeviceMissing), nor stays when the server moves it there (DeviceGone). A monitor is opened by name.
//
// Reads that come too late lose sound: the oldest, beyond 200 ms.
func Microphone(source string) func(context.Context) (pcm.Input, error) {
	return func(ctx context.Context) (pcm.Input, error) {
		device := source
		if device == "" {
			device = aMicrophone
		}
		m, err := openMicrophone(ctx, source, device)
		if err != nil {
			return nil, fault(device, err)
		}
		return m, nil
	}
}

// A microphone is a stream of the server's and the last of its sound.
type microphone struct {
	*stream
	chunk [4 << 10]byte // belongs to run

	// Guarded by stream.mu. Sample n lies at n modulo the length of ring; those from "from" up to "to" are there.
	ring     []int16
	from, to int64
}

func newMicrophone(c *conn, device, name string) *microphone {
	m := &microphone{stream: newStream(c, device, name), ring: make([]int16, format.Samples(backlog))}
	m.noMonitor = name == ""
	return m
}

func openMicrophone(ctx context.Context, source, device string) (*microphone, error) {
	c, name, err := connect(ctx, source, false)
	if err != nil {
		return nil, err
	}
	m := newMicrophone(c, device, name)
	if err := m.create(ctx); err != nil {
		_ = c.nc.Close()
		return nil, err
	}
	go m.run(m)
	return m, nil
}

// connect dials, and finds the device of an ID or description. The name is empty for the default.
func connect(ctx context.Context, want string, sink bool) (c *conn, name string, err error) {
	if c, err = dial(ctx); err != nil || want == "" {
		return c, "", err
	}
	all, err := c.devices(ctx)
	if err == nil {
		name, err = find(all, want, sink)
	}
	if err != nil {
		_ = c.nc.Close()
		return nil, "", err
	}
	return c, name, nil
}

// create asks for the stream. Of a device that was asked for by name it may not be moved away: the server then says that
// it is gone.
func (m *microphone) create(ctx context.Context) error {
	var w writer
	w.spec(1, bytesPerSec/sampleSize)
	w.mono()
	w.u32(undefined)
	w.text(m.name)
	w.u32(inBytes(backlog))
	w.bools(false) // corked
	w.u32(inBytes(fragment))
	w.bools(false, false, false, false, false, m.name != "", false) // …, may not move, …
	w.bools(false, true)                                            // peaks only; adjust the device's latency to our fragments
	w.properties(properties())
	w.u32(undefined)
	w.bools(false, false, false) // early requests; do not inhibit suspend; fail on suspend
	w.u8(0)
	w.fullVolume()
	w.bools(false, false, false, false, false) // muted; volume set, muted set: by the server; relative; as it is
	r, err := m.c.ask(ctx, cmdCreateRecordStream, w)
	if err != nil {
		return err
	}
	m.index = r.u32()
	r.skip(tagU32, tagU32, tagU32) // the server's other index; lengths of its buffer and of a fragment
	return m.created(r)
}

// Read returns the sound that is there, waiting for some.
func (m *microphone) Read(ctx context.Context, buf []int16) (int, error) {
	for len(buf) > 0 {
		n, err := m.take(buf)
		if n > 0 || err != nil {
			return n, err
		}
		select {
		case <-m.wake:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return 0, ctx.Err()
}

// take copies out what is there; when nothing is and nothing will come, it says why.
func (m *microphone) take(buf []int16) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == errClosed {
		return 0, m.err
	}
	n := int(min(int64(len(buf)), m.to-m.from))
	for i := range buf[:n] {
		buf[i] = m.ring[(m.from+int64(i))%int64(len(m.ring))]
	}
	m.from += int64(n)
	if n == 0 {
		return 0, m.err
	}
	return n, nil
}

// Delay is the server's estimate for its side and the device, and what waits here.
func (m *microphone) Delay() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.clock.known {
		return lasting(sampleSize * (m.to - m.from))
	}
	return m.clock.heard(sampleSize*m.from, time.Now())
}

// sound puts a frame into the ring, a piece at a time: however long it is, it takes no memory.
func (m *microphone) sound(length uint32) error {
	if length%sampleSize != 0 {
		return errMalformed
	}
	for length > 0 {
		chunk := m.chunk[:min(int(length), len(m.chunk))]
		if err := m.c.read(chunk); err != nil {
			return err
		}
		length -= uint32(len(chunk))
		m.put(chunk)
	}
	return nil
}

func (m *microphone) put(b []byte) {
	m.mu.Lock()
	for ; len(b) > 0; b = b[sampleSize:] {
		m.ring[m.to%int64(len(m.ring))] = int16(binary.LittleEndian.Uint16(b))
		m.to++
	}
	m.from = max(m.from, m.to-int64(len(m.ring)))
	m.mu.Unlock()
	m.signal()
}

func (m *microphone) command(uint32, *reader) error { return nil } // nothing else concerns a microphone

func (m *microphone) ask() (tag uint32, mark int64, err error) {
	tag, err = m.c.send(cmdGetRecordLatency, latencyOf(m.index))
	return tag, 0, err
}

func latencyOf(index uint32) writer {
	var w writer
	w.u32(index)
	w.instant()
	return w
}

// told reads the age of the sample that the server will send next. The answer came after all sound sent before, so that
// sample is the one at the ring's end. What a monitor yields was not heard yet: its delay is less by that of its sink.
func (m *microphone) told(r *reader, _ int64) clock {
	sink, source := r.usec(), r.usec()
	runs := r.bool()
	r.skip(tagTime, tagTime)
	in, out := r.s64(), r.s64() // of the server's queue, as positions
	queued := in - out
	delay := time.Duration(source-sink) * time.Microsecond
	if !plausible(source) || !plausible(sink) || queued < 0 || queued > 60*bytesPerSec {
		return clock{}
	}
	return clock{known: true, runs: runs, at: time.Now(), delay: delay + lasting(queued), mark: sampleSize * m.to}
}

// plausible says whether a latency, in µs, is one: of hardware, or of a network beneath.
func plausible(usec int64) bool { return usec >= 0 && usec < int64(time.Minute/time.Microsecond) }
