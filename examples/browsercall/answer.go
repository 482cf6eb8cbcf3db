package main

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// goodbye is how long the end of a call may take.
const goodbye = 5 * time.Second

// answer takes one call, from its ringing to its end.
func (b *bot) answer(ctx context.Context, in *call.Incoming) {
	who := in.Caller()
	t := b.newTalk(who.Label, who.ID, "them")
	b.tell(event{Event: "ringing", Name: t.name, By: t.by}, "%q rings, %s", t.name, trust(who.Verified))
	t.startRecording()
	defer t.stop()
	m, err := t.media(in.Sends(), in.Wants())
	if err != nil {
		b.warn("%q is not answered: %v", t.name, err)
		return
	}
	c, err := in.Answer(ctx, m)
	if err != nil {
		b.warn("%q was not answered: %v", t.name, err)
		return
	}
	t.follow(ctx, c)
}

// ringOut rings the contact of -ring, once it is one, and again until its page is there.
func (b *bot) ringOut(ctx context.Context) {
	if b.ring == "" {
		return
	}
	for ctx.Err() == nil {
		changed := b.contacts.Changed()
		to, err := b.contacts.Find(b.ring)
		if err == nil && to.State == e2ee.Confirmed && !to.Blocked {
			if b.dial(ctx, to) != call.Unreachable {
				return
			}
			b.say("%q was not reached: the page is not open. Ringing on.", to.Name)
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// dial rings a contact, and returns why the call has ended.
func (b *bot) dial(ctx context.Context, to e2ee.Contact) call.EndReason {
	t := b.newTalk(to.Name, to.ID, "us")
	t.startRecording()
	defer t.stop()
	both := media.Kinds{Audio: true, Video: true}
	m, err := t.media(both, both)
	if err != nil {
		b.warn("%q is not rung: %v", t.name, err)
		return call.Closed
	}
	b.tell(event{Event: "ringing", Name: t.name, By: t.by}, "ringing %q, %s", t.name, trust(to.Verified))
	c, err := b.client.Dial(ctx, to, m)
	if err != nil {
		b.warn("%q was not rung: %v", t.name, err)
		return call.Closed
	}
	return t.follow(ctx, c)
}

func trust(verified time.Time) string {
	if verified.IsZero() {
		return "not verified"
	}
	return "verified on " + verified.Format(time.DateOnly)
}
