//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/synthetic"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

const passphrase = "seven lanterns cross the marsh"

// A town is a relay on loopback, the files of a kiosk, and alice, who is in this process.
type town struct {
	t       *testing.T
	dir     string
	address string // of the relay
	relay   *websocket.Relay
	kioskID *e2ee.Identity
	alice   *caller
	manager *manager
	control string // URL
}

func newTown(t *testing.T) *town {
	t.Helper()
	c := &town{t: t, dir: t.TempDir()}
	l, err := net.Listen("tcp", "127.0.0.2:0") // to have a port, where nobody else takes one
	if err != nil {
		t.Fatal(err)
	}
	c.address = l.Addr().String()
	l.Close()
	t.Cleanup(c.stopRelay)
	c.manager = listenAt(t, filepath.Join(c.dir, "notify"))
	c.people()
	return c
}

// people writes the kiosk's files, and introduces alice. Both relays are named as they will be dialled.
func (c *town) people() {
	c.t.Helper()
	fail := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
	fail(os.WriteFile(c.path("passphrase"), []byte(passphrase), 0o600))
	kiosk := c.movesIn("kiosk")
	c.kioskID = kiosk.identity
	defer kiosk.contacts.Destroy()
	c.alice = &caller{t: c.t, identity: e2ee.Generate()}
	var err error
	c.alice.contacts, err = e2ee.OpenContacts("", c.alice.identity)
	fail(err)
	fail(c.alice.contacts.SetProfile(e2ee.Profile{Name: "alice", Relays: []string{c.url()}}))
	c.alice.kiosk = introduce(c.t, c.alice, kiosk, "kiosk")
	introduce(c.t, kiosk, c.alice, "alice")
}

// movesIn writes the files of a program of this name. Its contacts are the caller's to close.
func (c *town) movesIn(name string) *caller {
	c.t.Helper()
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts(c.path(name+".contacts"), id)
	if err == nil {
		err = contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{c.url()}})
	}
	if err == nil {
		err = id.Save(c.path(name), []byte(passphrase))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return &caller{t: c.t, identity: id, contacts: contacts}
}

// hasPorter writes the files of a second kiosk, "porter", which has verified the first: either is the other's contact.
func (c *town) hasPorter() {
	c.t.Helper()
	porter := c.movesIn("porter")
	defer porter.contacts.Destroy()
	contacts, err := e2ee.OpenContacts(c.path("kiosk.contacts"), c.kioskID)
	if err != nil {
		c.t.Fatal(err)
	}
	defer contacts.Destroy()
	kiosk := &caller{t: c.t, identity: c.kioskID, contacts: contacts}
	introduce(c.t, porter, kiosk, "kiosk")
	introduce(c.t, kiosk, porter, "porter")
	if err := porter.contacts.Verify(c.kioskID.Public()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *town) path(name string) string { return filepath.Join(c.dir, name) }
func (c *town) url() string             { return "ws://" + c.address + "/v1" }

// startRelay runs a relay at the town's address, which forgets what an earlier one knew.
func (c *town) startRelay() {
	c.t.Helper()
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.relay, err = websocket.NewRelay(websocket.RelayConfig{Origins: []string{"ws://" + c.address}}); err != nil {
		c.t.Fatal(err)
	}
	go c.relay.Serve(l, nil)
}

func (c *town) stopRelay() {
	if c.relay != nil {
		c.relay.Close()
	}
}

// online brings alice online.
func (c *town) online() {
	c.t.Helper()
	transport, err := websocket.Dial(c.t.Context(), c.url(), c.alice.identity.Mailbox())
	if err != nil {
		c.t.Fatal(err)
	}
	c.alice.client, err = call.NewClient(call.Config{Identity: c.alice.identity, Contacts: c.alice.contacts,
		Transports: []signal.Transport{transport}, Admit: call.ContactsOnly(c.alice.contacts, call.Limits{Rings: -1}),
		Media: media.Settings{Loopback: true}})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { c.alice.client.Close() })
}

