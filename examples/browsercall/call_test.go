package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/synthetic"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A count counts the frames of a track, and is there after so many.
type count struct {
	left int
	done chan struct{}
}

func newCount(n int) *count { return &count{n, make(chan struct{})} }

func (c *count) WriteFrame(media.Frame) error {
	if c.left--; c.left == 0 {
		close(c.done)
	}
	return nil
}

func (c *count) Close() error { return nil }

// counts makes the sinks of a call, for n frames of each kind.
func counts(n int) (pictures, sounds *count, receive func(media.TrackInfo) media.Sink) {
	pictures, sounds = newCount(n), newCount(n)
	return pictures, sounds, func(t media.TrackInfo) media.Sink {
		if t.Kind == media.Video {
			return pictures
		}
		return sounds
	}
}

func (c *count) want(t *testing.T, what string) {
	t.Helper()
	select {
	case <-c.done:
	case <-time.After(slow):
		t.Fatalf("not enough %s", what)
	}
}

func camera(t *testing.T) []media.Source {
	t.Helper()
	return short(t, 0)
}

// short is a camera that ends by itself.
func short(t *testing.T, length time.Duration) []media.Source {
	t.Helper()
	p, err := synthetic.NewPattern(synthetic.PatternOptions{Width: 64, Height: 64, Duration: length})
	if err != nil {
		t.Fatal(err)
	}
	return []media.Source{p, synthetic.NewTone(synthetic.ToneOptions{Duration: length})}
}

func (g *guest) dial(m call.Media) *call.Call {
	g.t.Helper()
	c, err := g.client.Dial(g.t.Context(), g.bot(), m)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { c.Close() })
	wantCall[call.Connected](g.t, c)
	return c
}

