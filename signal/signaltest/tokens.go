package signaltest

import (
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
)

// firstIs checks that the next packet is body: what was sent before it, by the same sender, was not delivered.
func firstIs(e *env, owner *party, body string) error {
	got, err := owner.Receive(e.ctx)
	if err != nil {
		return fmt.Errorf("Receive: %w", err)
	}
	if string(got.Body) != body {
		return fmt.Errorf("%q was delivered, want %q first", got.Body, body)
	}
	return nil
}

// uniformAnswers looks for a presence oracle: an unknown mailbox, a wrong token, a closed and an open mailbox answer alike.
func uniformAnswers(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	absent, err := e.owner()
	if err != nil {
		return err
	}
	if err := absent.Close(); err != nil {
		return err
	}
	wrong := owner.packet("wrong token")
	wrong.Token = NewToken()
	for name, p := range map[string]signal.Packet{
		"unknown mailbox": {To: NewMailbox().Address(), Token: NewToken(), Body: []byte("x")},
		"wrong token":     wrong,
		"nobody reads":    absent.packet("x"),
	} {
		if err := sender.Send(e.ctx, p); err != nil {
			return fmt.Errorf("%s: %w, want nil as for a stored packet", name, err)
		}
	}
	if err := send(e.ctx, sender, owner.packet("right token")); err != nil {
		return err
	}
	return firstIs(e, owner, "right token")
}

func nothingBeforeAdmit(e *env) error {
	owner := &party{mailbox: NewMailbox(), token: NewToken()}
	var err error
	if owner.Transport, err = e.transport(owner.mailbox); err != nil {
		return err
	}
	sender, err := e.transport(nil)
	if err != nil {
		return err
	}
	early := owner.packet("never admitted")
	early.Token = NewToken()
	if err := send(e.ctx, sender, early); err != nil {
		return err
	}
	if err := admit(e.ctx, owner, owner.token); err != nil {
		return err
	}
	if err := send(e.ctx, sender, owner.packet("admitted")); err != nil {
		return err
	}
	return firstIs(e, owner, "admitted")
}

func tokensAreReplaced(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	revoked, next := owner.token, NewToken()
	if err := admit(e.ctx, owner, next); err != nil {
		return err
	}
	old := owner.packet("revoked token")
	old.Token = revoked
	if err := send(e.ctx, sender, old); err != nil {
		return err
	}
	owner.token = next
	if err := send(e.ctx, sender, owner.packet("new token")); err != nil {
		return err
	}
	return firstIs(e, owner, "new token")
}

func openMailbox(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	if err := owner.Transport.(signal.Registrar).Admit(e.ctx, nil, true); err != nil {
		return fmt.Errorf("Admit: %w", err)
	}
	p := owner.packet("any token")
	p.Token = NewToken()
	if err := send(e.ctx, sender, p); err != nil {
		return err
	}
	return firstIs(e, owner, "any token")
}

func admitLimits(e *env) error {
	owner, sender, err := e.pair()
	if err != nil {
		return err
	}
	r := owner.Transport.(signal.Registrar)
	hashes := make([][32]byte, signal.MaxTokens+1)
	for i := range hashes {
		hashes[i] = NewToken().Hash()
	}
	if err := r.Admit(e.ctx, hashes, false); !errors.Is(err, signal.ErrTooLarge) {
		return fmt.Errorf("Admit of %d tokens: %v, want ErrTooLarge", len(hashes), err)
	}
	hashes = hashes[1:]
	hashes[len(hashes)-1] = owner.token.Hash()
	if err := r.Admit(e.ctx, hashes, false); err != nil {
		return fmt.Errorf("Admit of %d tokens: %w", len(hashes), err)
	}
	if err := send(e.ctx, sender, owner.packet("the last of many")); err != nil {
		return err
	}
	return firstIs(e, owner, "the last of many")
}
