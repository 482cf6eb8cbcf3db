package main

import (
	"context"
	"errors"
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
	t := b.newTalk(who.Name, who.ID, "them")
	b.tell(event{Event: "ringing", Name: t.name, By: t.by}, "%q rings, %s", t.name, trust(who.Verified))
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

// ringAgain is the pause after a ringing that could not even begin.
const ringAgain = 5 * time.Second

// ringOut rings the contact of -ring, once it is one, and again until its page is there.
func (b *bot) ringOut(ctx context.Context) {
	if b.ring == "" {
		return
	}
	for ctx.Err() == nil {
		changed := b.contacts.Changed()
		to, err := b.contacts.Find(b.ring)
		if err != nil || to.State != e2ee.Confirmed || to.Blocked {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		end, err := b.dial(ctx, to)
		switch {
		case errors.Is(err, call.ErrState): // they ring us, or are in a call with us
			return
		case err != nil:
			b.warn("%q was not rung: %v. Ringing again in %v.", to.Name, err, ringAgain)
			select {
			case <-time.After(ringAgain):
			case <-ctx.Done():
			}
		case end == call.Unreachable:
			b.say("%q was not reached: the page is not open. Ringing on.", to.Name)
		default:
			return
		}
	}
}

// dial rings a contact, and returns why the call has ended, or why there was none.
func (b *bot) dial(ctx context.Context, to e2ee.Contact) (call.EndReason, error) {
	t := b.newTalk(to.Name, to.ID, "us")
	defer t.stop()
	both := media.Kinds{Audio: true, Video: true}
	m, err := t.media(both, both)
	if err != nil {
		return 0, err
	}
	b.tell(event{Event: "ringing", Name: t.name, By: t.by}, "ringing %q, %s", t.name, trust(to.Verified))
	c, err := b.client.Dial(ctx, to, m)
	if err != nil {
		return 0, err
	}
	return t.follow(ctx, c), nil
}

func trust(verified time.Time) string {
	if verified.IsZero() {
		return "not verified"
	}
	return "verified on " + verified.Format(time.DateOnly)
}
