package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// Config is what a Client needs. It is copied and checked once.
type Config struct {
	// Identity is who we are. Required; the client does not destroy it.
	Identity *e2ee.Identity

	// Transports read the identity's mailbox, each at another relay. At least one, and each a signal.Opener and a
	// signal.Registrar. The client closes them.
	Transports []signal.Transport

	// Admit decides who may ring, of those whom the relay lets write to our mailbox: see Contacts and OpenMailbox.
	// Required: ContactsOnly, or with OpenMailbox InsecureAnyone.
	Admit AdmitFunc

	// Contacts give callers their labels, say what was verified, and hold what a relay must let through: nobody else's
	// Invite arrives, whatever Admit would say. Nil, which takes OpenMailbox: each caller is a stranger. Their file may be
	// changed by other processes: it is read again before each decision of Admit, and the relay hears of a change within
	// some three seconds.
	Contacts *e2ee.Contacts

	// OpenMailbox has the relay let anybody write who has our card, for an Admit that lets strangers ring. What they send is
	// then opened and checked here; the zero value has the relay refuse it.
	OpenMailbox bool

	// Name is what we call ourselves in an Invite, at most 128 bytes. Empty sends none. The callee shows it only for a
	// stranger, and as unchecked; not if e2ee.Visible refuses it.
	Name string

	// Media says how calls find their way through the network.
	Media media.Settings

	// DirectToStrangers lets somebody who is not a contact learn our IP address once a call with them is accepted. The zero
	// value uses relay candidates alone for strangers, which needs a TURN server; Media.LAN and Media.Loopback are
	// choices of their own and are left as they are.
	DirectToStrangers bool

	// NoRelayServers leaves it at Media.ICEServers. The zero value asks our own relays for their STUN and TURN servers too,
	// at each call and for two seconds at most: without any, a call reaches its own network and seldom another.
	NoRelayServers bool

	// RingFor is how long a call rings on this side. 0: 60 s; at most 90 s.
	RingFor time.Duration

	// MaxCalls is how many calls may ring or run at once; a further Invite that Admit lets ring is declined as Busy. 0:
	// 16.
	MaxCalls int

	// Logger gets what goes on below the events, with no secret, name or address in it. Nil discards.
	Logger *slog.Logger
}

// prepare checks everything and fills in the defaults.
func (c Config) prepare() (Config, error) {
	var errs []error
	bad := func(is bool, what string) {
		if is {
			errs = append(errs, fmt.Errorf("%w: %s", ErrConfig, what))
		}
	}
	bad(c.Identity == nil, "Identity is missing: use e2ee.LoadIdentity or e2ee.Generate")
	bad(len(c.Transports) == 0, "Transports is empty: use websocket.Dial or memory")
	for i, t := range c.Transports {
		_, ok := t.(signal.Opener)
		bad(!ok, fmt.Sprintf("Transports[%d] cannot open mailboxes (signal.Opener)", i))
		_, ok = t.(signal.Registrar)
		bad(!ok, fmt.Sprintf("Transports[%d] cannot tell a relay who may write (signal.Registrar)", i))
	}
	bad(c.Contacts == nil && !c.OpenMailbox, "Contacts is missing, so no relay would let anybody ring: use e2ee.OpenContacts, or OpenMailbox")
	bad(c.Contacts != nil && c.Identity != nil && c.Contacts.Identity() != c.Identity.Public(), "Contacts are another identity's")
	bad(c.Admit == nil, "Admit is missing: who may ring? use ContactsOnly")
	bad(len(c.Name) > maxName, "Name is longer than 128 bytes")
	bad(c.RingFor < 0 || c.RingFor > maxRingTime, "RingFor is not between 0 and 90 s")
	if c.RingFor == 0 {
		c.RingFor = ringTime
	}
	if c.MaxCalls <= 0 {
		c.MaxCalls = 16
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(errs...)
}

// Media is what one side of a call sends and takes.
type Media struct {
	// Send are the tracks, at most one of a kind at first (more with Call.AddTrack). The call closes them, also when Dial or
	// Answer fails. Empty: nothing is sent. What a callee sends of a kind that the caller refused at first is offered once
	// the call is connected, and the caller's Consent decides.
	Send []media.Source

	// Muted names kinds of Send that begin muted: no frame of them leaves before Call.SetMuted says so, and the other side is
	// told.
	Muted media.Kinds

	// Receive returns where the frames of a track go; nil discards them. Required. It is called when the first frame of a track
	// was opened, on the goroutine that then writes the frames, and again when the other side changes the track's codec: the
	// sink before has been closed then. That may happen eight times; frames of yet another codec are dropped.
	Receive func(media.TrackInfo) media.Sink

	// Refuse names kinds that this side does not want to receive. The zero value takes both.
	Refuse media.Kinds

	// Consent is asked before a track is received that the other side adds in the call. Nil refuses all of them. It is
	// called on a goroutine of its own and may take its time; ctx ends with the call, and then the answer does not matter.
	Consent func(ctx context.Context, t media.TrackInfo) bool
}

func (m Media) check() error {
	if m.Receive == nil {
		return fmt.Errorf("%w: Media.Receive is missing: where do received frames go?", ErrConfig)
	}
	for _, s := range m.Send {
		if s == nil {
			return fmt.Errorf("%w: Media.Send holds a nil source", ErrConfig)
		}
	}
	return nil
}

func (m Media) receives() media.Kinds {
	return media.Kinds{Audio: !m.Refuse.Audio, Video: !m.Refuse.Video}
}

func (m Media) mutes(k media.Kind) bool {
	return k == media.Audio && m.Muted.Audio || k == media.Video && m.Muted.Video
}

// wanted is the Invite's summary of m.
func (m Media) wanted() wanted {
	var w wanted
	for _, s := range m.Send {
		w.Send |= bit(s.Track().Kind)
	}
	if k := m.receives(); k.Audio {
		w.Receive |= bit(media.Audio)
	}
	if k := m.receives(); k.Video {
		w.Receive |= bit(media.Video)
	}
	return w
}

// settings are how a call with this identity finds its way.
func (c Config) settings(id e2ee.ID) media.Settings {
	s := c.Media
	if s.Logger == nil {
		s.Logger = c.Logger
	}
	if c.DirectToStrangers || s.LAN || s.Loopback {
		return s
	}
	known := false
	if c.Contacts != nil {
		_, known = c.Contacts.Lookup(id)
	}
	s.RelayOnly = s.RelayOnly || !known
	return s
}

func bit(k media.Kind) uint8 {
	if k == media.Audio {
		return 1
	}
	return 2
}
