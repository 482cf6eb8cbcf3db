package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCheckControl(t *testing.T) {
	const token = "0123456789abcdef"
	for _, c := range []struct {
		listen, token, want string
	}{
		{"", "", ""},
		{"127.0.0.1:8090", "", ""},
		{"127.8.8.8:8090", "", ""},
		{"[::1]:8090", "", ""},
		{"localhost:8090", "", ""},
		{"127.0.0.1:8090", token, ""},
		{":8090", token, ""},
		{"0.0.0.0:8090", token, ""},
		{":8090", "", "can be reached"},
		{"0.0.0.0:8090", "", "can be reached"},
		{"[::]:8090", "", "can be reached"},
		{"192.168.1.2:8090", "", "can be reached"},
		{"kiosk.example:8090", "", "can be reached"},
		{"localhost.example:8090", "", "can be reached"},
		{":8090", "short", "at least 16"},
		{"8090", "", "missing port"},
	} {
		err := checkControl(c.listen, c.token)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q with %q: %v, want %q", c.listen, c.token, err, c.want)
		}
	}
}

// The loop's side of the control socket is tested with the calls; here is who may ask.
func TestControlIsGuarded(t *testing.T) {
	const token = "0123456789abcdef"
	for _, c := range []struct {
		name, token, host, auth, origin, method, path string
		want                                          int
	}{
		{"by address", "", "127.0.0.1:8090", "", "", "POST", "/ring", 200},
		{"by name", "", "localhost:8090", "", "", "GET", "/healthz", 200},
		{"by IPv6", "", "[::1]:8090", "", "", "GET", "/metrics", 200},
		{"by IPv6, port 80", "", "[::1]", "", "", "GET", "/metrics", 200},
		{"by a name that somebody leads here", "", "evil.example:8090", "", "", "GET", "/metrics", 421},
		{"by a page of another place", "", "127.0.0.1:8090", "", "https://evil.example", "POST", "/ring", 403},
		{"by a page of another port", "", "127.0.0.1:8090", "", "http://127.0.0.1:9999", "POST", "/ring", 403},
		{"by its own page", "", "127.0.0.1:8090", "", "http://127.0.0.1:8090", "POST", "/ring", 200},
		{"with GET", "", "127.0.0.1:8090", "", "", "GET", "/ring", 405},
		{"something else", "", "127.0.0.1:8090", "", "", "GET", "/", 404},
		{"with the token", token, "kiosk.example:8090", "Bearer " + token, "", "POST", "/ring", 200},
		{"with another token", token, "kiosk.example:8090", "Bearer " + token + "0", "", "POST", "/ring", 401},
		{"with the token alone", token, "kiosk.example:8090", token, "", "POST", "/ring", 401},
		{"without the token", token, "127.0.0.1:8090", "", "", "GET", "/healthz", 401},
		{"to talk nonsense", "", "127.0.0.1:8090", "", "", "POST", "/talk", 400},
	} {
		k := &kiosk{inputs: make(chan any), gone: make(chan struct{})}
		f := &front{options: options{httpToken: c.token}}
		f.online.Store(k)
		go func() { // a loop that agrees to everything
			for {
				select {
				case in := <-k.inputs:
					switch in := in.(type) {
					case command:
						in.reply <- reply{true, "done"}
					case ask:
						in.reply <- snapshot{fit: true}
					}
				case <-k.gone:
					return
				}
			}
		}()
		r := httptest.NewRequest(c.method, c.path, strings.NewReader(strings.Repeat("on", 200)))
		r.Host = c.host
		if c.auth != "" {
			r.Header.Set("Authorization", c.auth)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		f.control().ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, w.Code, w.Body, c.want)
		}
		if strings.Contains(w.Body.String(), token) {
			t.Errorf("%s: the token is in the answer", c.name)
		}
		close(k.gone)
	}
}

// A loop that hangs is not healthy.
func TestALoopThatHangs(t *testing.T) {
	var f front
	f.online.Store(&kiosk{inputs: make(chan any), gone: make(chan struct{})})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	r := httptest.NewRequest("GET", "http://127.0.0.1/healthz", nil).WithContext(ctx)
	w := httptest.NewRecorder()
	f.control().ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
}

// Prometheus can read what is written: each family has its help and type once, each sample a value.
func TestMetricsText(t *testing.T) {
	s := snapshot{counts: newCounts(), uptime: 90 * time.Second, faults: map[string]uint64{`a"b\c` + "\n": 1}}
	s.ended["left"] = 2
	var b strings.Builder
	s.writeMetrics(&b)
	families := map[string]string{}
	for line := range strings.Lines(b.String()) {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "# TYPE "):
			if families[f[2]] != "" {
				t.Errorf("%s twice", f[2])
			}
			families[f[2]] = f[3]
		case strings.HasPrefix(line, "# HELP "):
		default:
			name, _, _ := strings.Cut(f[0], "{")
			if len(f) != 2 || families[name] == "" || (families[name] == "counter") != strings.HasSuffix(name, "_total") {
				t.Errorf("sample %q", line)
			}
		}
	}
	for _, want := range []string{"sotto_kiosk_uptime_seconds 90\n", `sotto_kiosk_ended_total{reason="left"} 2`, `{device="a\"b\\c\n"} 1`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, &b)
		}
	}
}
