package opus

import "testing"

func TestQuick(t *testing.T) {
	for _, name := range []string{"default", "sandbox"} {
		cfg := Config{Rate: 48000, Channels: 1, Loss: 5}
		if err := cfg.check(); err != nil {
			t.Fatal(err)
		}
		e, err := NewEncoder(cfg)
		if name == "sandbox" {
			b, err2 := newSandboxEncoder(cfg)
			e, err = wrapEncoder(b, cfg, err2)
		}
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDecoder(48000, 1)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := newPureDecoder(48000, 1)
		in := speech(48000, 48000*3)
		var out, pure []int16
		buf := make([]int16, 5760)
		for i := 0; i < len(in); i += 960 {
			pk, err := e.Encode(nil, in[i:i+960])
			if err != nil {
				t.Fatal(err)
			}
			if i < 9600 {
				t.Log(len(pk))
			}
			n, err := d.Decode(buf, pk)
			if err != nil || n != 960 {
				t.Fatal(n, err)
			}
			out = append(out, buf[:n]...)
			n, err = p.decode(buf, pk, 960)
			if err != nil || n != 960 {
				t.Fatal(n, err)
			}
			pure = append(pure, buf[:n]...)
		}
		a, b := aligned(in, out, 600)
		t.Log(name, a, b, snr(out, pure))
	}
}
