package opus

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

// decoders are the ways to decode that this build has.
var decoders = map[string]func(rate, channels int) (decoder, error){"sandbox": newSandboxDecoder, "pure": newPureDecoder}

func openDecoder(t testing.TB, name string, rate, channels int) *Decoder {
	t.Helper()
	b, err := decoders[name](rate, channels)
	if errors.Is(err, ErrUnsupported) {
		unsupported(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := &Decoder{b: b, rate: rate, channels: channels}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestDecodersAgree: libopus and pion/opus are two readings of one standard.
func TestDecodersAgree(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		for _, bitrate := range []int{8000, 14000, 20000, 32000, 96000} {
			_, sent := packets(t, open(Config{Rate: 48000, Channels: 1, Bitrate: bitrate}), 20, 30)
			a, b := openDecoder(t, "sandbox", 48000, 1), openDecoder(t, "pure", 48000, 1)
			var x, y []int16
			buf := make([]int16, 5760)
			for _, p := range sent {
				n, err := a.Decode(buf, p)
				m, err2 := b.Decode(buf[n:], p)
				if err != nil || err2 != nil || n != 960 || m != 960 {
					t.Fatal(n, m, err, err2)
				}
				x, y = append(x, buf[:n]...), append(y, buf[n:n+m]...)
			}
			if got := snr(x, y); got < 40 {
				t.Errorf("%d b/s, TOC %#x: they differ by %.1f dB", bitrate, sent[9][0], got)
			}
		}
	})
}

// TestRecoverIsBetterThanConceal: every fourth packet is lost. What the next one carries of it is closer to what was said than a
// guess. With Loss 0 the two are the same, and the test fails.
func TestRecoverIsBetterThanConceal(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		_, sent := packets(t, open(Config{Rate: 48000, Channels: 1, Loss: 20}), 20, 60)
		whole := decodeAll(t, 48000, 1, sent)
		var near [2]float64
		for k := range near {
			d := openDecoder(t, "sandbox", 48000, 1)
			buf := make([]int16, 5760)
			var said, got []int16
			for i, p := range sent {
				frame, n, err := whole[960*i:960*(i+1)], 0, error(nil)
				switch {
				case i%4 != 3 || i+1 == len(sent):
					_, err = d.Decode(buf, p)
					n = 960
				case k == 0:
					n, err = d.Conceal(buf[:960])
				default:
					n, err = d.Recover(buf[:960], sent[i+1])
				}
				if err != nil || n != 960 {
					t.Fatal(n, err)
				}
				if i%4 == 3 {
					said, got = append(said, frame...), append(got, buf[:n]...)
				}
			}
			near[k] = snr(said, got)
		}
		t.Logf("against what was said: concealed %.1f dB, recovered %.1f dB", near[0], near[1])
		if near[1] < near[0]+3 {
			t.Error("recovery is no better than concealment")
		}
	})
}

func TestGaps(t *testing.T) {
	d := openDecoder(t, "sandbox", 48000, 2)
	next := []byte{0xfc, 1, 2, 3}
	buf := make([]int16, 11522)
	for _, n := range []int{240, 480, 960, 1920, 11520} {
		if got, err := d.Conceal(buf[:n]); got != n || err != nil {
			t.Errorf("%d values: %d, %v", n, got, err)
		}
		if got, err := d.Recover(buf[:n], next); got != n || err != nil {
			t.Errorf("%d values: %d, %v", n, got, err)
		}
	}
	for _, n := range []int{0, 1, 239, 241, 242, 11521, 11522} {
		if got, err := d.Conceal(buf[:n]); err == nil || got != 0 {
			t.Errorf("a gap of %d values was filled with %d", n, got)
		}
	}
	if _, err := d.Recover(buf[:960], nil); !errors.Is(err, ErrPacket) {
		t.Errorf("recovery from nothing: %v", err)
	}
	p := openDecoder(t, "pure", 48000, 2)
	if _, err := p.Conceal(buf[:960]); !errors.Is(err, ErrUnsupported) {
		t.Errorf("pure: %v", err)
	}
	if _, err := p.Recover(buf[:960], next); !errors.Is(err, ErrUnsupported) {
		t.Errorf("pure: %v", err)
	}
}

func TestHostilePackets(t *testing.T) {
	good := []byte{0xf8, 0xff, 0xfe} // 20 ms of silence
	bad := map[string][]byte{
		"empty":              {},
		"too long":           make([]byte, maxPacket+1),
		"no count":           {0xff},
		"no frames":          {0xff, 0x00},
		"63 frames":          {0xff, 0x3f, 0},
		"140 ms":             {0xfb, 0x07, 0, 0, 0},
		"unequal halves":     {0xf9, 1, 2, 3},
		"length beyond":      {0xfa, 250, 1},
		"length of one byte": {0xfa, 252},
		"padding beyond":     {0xfb, 0x41, 255, 255, 255},
		"a frame of 1276":    append([]byte{0xf8}, make([]byte, 1276)...),
		"lengths beyond":     {0xfb, 0x83, 100, 100, 1},
		"no whole third":     {0xfb, 0x03, 1, 2},
		"padding has no end": {0xfb, 0x41},
	}
	for name := range decoders {
		d := openDecoder(t, name, 48000, 1)
		buf := make([]int16, 5760)
		for what, p := range bad {
			n, err := d.Decode(buf, p)
			if !errors.Is(err, ErrPacket) || n != 0 {
				t.Errorf("%s: %s: %d, %v", name, what, n, err)
			}
			if n, err := d.Decode(buf, good); n != 960 || err != nil {
				t.Errorf("%s: after %s: %d, %v", name, what, n, err)
			}
		}
		if _, err := d.Decode(buf[:959], good); err == nil || errors.Is(err, ErrPacket) {
			t.Errorf("%s: too little room: %v", name, err)
		}
		if err := errors.Join(d.Close(), d.Close()); err != nil {
			t.Error(err)
		}
		for _, f := range []func() (int, error){
			func() (int, error) { return d.Decode(buf, good) },
			func() (int, error) { return d.Conceal(buf[:960]) },
			func() (int, error) { return d.Recover(buf[:960], good) },
		} {
			if _, err := f(); !errors.Is(err, ErrClosed) {
				t.Errorf("%s: after Close: %v", name, err)
			}
		}
	}
}

