package main

import (
	"context"
	"errors"

	"github.com/sotto-calls/sotto/call"
)

// hear tells of each call that rings, and when it does no more; it leaves it ringing.
func (p *program) hear(ctx context.Context) {
	for rings := range p.client.Incoming(ctx) {
		p.mu.Lock()
		p.rings = rings
		p.mu.Unlock()
		p.say(event{Event: "incoming", Name: rings.Caller().Name})
		go func() {
			<-rings.Done()
			p.say(event{Event: "over", Name: rings.Caller().Name})
		}()
	}
}

func (p *program) ringing() (*call.Incoming, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rings == nil {
		return nil, errors.New("nobody rings")
	}
	return p.rings, nil
}

func (p *program) decline(ctx context.Context, _ command) error {
	rings, err := p.ringing()
	if err != nil {
		return err
	}
	return rings.Decline(ctx, call.DeclineCall)
}

func (p *program) answer(ctx context.Context, c command) error {
	rings, err := p.ringing()
	if err != nil {
		return err
	}
	t := &talk{}
	m, err := p.mediaOf(t, c)
	if err != nil {
		return err
	}
	if t.Call, err = rings.Answer(ctx, m); err != nil {
		return err
	}
	p.begin(ctx, t, rings.Caller().Name)
	return nil
}
