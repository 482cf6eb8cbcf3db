package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A report is what -json prints.
type report struct {
	Relay      holdings `json:"relay"`
	Bob        heard    `json:"bob"`
	EmojiMatch bool     `json:"emoji_match"`
	EndReason  string   `json:"end_reason"`
	Searches   []search `json:"searches"` // what the relay must not find: all counts are 0
	Controls   []search `json:"controls"` // what was leaked on purpose: none is 0
}

// holdings are what is left in the relay's hands.
type holdings struct {
	Mailboxes  int      `json:"mailboxes"`
	Packets    int      `json:"packets"`
	Bytes      int      `json:"bytes"`
	Datagrams  int      `json:"datagrams"`
	MediaBytes int      `json:"media_bytes"`
	Addresses  []string `json:"ip_addresses"` // that spoke to the TURN server
}

type heard struct {
	Sounds   int `json:"sounds"`
	Pictures int `json:"pictures"`
}

type search struct {
	What    string `json:"what"`
	Packets int    `json:"packets"` // of the relay in which it stands
	Media   int    `json:"media"`   // datagrams in which it stands
}

func newReport(c *calltest.Cast, t *calltest.Talk, stage *calltest.Loopback) *report {
	r := &report{EmojiMatch: t.Alice.Matched && t.Alice.Emoji == t.Bob.Emoji, EndReason: t.Bob.Ended.Reason.String(),
		Bob: heard{t.Bob.Heard.Sound, t.Bob.Heard.Pictures}}
	for _, s := range c.Evil.Seen() {
		switch {
		case s.What == signaltest.Sent:
			r.Relay.Packets++
			r.Relay.Bytes += len(s.Packet.Body)
		case s.What == signaltest.Opened && s.Mailbox != (signal.Address{}):
			r.Relay.Mailboxes++
		}
	}
	addresses := map[string]bool{}
	for _, d := range stage.Media.Seen() {
		r.Relay.Datagrams++
		r.Relay.MediaBytes += len(d.Data)
		addresses[d.Client] = true
	}
	r.Relay.Addresses = slices.Sorted(maps.Keys(addresses))
	secrets := c.Secrets()
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		r.Searches = append(r.Searches, look(c, stage, name, secrets[name]))
	}
	return r
}

func look(c *calltest.Cast, stage *calltest.Loopback, name string, secret []byte) search {
	return search{name, len(c.Evil.Find(secret)), stage.Media.Find(secret)}
}

// control leaks a marker on both ways, and searches for it as for the rest.
func (r *report) control(ctx context.Context, c *calltest.Cast, stage *calltest.Loopback) error {
	marker := []byte("leaked on purpose")
	inner, err := stage.Dial(ctx, nil)
	if err != nil {
		return err
	}
	sender := c.Evil.Wrap(inner, nil)
	defer sender.Close()
	if err := sender.Send(ctx, signal.Packet{To: signal.Address{1}, Body: marker}); err != nil {
		return err
	}
	udp, err := net.Dial("udp4", stage.Media.Addr())
	if err != nil {
		return err
	}
	defer udp.Close()
	if _, err := udp.Write(marker); err != nil {
		return err
	}
	for range 100 {
		if stage.Media.Find(marker) > 0 {
			break
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.Controls = []search{look(c, stage, "a marker that was "+string(marker), marker)}
	return nil
}

// good says whether there was a call, nothing was found, and the search finds what is there.
func (r *report) good() bool {
	for _, s := range r.Searches {
		if s.Packets > 0 || s.Media > 0 {
			return false
		}
	}
	for _, s := range r.Controls {
		if s.Packets == 0 || s.Media == 0 {
			return false
		}
	}
	return r.EmojiMatch && r.Bob.Sounds > 0 && r.Bob.Pictures > 0 && r.EndReason == call.Left.String() && len(r.Controls) > 0
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "The relay has %d packets (%d bytes) to and from %d mailboxes, and %d datagrams (%d bytes)\nfrom %s.\n",
		r.Relay.Packets, r.Relay.Bytes, r.Relay.Mailboxes, r.Relay.Datagrams, r.Relay.MediaBytes, strings.Join(r.Relay.Addresses, " and "))
	fmt.Fprintln(w, "It knows sizes, times and addresses. It has searched all, raw, in hexadecimal and in base64, for")
	for _, s := range append(r.Searches, r.Controls...) {
		fmt.Fprintf(w, "    %-62s %3d packets %3d datagrams\n", clip(s.What, 62), s.Packets, s.Media)
	}
	fmt.Fprintf(w, "Bob heard %d sounds and saw %d pictures; the emoji match: %v; the call ended: %s.\n", r.Bob.Sounds, r.Bob.Pictures,
		r.EmojiMatch, r.EndReason)
}
