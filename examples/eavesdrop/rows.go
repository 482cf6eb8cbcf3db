package main

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// relay prints what the relay has seen besides packets, and notes the packets for when they are read.
func (v *view) relay() {
	all := v.cast.Evil.Seen()
	for i, s := range all[v.seen:] {
		switch {
		case s.What == signaltest.Sent:
			v.packets[sha256.Sum256(s.Packet.Body)] = v.seen + i
		case s.What == signaltest.Opened && s.Mailbox != (signal.Address{}):
			row(v.w, v.at(s.At), "", fmt.Sprintf("mailbox %s opened; key %s", s.Mailbox, excerpt(s.Ed25519, 6)))
		case s.What == signaltest.Opened:
			row(v.w, v.at(s.At), "", "a connection without a mailbox")
		case s.What == signaltest.Admitted:
			row(v.w, v.at(s.At), "", fmt.Sprintf("mailbox %s admits %d token(s)", s.Mailbox, len(s.Hashes)))
		case s.What == signaltest.Left:
			row(v.w, v.at(s.At), "", fmt.Sprintf("%s is gone", s.Mailbox))
		}
	}
	v.seen = len(all)
}

// readers prints what the two have read, in order, beside the same packet as the relay has it.
func (v *view) readers() {
	seen := v.cast.Evil.Seen()
	type reading struct {
		who string
		calltest.Read
	}
	var fresh []reading
	for _, p := range []*calltest.Person{v.cast.Alice, v.cast.Bob} {
		all := p.Witness.Reads()
		for _, r := range all[v.read[p.Name]:] {
			fresh = append(fresh, reading{p.Name, r})
		}
		v.read[p.Name] = len(all)
	}
	slices.SortStableFunc(fresh, func(a, b reading) int { return a.At.Compare(b.At) })
	for _, r := range fresh {
		i, ok := v.packets[r.Sum]
		if !ok {
			continue // of another origin: there is none in this call
		}
		body := seen[i].Packet.Body
		row(v.w, v.at(r.At), fmt.Sprintf("%s reads: %v%s", r.who, r.Read, content(r.Read)),
			fmt.Sprintf("%d bytes to %s  %s", len(body), seen[i].Packet.To, excerpt(body, 8)))
	}
}

// content is how much a message says.
func content(r calltest.Read) string {
	if r.Message == nil {
		return ""
	}
	return fmt.Sprintf(", %d bytes", len(r.Message.Body))
}

// media prints what was heard, and the last packet of it on the way.
func (v *view) media() {
	all := v.tap.Seen()
	var last *calltest.Datagram
	bytes, n := 0, 0
	for i := range all[v.frames:] {
		if d := &all[v.frames+i]; d.SRTP() {
			last, n, bytes = d, n+1, bytes+len(d.Payload())
		}
	}
	v.frames = len(all)
	if last == nil {
		return
	}
	_, bob := v.cast.Heard()
	row(v.w, v.at(last.At), fmt.Sprintf("Bob: “%s…” ×%d, pictures ×%d", calltest.AliceMarker[:14], bob.Sound, bob.Pictures),
		fmt.Sprintf("%d SRTP packets, %d bytes  %s", n, bytes, excerpt(last.Payload(), 8)))
}
