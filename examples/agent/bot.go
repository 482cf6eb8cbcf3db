package main

import (
	"context"
	"fmt"
	"log"

	"github.com/sotto-calls/sotto/examples/internal/guests"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A bot answers everybody whom its client lets ring: its contacts.
type bot struct {
	person  *person.Person
	host    *guests.Host // nil: nobody is invited
	mind    mind
	turn    turnConfig
	journal *journal // nil: none
	log     *log.Logger
}

// rehearse makes what a call needs, and drops it. A build without an encoder is found before anybody rings, and what takes
// time at the first use has been done when the first caller speaks.
func rehearse() error {
	w, err := pcm.NewWriter(pcm.WriterConfig{Format: spoken})
	if err != nil {
		return fmt.Errorf("no encoder: %w", err)
	}
	defer w.Close()
	f, err := w.Read(context.Background())
	if err != nil {
		return fmt.Errorf("no encoder: %w", err)
	}
	r, err := pcm.NewReader(w.Track(), pcm.ReaderConfig{Format: heard})
	if err != nil {
		return fmt.Errorf("no decoder: %w", err)
	}
	defer r.Close()
	if err := r.WriteFrame(f); err != nil {
		return fmt.Errorf("no decoder: %w", err)
	}
	_, err = r.Read(context.Background(), make([]int16, heard.Samples(hop)))
	return err
}

// run answers until ctx ends, and then hangs up. Each call has goroutines of its own.
func (b *bot) run(ctx context.Context) error {
	if err := rehearse(); err != nil {
		return err
	}
	return (&guests.Bot{Client: b.person.Client, Host: b.host, Log: b.log, Answer: b.answer}).Run(ctx)
}