func TestSamples(t *testing.T) {
	tests := []struct {
		packet []byte
		rate   int
		want   int // 0: an error
	}{
		{[]byte{0x00}, 48000, 480}, {[]byte{0x08}, 48000, 960}, {[]byte{0x18}, 48000, 2880}, {[]byte{0x18}, 8000, 480},
		{[]byte{0x60}, 48000, 480}, {[]byte{0x78}, 16000, 320}, {[]byte{0x80}, 48000, 120}, {[]byte{0xf9}, 48000, 1920},
		{[]byte{0xfb, 0x06}, 48000, 5760}, {[]byte{0x83, 48}, 24000, 2880},
		{nil, 48000, 0}, {[]byte{0xfb}, 48000, 0}, {[]byte{0xfb, 0}, 48000, 0}, {[]byte{0xfb, 7}, 48000, 0}, {[]byte{0}, 44100, 0},
	}
	for _, x := range tests {
		if n, err := Samples(x.packet, x.rate); n != x.want || (err != nil) != (x.want == 0) {
			t.Errorf("%x at %d: %d, %v", x.packet, x.rate, n, err)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	_, sent := packets(t, open(t, Config{Rate: 48000, Channels: 1, Loss: 20}, newSandboxEncoder), 20, 10)
	d := openDecoder(t, "sandbox", 48000, 1)
	buf := make([]int16, 5760)
	if n := testing.AllocsPerRun(50, func() {
		for _, p := range sent {
			_, err := d.Decode(buf, p)
			_, err2 := d.Conceal(buf[:960])
			_, err3 := d.Recover(buf[:960], p)
			if err := errors.Join(err, err2, err3); err != nil {
				t.Error(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode: every packet is decoded to as many samples as Samples says, or is an error; and the decoder goes on.
func FuzzDecode(f *testing.F) {
	e := open(f, Config{Rate: 48000, Channels: 1, Loss: 10}, newSandboxEncoder)
	for _, bitrate := range []int{6000, 16000, 32000, 128000} {
		if err := e.SetBitrate(bitrate); err != nil {
			f.Fatal(err)
		}
		_, sent := packets(f, e, 20, 3)
		f.Add(sent[2], byte(0))
	}
	f.Add([]byte{0xff, 0x81, 0}, byte(3))
	rng := rand.New(rand.NewPCG(1, 1))
	for toc := range 32 {
		p := make([]byte, 60)
		for i := range p {
			p[i] = byte(rng.Uint32())
		}
		p[0] = byte(toc<<3 | toc&3)
		f.Add(p, byte(toc))
	}
	buf := make([]int16, 2*5760)
	f.Fuzz(func(t *testing.T, packet []byte, shape byte) {
		rate, channels := []int{8000, 12000, 16000, 24000, 48000}[shape%5], 1+int(shape/5)%2
		for name := range decoders {
			d := openDecoder(t, name, rate, channels)
			want, bad := Samples(packet, rate)
			for range 2 {
				n, err := d.Decode(buf, packet)
				if errors.Is(err, errTrap) {
					t.Fatal(err)
				}
				if err == nil && (bad != nil || n != want*channels) || err != nil && n != 0 {
					t.Fatalf("%s: %d values of %d: %v", name, n, want*channels, err)
				}
			}
			if name == "pure" {
				continue
			}
			gap := buf[:rate/50*channels]
			if n, err := d.Recover(gap, packet); errors.Is(err, errTrap) || err == nil && n != len(gap) {
				t.Fatalf("recovered %d of %d: %v", n, len(gap), err)
			}
			if n, err := d.Conceal(gap); err != nil || n != len(gap) {
				t.Fatalf("concealed %d of %d: %v", n, len(gap), err)
			}
		}
	})
}

func FuzzSamples(f *testing.F) {
	f.Add([]byte{0xfb, 6})
	f.Fuzz(func(t *testing.T, packet []byte) {
		n, err := Samples(packet, 48000)
		if err == nil && (n < 120 || n > 5760 || n%120 != 0) || err != nil && n != 0 {
			t.Fatal(n, err)
		}
	})
}

// BenchmarkDecode: 20 ms at 48 kHz.
func BenchmarkDecode(b *testing.B) {
	_, sent := packets(b, open(b, Config{Rate: 48000, Channels: 1, Loss: 5}, newSandboxEncoder), 20, 100)
	buf := make([]int16, 5760)
	for name := range decoders {
		d := openDecoder(b, name, 48000, 1)
		run := func(what string, f func(p []byte) (int, error)) {
			b.Run(fmt.Sprint(name, "/", what), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if _, err := f(sent[i%len(sent)]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("decode", func(p []byte) (int, error) { return d.Decode(buf, p) })
		if name == "sandbox" {
			run("conceal", func([]byte) (int, error) { return d.Conceal(buf[:960]) })
			run("recover", func(p []byte) (int, error) { return d.Recover(buf[:960], p) })
		}
	}
}

// unsupported skips what this machine cannot do, or fails it where SOTTO_REQUIRE=1.
func unsupported(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("SOTTO_REQUIRE") == "1" {
		t.Fatalf("SOTTO_REQUIRE=1, but %v", err)
	}
	t.Skip(err)
}
