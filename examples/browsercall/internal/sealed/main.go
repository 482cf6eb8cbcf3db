// Sealed is the other side of a call with the SDK, over a network that may lose packets: what tests compare with bare, and
// what does in a call what no bot does. It runs a relay on loopback, or uses another program's, and does what it reads: one
// JSON object a line, see commands. It prints an event a line and ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// An event is one line of the output.
type event struct {
	Event    string        `json:"event"` // ready, invitation, contact, incoming, over, ringing, connected, reconnecting, freeze, ended, fault
	Relay    string        `json:"relay,omitempty"`
	URI      string        `json:"uri,omitempty"`
	Name     string        `json:"name,omitempty"`
	Safety   string        `json:"safetyNumber,omitempty"`
	Emoji    []string      `json:"emoji,omitempty"`
	Reason   string        `json:"reason,omitempty"`
	Freeze   *lossy.Freeze `json:"freeze,omitempty"`
	Received []track       `json:"received,omitempty"`
	Remote   bool          `json:"remote,omitempty"`
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
	options
	identity *e2ee.Identity
	contacts *e2ee.Contacts
	client   *call.Client
	network  *lossy.Net

	writing sync.Mutex
	out     *json.Encoder

	mu    sync.Mutex
	talk  *talk          // the last one
	rings *call.Incoming // the last one that rang here
}

type options struct {
	loss    float64
	seed    uint64
	relay   string
	ringFor time.Duration
	audio   media.Codec
	video   string
	screen  device.VideoConfig
	media   media.Settings
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sealed:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	o := options{audio: media.Opus, media: media.Settings{LAN: true, Loopback: true}}
	f := flag.NewFlagSet("sealed", flag.ExitOnError)
	f.Float64Var(&o.loss, "loss", 0, "probability that a datagram with media is lost, in either direction")
	f.Uint64Var(&o.seed, "seed", 1, "of the loss")
	f.StringVar(&o.relay, "relay", "", "`address` of a relay to use (default: one of its own)")
	f.DurationVar(&o.ringFor, "ring-for", 0, "how long a call rings (default: that of the SDK)")
	f.StringVar((*string)(&o.audio), "audio", string(o.audio), "audio codec: opus plays the clip, PCMU and PCMA a tone")
	f.StringVar(&o.video, "video", "", "a `file` to play, IVF or H264 of 30 frames a second (default: the clip, in VP8)")
	f.StringVar(&o.screen.Device, "screen", "", "an X11 `display` to send in H264, in place of -video")
	f.IntVar(&o.screen.Width, "width", 0, "of the screen's pictures (default: as device.VideoConfig has it)")
	f.IntVar(&o.screen.Height, "height", 0, "of the screen's pictures")
	f.BoolVar(&o.media.RED, "red", false, "send sound in redundant packets")
	codecs := f.String("codecs", "", "video codecs, comma-separated (default: all)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for name := range strings.SplitSeq(*codecs, ",") {
		if name != "" {
			o.media.VideoCodecs = append(o.media.VideoCodecs, media.Codec(name))
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	p := &program{options: o, out: json.NewEncoder(os.Stdout)}
	if p.network, err = lossy.NewNet(o.loss, o.seed); err != nil {
		return err
	}
	p.media.Net = p.network
	stop, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	p.say(event{Event: "ready", Relay: p.relay})
	go p.welcome(ctx)
	go p.hear(ctx)
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

// start runs a client, and a relay if it is to have one of its own.
func (p *program) start(ctx context.Context) (stop func(), err error) {
	var relay io.Closer
	if p.relay == "" {
		if relay, err = p.serve(); err != nil {
			return nil, err
		}
	}
	p.identity = e2ee.Generate()
	if p.contacts, err = e2ee.OpenContacts("", p.identity); err != nil {
		return nil, err
	}
	if err := p.contacts.SetProfile(e2ee.Profile{Name: "Go", Relays: []string{p.relay}}); err != nil {
		return nil, err
	}
	transport, err := websocket.Dial(ctx, p.relay, p.identity.Mailbox())
	if err != nil {
		return nil, err
	}
	p.client, err = call.NewClient(call.Config{Identity: p.identity, Contacts: p.contacts, Transports: []signal.Transport{transport},
		Admit: call.ContactsOnly(p.contacts, call.Limits{Rings: -1}), RingFor: p.ringFor, Media: p.media, NoRelayServers: true})
	if err != nil {
		return nil, err
	}
	return func() {
		p.client.Close()
		p.contacts.Destroy()
		p.identity.Destroy()
		if relay != nil {
			relay.Close()
		}
	}, nil
}

// serve runs a relay on loopback until the program ends.
func (p *program) serve() (io.Closer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at := "ws://" + l.Addr().String()
	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{at}})
	if err != nil {
		return nil, err
	}
	p.relay = at + "/v1"
	go http.Serve(l, relay)
	return relay, nil
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
			p.say(event{Event: "contact", Name: guest.Name, Safety: e2ee.SafetyNumber(p.identity.Public(), guest.ID)})
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (p *program) say(e event) {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.out.Encode(e)
}
