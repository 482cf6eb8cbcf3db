// Sealed is the other side of a call with the SDK, over a network that may lose packets: what tests compare with bare. It
// runs a relay on loopback, and does what it reads: {"do":"invite"}, {"do":"ring","name":…}, {"do":"hangup"},
// {"do":"ask"}. It prints an event a line and ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/browsercall/internal/lossy"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A command is one line of the input.
type command struct {
	Do   string `json:"do"`
	Name string `json:"name"`
}

// An event is one line of the output.
type event struct {
	Event    string        `json:"event"` // ready, invitation, contact, ringing, connected, freeze, ended, fault
	Relay    string        `json:"relay,omitempty"`
	URI      string        `json:"uri,omitempty"`
	Name     string        `json:"name,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Freeze   *lossy.Freeze `json:"freeze,omitempty"`
	Received []track       `json:"received,omitempty"`
	Fault    string        `json:"fault,omitempty"`
}

// A track is what became of the frames of one track.
type track struct {
	Kind    string `json:"kind"`
	Codec   string `json:"codec"`
	Frames  uint64 `json:"frames"`
	Opened  uint64 `json:"opened"`
	Failed  uint64 `json:"failed"`
	Missing uint64 `json:"missing"`
	Bytes   uint64 `json:"bytes"` // of RTP payload
}

type program struct {
	contacts *e2ee.Contacts
	client   *call.Client
	relay    string
	audio    media.Codec

	writing sync.Mutex
	out     *json.Encoder

	mu   sync.Mutex
	talk *talk // the last one
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sealed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("sealed", flag.ExitOnError)
	loss := f.Float64("loss", 0, "probability that a datagram with media is lost, in either direction")
	seed := f.Uint64("seed", 1, "of the loss")
	audio := f.String("audio", string(media.Opus), "audio codec: opus plays the clip, PCMU and PCMA a tone")
	codecs := f.String("codecs", "", "video codecs, comma-separated (default: all)")
	if err := f.Parse(args); err != nil {
		return err
	}
	network, err := lossy.NewNet(*loss, *seed)
	if err != nil {
		return err
	}
	settings := media.Settings{LAN: true, Loopback: true, Net: network}
	for name := range strings.SplitSeq(*codecs, ",") {
		if name != "" {
			settings.VideoCodecs = append(settings.VideoCodecs, media.Codec(name))
		}
	}
	p := &program{audio: media.Codec(*audio), out: json.NewEncoder(os.Stdout)}
	stop, err := p.start(ctx, settings)
	if err != nil {
		return err
	}
	defer stop()
	p.say(event{Event: "ready", Relay: p.relay})
	go p.welcome(ctx)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var c command
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			err = p.do(ctx, c)
		}
		if err != nil {
			p.say(event{Event: "fault", Fault: err.Error()})
		}
	}
	return nil
}

// start runs a relay, and a client at it.
func (p *program) start(ctx context.Context, settings media.Settings) (func(), error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.relay = "ws://" + l.Addr().String() + "/v1"
	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{"ws://" + l.Addr().String()}})
	if err != nil {
		return nil, err
	}
	go http.Serve(l, relay)
	identity := e2ee.Generate()
	if p.contacts, err = e2ee.OpenContacts("", identity); err != nil {
		return nil, err
	}
	if err := p.contacts.SetProfile(e2ee.Profile{Name: "Go", Relays: []string{p.relay}}); err != nil {
		return nil, err
	}
	transport, err := websocket.Dial(ctx, p.relay, identity.Mailbox())
	if err != nil {
		return nil, err
	}
	p.client, err = call.NewClient(call.Config{Identity: identity, Contacts: p.contacts, Transports: []signal.Transport{transport},
		Admit: call.ContactsOnly(p.contacts, call.Limits{Rings: -1}), Media: settings})
	if err != nil {
		return nil, err
	}
	return func() {
		p.client.Close()
		p.contacts.Destroy()
		identity.Destroy()
		relay.Close()
		l.Close()
	}, nil
}

// welcome confirms whoever used an invitation.
func (p *program) welcome(ctx context.Context) {
	for {
		changed := p.contacts.Changed()
		for _, guest := range p.contacts.Requests() {
			letter, err := p.contacts.Confirm(guest.ID, guest.Name)
			if err == nil {
				err = p.client.Deliver(ctx, letter)
			}
			if err != nil {
				p.say(event{Event: "fault", Fault: err.Error()})
				continue
			}
			p.say(event{Event: "contact", Name: guest.Name})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (p *program) do(ctx context.Context, c command) error {
	p.mu.Lock()
	t := p.talk
	p.mu.Unlock()
	switch {
	case c.Do == "invite":
		inv, err := p.contacts.Invite(time.Hour, "")
		if err == nil {
			p.say(event{Event: "invitation", URI: inv.URI()})
		}
		return err
	case c.Do == "ring":
		return p.ring(ctx, c.Name)
	case t == nil:
		return errors.New("there is no call")
	case c.Do == "ask":
		seen := t.seen.Total(time.Now())
		p.say(event{Event: "freeze", Freeze: &seen, Received: t.received()})
		return nil
	case c.Do == "hangup":
		bye, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return t.Hangup(bye, call.Left)
	}
	return fmt.Errorf("nothing to do is called %q", c.Do)
}

func (p *program) say(e event) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.out.Encode(e)
}
