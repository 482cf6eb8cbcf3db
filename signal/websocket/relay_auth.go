package websocket

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"time"

	"github.com/coder/websocket"

	"github.com/sotto-calls/sotto/internal/mailbox"
	"github.com/sotto-calls/sotto/internal/perip"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// handshake sends a challenge of its own to each connection, once, and opens the mailbox whose owner answers it. It
// closes the connection and is false when that fails.
func (c *serverConn) handshake(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.relay.limits.Handshake)
	defer cancel()
	var challenge [mailbox.ChallengeSize]byte
	rand.Read(challenge[:])
	if c.write(ctx, &challengeFrame{Version: version, Challenge: challenge[:]}) != nil {
		return false
	}
	f, err := readFrame(ctx, c.ws)
	hello, ok := f.(*helloFrame)
	switch {
	case errors.Is(err, errFrame) || err == nil && !ok:
		c.ws.Close(websocket.StatusProtocolError, "hello expected")
		return false
	case err != nil:
		return false
	case hello.sender():
		return c.write(ctx, &readyFrame{Version: version}) == nil
	}
	c.address = signal.Address(mailbox.Address(hello.Ed25519, hello.HPKE))
	if !c.relay.proves(hello, challenge, c.address) {
		c.relay.counts.rejected.Add(1)
		c.ws.Close(statusUnauthorized, "")
		return false
	}
	return c.attach(ctx, hello)
}

// proves reports whether the signature is of this challenge, this mailbox and one of the relay's own origins. The Host
// header has no part in it: whoever forwards a challenge chooses that.
func (r *Relay) proves(hello *helloFrame, challenge [mailbox.ChallengeSize]byte, address signal.Address) bool {
	for _, origin := range r.origins {
		if ed25519.Verify(hello.Ed25519, mailbox.AuthMessage(origin, challenge, address), hello.Signature) {
			return true
		}
	}
	return false
}

func (c *serverConn) attach(ctx context.Context, hello *helloFrame) bool {
	keep := time.Duration(min(hello.Keep, uint64(signal.NoticeRetention/time.Second))) * time.Second
	reader, err := c.relay.store.Attach(time.Now(), c.address, store.ReaderID(hello.Reader), perip.Site(c.ip), max(keep, signal.Retention), c.signal)
	if err != nil {
		c.relay.counts.refused.Add(1)
		c.ws.Close(websocket.StatusTryAgainLater, "")
		return false
	}
	if c.write(ctx, &readyFrame{Version: version}) != nil {
		reader.Detach(time.Now())
		return false
	}
	c.reader = reader
	return true
}