// An invitation makes two contacts, once; the next is printed, and more if they are asked for. The contact rings, sees
// the clip, sees the same emoji, and its words come back.
func TestClip(t *testing.T) {
	p := start(t, "-name", "Quillfeather")
	link := p.want("invitation").URL
	g := newGuest(t, link, "Marchbanks")
	met := p.want("contact")
	if met.Name != "Marchbanks" || g.bot().Name != "Quillfeather" || met.Safety != g.safetyNumber(g.bot().ID) {
		t.Errorf("they know each other as %+v and %q", met, g.bot().Name)
	}
	next := p.want("invitation").URL
	p.enter.Write([]byte("\n"))
	if third := p.want("invitation").URL; slices.Contains([]string{link, next}, third) || next == link {
		t.Error("an invitation was printed twice")
	}
	pictures, sounds, receive := counts(45)
	c := g.dial(call.Media{Send: camera(t), Receive: receive})
	e := p.want("connected")
	if mine := emojiOf(c); !slices.Equal(mine, e.Emoji) || len(mine) != 7 || e.By != "them" {
		t.Errorf("emoji %q here, %q there", mine, e.Emoji)
	}
	pictures.want(t, "pictures")
	sounds.want(t, "sounds")
	if err := c.Send(t.Context(), []byte("is anybody there? \x1b[2J")); err != nil {
		t.Fatal(err)
	}
	if m := wantCall[call.Message](t, c); string(m.Data) != "is anybody there? \x1b[2J" {
		t.Errorf("%q came back", m.Data)
	}
	if err := c.Hangup(t.Context(), call.Left); err != nil {
		t.Fatal(err)
	}
	end := p.want("ended")
	if end.Reason != call.Left.String() || !*end.Remote || len(end.Received) != 2 || len(end.Sent) != 2 || len(end.Files) != 0 {
		t.Errorf("%+v", end)
	}
	for _, r := range end.Received {
		if r.Opened < 30 || r.Failed != 0 {
			t.Errorf("%+v", r)
		}
	}
	if status := p.end(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestEcho(t *testing.T) {
	p := start(t, "-mode", "echo")
	g := newGuest(t, p.want("invitation").URL, "Marchbanks")
	pictures, sounds, receive := counts(40)
	g.dial(call.Media{Send: camera(t), Receive: receive})
	pictures.want(t, "pictures")
	sounds.want(t, "sounds")
	if g.bot().Name != "Echo bot" {
		t.Errorf("the bot is called %q", g.bot().Name)
	}
}

// A recording has a folder of its own, and is whole when the end is told. Nothing is sent back.
func TestRecord(t *testing.T) {
	out := t.TempDir()
	p := start(t, "-mode", "record", "-out", out)
	g := newGuest(t, p.want("invitation").URL, "Marchbanks")
	c := g.dial(call.Media{Send: short(t, time.Second), Receive: func(media.TrackInfo) media.Sink { t.Error("something is sent"); return nil }})
	for range 2 {
		wantCall[call.TrackEnded](t, c)
	}
	if err := c.Hangup(t.Context(), call.Left); err != nil {
		t.Fatal(err)
	}
	end := p.want("ended")
	if len(end.Files) != 2 || len(end.Sent) != 0 {
		t.Fatalf("%+v", end)
	}
	for _, f := range end.Files {
		if info, err := os.Stat(f); err != nil || info.Size() < 100 || filepath.Dir(filepath.Dir(f)) != out {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// The bot rings a contact as soon as it is one.
func TestRing(t *testing.T) {
	p := start(t, "-ring", "Marchbanks")
	g := newGuest(t, p.want("invitation").URL, "Marchbanks")
	ctx, cancel := context.WithTimeout(t.Context(), slow)
	defer cancel()
	in, err := g.client.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if in.Caller().Name != g.bot().Name || in.Sends() != (media.Kinds{Audio: true, Video: true}) {
		t.Errorf("%+v rings", in.Caller())
	}
	pictures, _, receive := counts(30)
	c, err := in.Answer(t.Context(), call.Media{Receive: receive})
	if err != nil {
		t.Fatal(err)
	}
	if e := p.want("connected"); e.By != "us" || e.Name != "Marchbanks" {
		t.Errorf("%+v", e)
	}
	pictures.want(t, "pictures")
	c.Hangup(t.Context(), call.Left)
	p.want("ended")
}

// A ringing that comes to nothing leaves no folder: with -ring there is one every few seconds until the page is there.
func TestRingingIsNotRecorded(t *testing.T) {
	out := t.TempDir()
	p := start(t, "-ring", "Marchbanks", "-mode", "record", "-out", out)
	g := newGuest(t, p.want("invitation").URL, "Marchbanks")
	ctx, cancel := context.WithTimeout(t.Context(), slow)
	defer cancel()
	in, err := g.client.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Decline(ctx, call.DeclineCall); err != nil {
		t.Fatal(err)
	}
	if end := p.want("ended"); end.Reason != call.Declined.String() || len(end.Files) != 0 {
		t.Errorf("%+v", end)
	}
	if made, err := os.ReadDir(out); err != nil || len(made) != 0 {
		t.Errorf("%v, %v", made, err)
	}
}

// With -tls everything, the bot's own connection too, goes by TLS with the certificate that was made; a state folder keeps
// it, the identity and the contacts.
func TestStateAndTLS(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "passphrase")
	if err := os.WriteFile(secret, []byte("seven lanterns cross the marsh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-tls", "self-signed", "-state", filepath.Join(dir, "state"), "-passphrase-file", secret}
	p := start(t, args...)
	first := p.want("ready")
	if !strings.HasPrefix(first.Page, "https://127.0.0.1:") || len(first.Fingerprint) != 95 {
		t.Errorf("%+v", first)
	}
	check := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		if f := fingerprintOf(tls.Certificate{Certificate: [][]byte{s.PeerCertificates[0].Raw}}); f != first.Fingerprint {
			t.Errorf("certificate %s", f)
		}
		return s.PeerCertificates[0].VerifyHostname("localhost")
	}}}}
	g := newGuest(t, p.want("invitation").URL, "Marchbanks", websocket.WithHTTPClient(check))
	id := g.bot().ID
	p.want("contact")
	if status := p.end(); status != 0 {
		t.Errorf("status %d", status)
	}
	again := start(t, args...)
	if second := again.want("ready"); second.Fingerprint != first.Fingerprint {
		t.Error("another certificate was made")
	}
	inv := again.want("invitation").URL
	if other := newGuest(t, inv, "MARCHBANKS", websocket.WithHTTPClient(check)); other.bot().ID != id {
		t.Error("another identity was made")
	}
	if met := again.want("contact"); met.Name != "MARCHBANKS (2)" {
		t.Errorf("a second contact of that name is called %q", met.Name)
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		want int
		says string
	}{
		{"-h", 0, "usage: browsercall"},
		{"-nonsense", 2, "nonsense"},
		{"word", 2, "word"},
		{"-mode dance", 2, "clip, echo or record"},
		{"-tls other", 2, "self-signed"},
		{"-max-calls 0", 2, "above 0"},
		{"-listen 0.0.0.0:0", 1, "-tls self-signed"},
		{"-listen nowhere", 1, "-listen"},
	} {
		var out strings.Builder
		if got := run(t.Context(), strings.Fields(c.args), strings.NewReader(""), &out, &out); got != c.want || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: status %d\n%s", c.args, got, out.String())
		}
	}
}

