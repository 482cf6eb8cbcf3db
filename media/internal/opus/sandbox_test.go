//go:build (amd64 || arm64) && (linux || darwin || windows || freebsd)

package opus

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// TestATrapIsAnError: libopus with offsets out of its memory, where its state keeps them before the channels and the rate.
// That is an error, and the decoder goes on.
func TestATrapIsAnError(t *testing.T) {
	d := openDecoder(t, "sandbox", 48000, 1)
	s := d.b.(*sandboxDecoder)
	memory, ok := s.m.Memory().Read(0, s.m.Memory().Size())
	shape := []byte{1, 0, 0, 0, 0x80, 0xbb, 0, 0}
	at := bytes.Index(memory, shape)
	if !ok || at < 8 {
		t.Fatal("the state was not found")
	}
	for ; at >= 8; at = bytes.Index(memory, shape) {
		copy(memory[at-8:], "\xff\xff\xff\x7f\xff\xff\xff\x7f\x02")
	}
	buf := make([]int16, 5760)
	good := []byte{0xf8, 0xff, 0xfe}
	if n, err := d.Decode(buf, good); n != 0 || !errors.Is(err, ErrPacket) || !errors.Is(err, errTrap) {
		t.Errorf("out of the memory: %d, %v", n, err)
	}
	if n, err := d.Decode(buf, good); n != 960 || err != nil {
		t.Errorf("after a trap: %d, %v", n, err)
	}
}

// TestStackHasRoom paints the stack and looks how far the greatest calls reach. A quarter must be left.
func TestStackHasRoom(t *testing.T) {
	const stack = 131072 // as in wasm/build.sh
	least := func(i *instance, use func()) {
		t.Helper()
		b, ok := i.m.Memory().Read(0, stack)
		if !ok {
			t.Fatal("no stack")
		}
		for k := range b {
			b[k] = 0xa5
		}
		use()
		free := 0
		for free < len(b) && b[free] == 0xa5 {
			free++
		}
		t.Logf("%d of %d bytes are free", free, stack)
		if free < stack/4 {
			t.Error("the stack is too small")
		}
	}
	for _, bitrate := range []int{20000, 64000, 510000} {
		for _, vbr := range []bool{false, true} {
			e := open(t, Config{Rate: 48000, Channels: 2, Bitrate: bitrate, Loss: 20, VBR: vbr}, newSandboxEncoder)
			var sent [][]byte
			least(e.b.(*sandboxEncoder).instance, func() { _, sent = packets(t, e, 60, 8) })
			for _, rate := range []int{8000, 48000} {
				d := openDecoder(t, "sandbox", rate, 2)
				buf := make([]int16, 11520*rate/48000)
				least(d.b.(*sandboxDecoder).instance, func() {
					for _, p := range sent {
						_, err := d.Recover(buf, p)
						_, err2 := d.Decode(buf, p)
						_, err3 := d.Conceal(buf)
						if err := errors.Join(err, err2, err3); err != nil {
							t.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// TestTheModuleIsClosed: it imports nothing, so nothing of the machine is within its reach, and its memory cannot grow.
func TestTheModuleIsClosed(t *testing.T) {
	s, err := compiled()
	if err != nil {
		unsupported(t, err)
	}
	if n := len(s.module.ImportedFunctions()) + len(s.module.ImportedMemories()); n != 0 {
		t.Errorf("%d imports", n)
	}
	for name, m := range s.module.ExportedMemories() {
		if most, bounded := m.Max(); !bounded || most != m.Min() {
			t.Errorf("%s has %d to %d pages", name, m.Min(), most)
		}
	}
}

// TestTheModuleIsWhatTheSourcesMake builds it again, where that is asked for: it takes Debian's compiler and the network.
func TestTheModuleIsWhatTheSourcesMake(t *testing.T) {
	if os.Getenv("SOTTO_BUILD_OPUS") != "1" {
		t.Skip("SOTTO_BUILD_OPUS=1 is not set")
	}
	if out, err := exec.Command("wasm/build.sh", "--check").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// BenchmarkCompile is what the first encoder or decoder of a process costs beside its own.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		s, err := compile()
		if err != nil {
			b.Skip(err)
		}
		if err := s.runtime.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewDecoder is what every further one costs.
func BenchmarkNewDecoder(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		d, err := NewDecoder(48000, 2)
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
