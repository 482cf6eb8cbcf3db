package opus

import (
	"errors"
	"fmt"
	"testing"
)

// each runs a test with every encoder that this build has, and a configuration with defaults.
func each(t *testing.T, f func(t *testing.T, open func(Config) *Encoder)) {
	t.Helper()
	for name, make := range map[string]func(Config) (encoder, error){"default": newEncoder, "sandbox": newSandboxEncoder} {
		t.Run(name, func(t *testing.T) { f(t, func(c Config) *Encoder { return open(t, c, make) }) })
	}
}

func open(t testing.TB, c Config, make func(Config) (encoder, error)) *Encoder {
	t.Helper()
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	b, err := make(c)
	e, err := wrapEncoder(b, c, err)
	if errors.Is(err, ErrUnsupported) {
		unsupported(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// packets encodes speech of so many frames.
func packets(t testing.TB, e *Encoder, ms, frames int) (pcm []int16, out [][]byte) {
	t.Helper()
	n := e.cfg.Rate * ms / 1000
	for _, v := range speech(e.cfg.Rate, n*frames) {
		for range e.cfg.Channels {
			pcm = append(pcm, v)
		}
	}
	for k := range frames {
		p, err := e.Encode(nil, pcm[k*n*e.cfg.Channels:(k+1)*n*e.cfg.Channels])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return pcm, out
}

func TestSpeechComesThrough(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		for _, rate := range []int{8000, 12000, 16000, 24000, 48000} {
			for _, ms := range []int{10, 20, 40, 60} {
				channels := 1 + ms/20%2
				t.Run(fmt.Sprint(rate, " Hz, ", ms, " ms, ", channels), func(t *testing.T) {
					pcm, sent := packets(t, open(Config{Rate: rate, Channels: channels, Bitrate: 40000}), ms, 480/ms)
					heard := decodeAll(t, rate, channels, sent)
					if got, delay := aligned(pcm, heard, channels*rate/60); got < 8 {
						t.Errorf("%.1f dB at a delay of %d", got, delay)
					}
				})
			}
		}
	})
}

func decodeAll(t testing.TB, rate, channels int, packets [][]byte) []int16 {
	t.Helper()
	d, err := NewDecoder(rate, channels)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var out []int16
	buf := make([]int16, rate*channels*12/100)
	for _, p := range packets {
		n, err := d.Decode(buf, p)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := Samples(p, rate); err != nil || n != want*channels {
			t.Fatalf("%d values, not %d of %d channels: %v", n, want, channels, err)
		}
		out = append(out, buf[:n]...)
	}
	return out
}

// TestPacketsHaveOneSize: with constant bitrate a packet's length says nothing, also in silence and with recovery on. Setting
// VBR makes it fail.
func TestPacketsHaveOneSize(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		for _, bitrate := range []int{6000, 16000, 24000, 32000, 64000, 128000} {
			for _, loss := range []int{0, 15} {
				e := open(Config{Rate: 48000, Channels: 1, Bitrate: bitrate, Loss: loss})
				_, sent := packets(t, e, 20, 40)
				silent, err := e.Encode(nil, make([]int16, 960))
				if err != nil {
					t.Fatal(err)
				}
				for i, p := range append(sent, silent) {
					if len(p) != bitrate/50/8 {
						t.Fatalf("%d b/s, loss %d: packet %d has %d bytes", bitrate, loss, i, len(p))
					}
				}
			}
		}
	})
}

func TestVariableBitrateAndDTX(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		e := open(Config{Rate: 48000, Channels: 1, VBR: true, DTX: true})
		_, sent := packets(t, e, 20, 50)
		sizes := map[int]bool{}
		for _, p := range sent {
			sizes[len(p)] = true
		}
		if len(sizes) < 5 {
			t.Errorf("%d sizes with VBR", len(sizes))
		}
		least := 1000
		for range 50 {
			p, err := e.Encode(nil, make([]int16, 960))
			if err != nil {
				t.Fatal(err)
			}
			least = min(least, len(p))
		}
		if least > 2 {
			t.Errorf("DTX: the shortest packet of silence has %d bytes", least)
		}
	})
}

func TestSettingsChange(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		e := open(Config{Rate: 16000, Channels: 1})
		for _, bps := range []int{12000, 48000} {
			if err := e.SetBitrate(bps); err != nil {
				t.Fatal(err)
			}
			if _, sent := packets(t, e, 20, 3); len(sent[2]) != bps/400 {
				t.Errorf("%d b/s: %d bytes", bps, len(sent[2]))
			}
		}
		for _, err := range []error{e.SetBitrate(1), e.SetBitrate(1e9), e.SetLoss(-1), e.SetLoss(101)} {
			if err == nil {
				t.Error("a setting out of range was taken")
			}
		}
		for _, n := range []int{0, 1, 159, 161, 480, 1280, 96000} {
			if got, err := e.Encode([]byte{7}, make([]int16, n)); err == nil || len(got) != 1 {
				t.Errorf("%d samples were encoded", n)
			}
		}
		if got, err := e.Encode([]byte{7}, make([]int16, 320)); err != nil || len(got) != 121 || got[0] != 7 {
			t.Errorf("a packet was not appended: %d bytes, %v", len(got), err)
		}
		if err := errors.Join(e.Close(), e.Close()); err != nil {
			t.Error(err)
		}
		if _, err := e.Encode(nil, make([]int16, 320)); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		if err := e.SetBitrate(32000); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{}, {Rate: 44100, Channels: 1}, {Rate: 48000}, {Rate: 48000, Channels: 3},
		{Rate: 48000, Channels: 1, Bitrate: 100}, {Rate: 48000, Channels: 1, Loss: 101}} {
		if _, err := NewEncoder(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	for _, x := range [][2]int{{44100, 1}, {48000, 0}, {48000, 3}} {
		if _, err := NewDecoder(x[0], x[1]); err == nil {
			t.Errorf("%v was taken", x)
		}
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	each(t, func(t *testing.T, open func(Config) *Encoder) {
		e := open(Config{Rate: 48000, Channels: 1, Loss: 5})
		pcm, dst, bps := speech(48000, 960), make([]byte, 0, 200), 32000
		if n := testing.AllocsPerRun(50, func() {
			bps = 56000 - bps
			if _, err := e.Encode(dst, pcm); err != nil || e.SetBitrate(bps) != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// BenchmarkEncode: 20 ms at 48 kHz, 32 kb/s, recovery on.
func BenchmarkEncode(b *testing.B) {
	for name, make := range map[string]func(Config) (encoder, error){"default": newEncoder, "sandbox": newSandboxEncoder} {
		for channels := 1; channels <= 2; channels++ {
			b.Run(fmt.Sprint(name, "/", channels), func(b *testing.B) {
				e := open(b, Config{Rate: 48000, Channels: channels, Loss: 5}, make)
				pcm, k, dst := speech(48000, 96000*channels), 0, []byte(nil)
				b.ReportAllocs()
				for b.Loop() {
					dst, _ = e.Encode(dst[:0], pcm[k:k+960*channels])
					k = (k + 960*channels) % len(pcm)
				}
			})
		}
	}
}
