package call

import (
	"testing"

	"github.com/sotto-calls/sotto/e2ee"
)

// TestWhatWaitsIsBounded: messages that weigh nothing, mutes and holds fill no memory of an application that takes no
// events, and what it takes makes room. The mutations that make it fail: weight in flood.go without each; emit in place
// of tell in control.go.
func TestWhatWaitsIsBounded(t *testing.T) {
	_, k := bothKeys(t)
	if err := k.frames.Declare(k.theirLeaf(), []e2ee.Stream{{Ctx: 0, MID: "0", Kind: 1, Codec: "opus"}}); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]inCallBody{
		"empty messages": {Type: inChat},
		"mutes":          {Type: inMute, Body: encode(muteBody{Muted: true})},
		"holds":          {Type: inHold, Body: encode(holdBody{Held: true})},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall(&Client{}, callee, k.peer, [32]byte{1})
			l := &loop{call: c, keys: k}
			say := func() error {
				body.Seq++
				return l.inCall(encode(body))
			}
			n := 0
			for n < 1<<17 && say() == nil {
				n++
			}
			if n != maxKept/256 || c.events.Len() != n {
				t.Errorf("%d events wait (%d were taken), want %d", c.events.Len(), n, maxKept/256)
			}
			if _, err := c.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := say(); err != nil {
				t.Errorf("no room was made: %v", err)
			}
			if say() == nil {
				t.Error("too much room was made")
			}
		})
	}
}

// TestAMessageThatIsTooLong is dropped as the protocol says, whatever else would fit. Mutation: inCall without maxChat.
func TestAMessageThatIsTooLong(t *testing.T) {
	_, k := bothKeys(t)
	c := newCall(&Client{}, callee, k.peer, [32]byte{1})
	l := &loop{call: c, keys: k}
	for _, n := range []int{maxChat, maxChat + 1} {
		err := l.inCall(encode(inCallBody{Type: inChat, Seq: 1, Body: make([]byte, n)}))
		if fits := n <= maxChat; (err == nil) != fits {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if n := c.events.Len(); n != 1 {
		t.Errorf("%d were told", n)
	}
}
