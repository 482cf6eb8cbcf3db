package call

import (
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// TestAnOfferThatOvertakesAnAnswer: the other side answers our offer and makes its own, which comes first. It crosses ours,
// and so is not taken; when it is repeated it is, and answered. Mutation: describeApplied that leaves applying at ErrGlare.
func TestAnOfferThatOvertakesAnAnswer(t *testing.T) {
	inCallWith(t, callee, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		c.within(func(l *loop) { l.control.open = false }) // all is heard by the relay
		said := make(chan error, 1)
		go func() { said <- c.Hold(t.Context(), true) }()
		d := p.hears("our offer", describeOffer)
		answer, err := p.conn.Apply(string(d.SDP), c.fingerprint(), nil)
		if err != nil {
			t.Fatal(err)
		}
		offer, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		theirs := encode(describeBody{Kind: describeOffer, N: 1, SDP: []byte(offer)})
		p.says(1, inDescribe, theirs)
		time.Sleep(100 * time.Millisecond)
		p.says(2, inDescribe, encode(describeBody{Kind: describeAnswer, N: d.N, SDP: []byte(answer)}))
		if err := <-said; err != nil {
			t.Fatal(err)
		}
		p.says(3, inDescribe, theirs)
		if d := p.hears("the offer, repeated", describeAnswer); d.N != 1 {
			t.Errorf("an answer to %d", d.N)
		}
	})
}

// TestOffersArePaced: offers come as fast as the other side can make them. Some are taken, and what was left out is when it
// is repeated. Mutation: describeOffered without offers.
func TestOffersArePaced(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		sdp, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		offer := func(n uint64) []byte {
			return p.protects(inDescribe, encode(describeBody{Kind: describeOffer, N: n, SDP: []byte(sdp)}))
		}
		taken := func() (n uint64) {
			c.within(func(l *loop) { n = l.control.describe.theirs })
			return n
		}
		for n := range uint64(200) {
			p.shoutNow(offer(n + 1))
		}
		time.Sleep(100 * time.Millisecond)
		if n := taken(); n < describeBurst || n > describeBurst+2 {
			t.Errorf("%d of 200 at once were taken", n)
		}
		time.Sleep(time.Second)
		p.shoutNow(offer(200))
		time.Sleep(100 * time.Millisecond)
		if n := taken(); n != 200 || c.State() != StateConnected {
			t.Errorf("%d is the last that was taken; %v", n, c.State())
		}
	})
}

// TestOffersWaitForTheApplication: tracks that come and go are events that are never dropped, so an application that takes
// none does not let the other side make more without end: its offers are left out, until some were taken.
// Mutations: weight in flood.go without TrackAdded, or without TrackEnded; describeOffered without overfull.
func TestOffersWaitForTheApplication(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		time.Sleep(time.Second)
		sdp, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		offer := encode(describeBody{Kind: describeOffer, N: 1, SDP: []byte(sdp)})
		before, n := c.events.Len(), maxTracks/256
		taken := func() (n uint64) {
			time.Sleep(100 * time.Millisecond)
			c.within(func(l *loop) { n = l.control.describe.theirs })
			return n
		}
		c.within(func(l *loop) {
			for range n / 2 {
				l.observe(media.TrackAdded{})
				l.observe(media.TrackEnded{})
			}
		})
		p.shoutNow(p.protects(inDescribe, offer))
		if taken() != 0 {
			t.Error("an offer was taken")
		}
		if got := c.events.Len() - before; got != n {
			t.Errorf("%d events of %d are kept", got, n)
		}
		for range before + 1 {
			if _, err := c.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		p.shoutNow(p.protects(inDescribe, offer))
		if taken() != 1 || c.State() != StateConnected {
			t.Errorf("repeated, it was not taken; %v", c.State())
		}
	})
}