// kiosk starts the program, by way of run (an emulator), with these further flags.
func (c *town) kiosk(program string, run []string, flags string) *process {
	c.t.Helper()
	return c.starts("kiosk", program, run, flags)
}

// starts is the same as one who has moved in. What is asked of the town goes to the last that was started.
func (c *town) starts(name, program string, run []string, flags string) *process {
	c.t.Helper()
	args := append(run, program, "-relay", c.url(), "-identity", c.path(name), "-passphrase-file", c.path("passphrase"), "-http", "127.0.0.1:0")
	args = append(args, strings.Fields(flags)...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+c.manager.path, "WATCHDOG_USEC=500000")
	p := startProcess(c.t, cmd)
	_, c.control, _ = strings.Cut(p.line("control at", 1), "control at ")
	return p
}

// verify is what contact verify does, in a process of its own.
func (c *town) verify() {
	c.t.Helper()
	contacts, err := e2ee.OpenContacts(c.path("kiosk.contacts"), c.kioskID)
	if err != nil {
		c.t.Fatal(err)
	}
	defer contacts.Destroy()
	if err := contacts.Verify(c.alice.identity.Public()); err != nil {
		c.t.Fatal(err)
	}
}

// here asks on this machine.
var here = http.Client{Timeout: slow}

// post asks the kiosk for something.
func (c *town) post(path string) string {
	c.t.Helper()
	r, err := here.Post(c.control+path, "", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.body(r)
}

func (c *town) get(path string) string {
	c.t.Helper()
	r, err := here.Get(c.control + path)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.body(r)
}

func (c *town) body(r *http.Response) string {
	c.t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.Status[:3] + " " + string(b)
}

// said waits until the kiosk has told the service manager this.
func (c *town) said(statement string) {
	c.t.Helper()
	timeout := time.After(slow)
	for {
		select {
		case s := <-c.manager.said:
			if s == statement {
				return
			}
		case <-timeout:
			c.t.Fatalf("systemd has not heard %s", statement)
		}
	}
}

// Senses are what alice sees and hears.
type senses struct {
	pictures atomic.Int64
	sound    chan []int16 // 20 ms at a time; what finds no room is lost
}

func newSenses() *senses { return &senses{sound: make(chan []int16, 100)} }

// media is what alice sends and takes: a tone, and all that comes.
func (s *senses) media() call.Media {
	return call.Media{Send: []media.Source{synthetic.NewTone(synthetic.ToneOptions{})}, Receive: s.receive}
}

func (s *senses) receive(t media.TrackInfo) media.Sink {
	if t.Kind == media.Video {
		return seen{s}
	}
	r, err := pcm.NewReader(t, pcm.ReaderConfig{})
	if err != nil {
		return nil
	}
	go s.listen(r)
	return r
}

// listen hears until the track ends.
func (s *senses) listen(r *pcm.Reader) {
	for {
		piece := make([]int16, window)
		for have := 0; have < len(piece); {
			n, err := r.Read(context.Background(), piece[have:]) // until Close
			if err != nil {
				return
			}
			have += n
		}
		select {
		case s.sound <- piece:
		default:
		}
	}
}

type seen struct{ *senses }

func (s seen) WriteFrame(media.Frame) error { s.pictures.Add(1); return nil }
func (s seen) Close() error                 { return nil }

// hears is what alice hears from now on, as many samples at a time as are wanted, which are a multiple of 20 ms.
func (s *senses) hears(t *testing.T) (next func(samples int) []int16) {
	for range len(s.sound) {
		<-s.sound
	}
	return func(samples int) (heard []int16) {
		t.Helper()
		timeout := time.After(slow)
		for len(heard) < samples {
			select {
			case piece := <-s.sound:
				heard = append(heard, piece...)
			case <-timeout:
				t.Fatal("alice hears nothing, and no silence either")
			}
		}
		return heard
	}
}

// sees waits until pictures have come for some time.
func (s *senses) sees(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slow)
	defer cancel()
	for want := s.pictures.Load() + 10; s.pictures.Load() < want; {
		if sleep(ctx, 20*time.Millisecond) != nil {
			t.Fatalf("%d pictures of %d", s.pictures.Load(), want)
		}
	}
}
