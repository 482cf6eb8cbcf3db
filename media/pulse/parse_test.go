package pulse

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestParseServers(t *testing.T) {
	machine := []string{"here", "0123"}
	for list, want := range map[string][]address{
		"":                         nil,
		"unix:/run/p/native":       {{"unix", "/run/p/native"}},
		"/run/p/native":            {{"unix", "/run/p/native"}},
		"unix:":                    nil,
		"tcp:host:4714":            {{"tcp", "host:4714"}},
		"tcp4:host":                {{"tcp4", "host:4713"}},
		"tcp6:[::1]:80":            {{"tcp6", "[::1]:80"}},
		"tcp6:[::1]":               {{"tcp6", "[::1]:4713"}},
		"host":                     {{"tcp", "host:4713"}},
		"host:99":                  {{"tcp", "host:99"}},
		"host:0":                   nil,
		"host:99999":               nil,
		":4713":                    nil,
		"udp:host:4713":            {{"tcp", "[udp:host:4713]:4713"}}, // no such scheme: a name that nobody has
		"ftp://host":               nil,
		"{here}unix:/a  b:1":       {{"unix", "/a"}, {"tcp", "b:1"}},
		"{there}unix:/a\n{0123}/c": {{"unix", "/c"}},
		"{unix:/a {} {}/b":         nil,
	} {
		if got := parseServers(list, machine); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", list, got, want)
		}
	}
}

func FuzzParseServers(f *testing.F) {
	f.Add("{here}unix:/a tcp:host:4713 tcp6:[::1]")
	f.Fuzz(func(t *testing.T, list string) {
		got := parseServers(list, []string{"here"})
		if len(got) > maxServers {
			t.Errorf("%d servers", len(got))
		}
		for _, a := range got {
			if a.addr == "" {
				t.Errorf("%q: an empty address", list)
			}
		}
	})
}

func TestServers(t *testing.T) {
	env := map[string]string{"PULSE_SERVER": " ", "XDG_RUNTIME_DIR": "/x", "PULSE_RUNTIME_PATH": "/p", "HOME": "/home"}
	got := servers(func(k string) string { return env[k] })
	if len(got) == 0 && os.PathSeparator == '/' {
		t.Error("nowhere to look")
	}
	for _, a := range got {
		if a.network != "unix" || !filepath.IsAbs(a.addr) {
			t.Errorf("%v", a)
		}
	}
	env["PULSE_SERVER"] = "/only"
	if got := servers(func(k string) string { return env[k] }); !slices.Equal(got, []address{{"unix", "/only"}}) {
		t.Errorf("%v", got)
	}
}

func TestCookie(t *testing.T) {
	home := t.TempDir()
	env := map[string]string{"HOME": home, "PULSE_COOKIE": filepath.Join(home, "short")}
	write := func(name string, b byte, n int) {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte{b}, n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := func(b byte) {
		t.Helper()
		if got := cookie(func(k string) string { return env[k] }); !bytes.Equal(got, bytes.Repeat([]byte{b}, 256)) {
			t.Errorf("%x", got[:4])
		}
	}
	want(0)
	write("short", 1, 255)
	write(".pulse-cookie", 2, 256)
	want(2)
	write(".config/pulse/cookie", 3, 300)
	want(3)
	env["PULSE_COOKIE"] = filepath.Join(home, ".pulse-cookie")
	want(2)
}

// TestTagged writes one of each and reads it back, then cut short at every byte.
func TestTagged(t *testing.T) {
	var w writer
	w.u32(7)
	w.u8(200)
	w.text("a\x00hidden")
	w.text("")
	w.bools(true, false)
	w.spec(2, 44100)
	w.mono()
	w.fullVolume()
	w.properties(map[string]string{"media.role": "phone", "b": ""})
	w.instant()
	w.arbitrary([]byte{1, 2, 3})
	read := func(r *reader) map[string]string {
		got := map[string]string{}
		if r.u32() != 7 || r.u8() != 200 || r.text() != "a" || r.text() != "" || !r.bool() || r.bool() {
			return nil
		}
		if format, channels, rate := r.spec(); format != s16le || channels != 2 || rate != 44100 {
			return nil
		}
		r.skip(tagChannelMap, tagVolumes)
		r.properties(func(k, v string) { got[k] = v })
		r.skip(tagTime)
		if !bytes.Equal(r.arbitrary(), []byte{1, 2, 3}) {
			return nil
		}
		return got
	}
	r := &reader{b: w.b}
	if got := read(r); got["media.role"] != "phone" || len(got) != 2 || r.err != nil || len(r.b) != 0 {
		t.Errorf("%v %v, %d left", got, r.err, len(r.b))
	}
	for n := range w.b {
		r := &reader{b: w.b[:n]}
		if read(r); !errors.Is(r.err, errMalformed) && n > 0 {
			// read gives up at the first value that is wrong: then the reader may not know yet
			if r.skip(tagTime, tagProperties); r.err == nil {
				t.Errorf("cut at %d: nobody knows", n)
			}
		}
	}
}

// FuzzAnswers takes lists of devices and modules apart, whatever they are.
func FuzzAnswers(f *testing.F) {
	f.Add(aDevice("speaker", "Speaker", undefined))
	f.Add(append(aDevice("a", "", 3), aDevice("b", "B", 4)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, sinks := range []bool{true, false} {
			r := &reader{b: slices.Clone(b)}
			if got := readDevices(r, "speaker", sinks); len(got) > len(b) {
				t.Errorf("%d devices in %d bytes", len(got), len(b))
			}
		}
		readModules(&reader{b: b}, "module-echo-cancel")
		readDefaults(&reader{b: b})
	})
}

// aDevice is an entry of a list as servers write it.
func aDevice(id, name string, monitor uint32) []byte {
	var w writer
	w.u32(1)
	w.text(id)
	w.text(name)
	w.spec(1, 48000)
	w.mono()
	w.u32(9) // module
	w.fullVolume()
	w.bools(false)
	w.u32(monitor)
	w.text("")
	w.usec(0)
	w.text("driver")
	w.u32(0)
	w.properties(map[string]string{"k": "v", "node.link-group": "g"})
	w.usec(0)
	w.b = append(w.b, tagVolume, 0, 1, 0, 0)
	w.u32(0)
	w.u32(0)
	w.u32(0)
	w.u32(1) // ports
	w.text("port")
	w.text("Port")
	w.u32(0)
	w.u32(0)
	w.text("port")
	w.u8(1) // formats
	w.b = append(w.b, tagFormat)
	w.u8(1)
	w.properties(nil)
	return w.b
}

func (w *writer) usec(v byte) { w.b = append(w.b, tagUsec, 0, 0, 0, 0, 0, 0, 0, v) }

func TestReadDevices(t *testing.T) {
	r := &reader{b: append(aDevice("a", "A", undefined), aDevice("b", "B", 4)...)}
	got := readDevices(r, "b", false)
	want := []deviceInfo{{Device{"a", "A", Source, false}, 9, "g"}, {Device{"b", "B", Monitor, true}, 9, "g"}}
	if !slices.Equal(got, want) || r.err != nil {
		t.Errorf("%+v %v", got, r.err)
	}
}
