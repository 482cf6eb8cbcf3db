package call

import (
	"testing"
	"time"
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
