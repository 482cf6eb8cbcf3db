package main

import (
	"context"
	"fmt"
	"log"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/guests"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A bot records the calls that it answers, or the one that it places.
type bot struct {
	person *person.Person
	host   *guests.Host // nil: nobody is invited
	name   string       // what we call ourselves
	out    string       // folder; each call has one of its own in it
	limit  int64        // bytes of one call
	beep   bool         // again and again
	policy policy
	log    *log.Logger
}

// notice is what everybody in a call is told before anything of them is written.
func (b *bot) notice() string {
	s := "This call is being recorded by " + b.name + "."
	switch {
	case b.policy.consent:
		return s + " It begins when you agree; to agree, send " + consentText
	case b.policy.grace > 0:
		return fmt.Sprintf("%s It begins in %v; whoever does not want that hangs up.", s, b.policy.grace)
	}
	return s
}

// rehearse makes what a call needs, and drops it. A build without an encoder is found before anybody rings, and what takes
// time at the first use has been done when the first call is connected.
func rehearse() error {
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: voice})
	if err != nil {
		return fmt.Errorf("no encoder: %w", err)
	}
	defer w.Close()
	m := pcm.NewMixer(pcm.MixerConfig{Format: mixed})
	defer m.Close()
	s, err := m.Sink(w.Track())
	if err != nil {
		return fmt.Errorf("no decoder: %w", err)
	}
	return s.Close()
}

// run answers until ctx ends, and then hangs up and completes the files.
func (b *bot) run(ctx context.Context) error {
	return (&guests.Bot{Client: b.person.Client, Host: b.host, Log: b.log, Answer: b.answer}).Run(ctx)
}

// answer takes one call, from its ringing to its end.
func (b *bot) answer(ctx context.Context, in *call.Incoming) error {
	who := in.Caller()
	t, err := b.newTalk(who.ID, who.Name)
	if err != nil {
		return err
	}
	t.logf("rings")
	c, err := in.Answer(ctx, t.media())
	if err != nil {
		return err
	}
	t.run(ctx, c)
	return nil
}

// ring places one call and records it.
func (b *bot) ring(ctx context.Context, contact string) error {
	to, err := b.person.Contacts.Find(contact)
	switch {
	case err != nil:
		return fmt.Errorf("%w: go run ./examples/contact list shows the contacts", err)
	case to.State != e2ee.Confirmed || to.Token.IsZero():
		return fmt.Errorf("%q cannot be rung: contact list says what is missing", to.Name)
	}
	t, err := b.newTalk(to.ID, to.Name)
	if err != nil {
		return err
	}
	t.ringing = true
	c, err := b.person.Client.Dial(ctx, to, t.media())
	if err != nil {
		return err
	}
	t.run(ctx, c)
	if t.record == nil {
		return fmt.Errorf("nothing was recorded: %s", t.leaving)
	}
	return nil
}