// The half blocks of a QR code, read back, are its modules within their white margin.
func TestQR(t *testing.T) {
	const text = "https://192.0.2.1:8443/#sotto:invite/sotto1?name=Clip+bot&relay=ws%3A%2F%2F192.0.2.1%3A8443%2Fv1%23a-_9"
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	drawn := readQR(t, qrText(text))
	wide := code.Size + 2*quiet
	if len(drawn) != wide+wide%2 {
		t.Fatalf("%d rows of modules, the code has %d and two margins of %d", len(drawn), code.Size, quiet)
	}
	for y, row := range drawn {
		if len(row) != wide {
			t.Fatalf("row %d is %d wide", y, len(row))
		}
		for x, white := range row {
			if white == code.Black(x-quiet, y-quiet) { // beyond its edge nothing is black
				t.Errorf("the module at %d, %d is white: %t", x-quiet, y-quiet, white)
			}
		}
	}
	if qrText(strings.Repeat("x", 4000)) != "" {
		t.Error("a text that is too long has a code")
	}
}

// readQR gives the rows of a code that was drawn in half blocks: whether each module is white.
func readQR(t *testing.T, text string) (rows [][]bool) {
	t.Helper()
	for line := range strings.Lines(text) {
		blocks, coloured := strings.CutPrefix(strings.TrimSuffix(line, "\x1b[0m\n"), "\x1b[97;40m")
		if !coloured || len(blocks) == len(line) {
			t.Fatalf("no line of white on black: %q", line)
		}
		var top, bottom []bool
		for _, b := range blocks {
			if !strings.ContainsRune("█▀▄ ", b) {
				t.Fatalf("%q is no half block", b)
			}
			top, bottom = append(top, b == '█' || b == '▀'), append(bottom, b == '█' || b == '▄')
		}
		rows = append(rows, top, bottom)
	}
	return rows
}

// The link survives a browser: its fragment is what comes after the first #, and it holds one invitation.
func TestLink(t *testing.T) {
	id := e2ee.Generate()
	defer id.Destroy()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: "100 % Bot #1", Relays: []string{"ws://127.0.0.1:8443/v1"}}); err != nil {
		t.Fatal(err)
	}
	inv, err := contacts.Invite(time.Hour, "")
	if err != nil {
		t.Fatal(err)
	}
	l := link("http://127.0.0.1:8443/", inv)
	last := strings.LastIndex(l, "%23")
	if strings.Count(l, "#") != 1 || l[len("http://127.0.0.1:8443/#"):last]+"#"+l[last+3:] != inv.URI() {
		t.Error(l)
	}
}
