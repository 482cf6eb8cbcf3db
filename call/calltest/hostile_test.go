package calltest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// evidence is what each attack must leave behind: a text of an error or counter that the programs gave. Beside each stands
// the mutation of the code that makes its row fail.
var evidence = map[string][]string{
	// InviteCache.Accept that says yes: Bob's program rings a second time. e2ee.ReplayWindow.Accept that says yes: no drops.
	"replay": {"Bob: client replayed", "Bob: call dropped", "Alice: call dropped"},
	// machine.repeat that sets no timer: a message that is overtaken out of its state is never sent again.
	"reorder": {"packets not stored"},
	// The same.
	"drop some": {"packets again, byte for byte"},
	// machine.start without timerReach: Alice's program rings for a minute.
	"drop all": {"Alice: call: ended here: unreachable"},
	// Mailbox.open that takes boxes of any length, or unpads more than one way.
	"truncate": {e2ee.ErrMalformed.Error(), "Bob: client refused", "Alice: call dropped"},
	// Mailbox.open that does not look at the first byte: fewer refusals are malformed.
	"flip bits": {e2ee.ErrNotSealedToUs.Error(), e2ee.ErrMalformed.Error()},
	// Mailboxes of calls with the identity's key, and an empty aad in seal and open: boxes open elsewhere.
	"misdeliver": {e2ee.ErrNotSealedToUs.Error(), "Alice: client refused"},
	// The same.
	"old packets": {e2ee.ErrNotSealedToUs.Error(), "Bob: client replayed"},
	// mailbox.AuthMessage without the origin.
	"relayed challenge": {signal.ErrRejected.Error()},
	// ContactsOnly that lets strangers ring.
	"own Invite": {"Bob: client ignored 1"},
	// parseSigned without its call of Verify.
	"false Invite": {"Bob: 1 × " + e2ee.ErrSignature.Error()},
	// newLine without m.From != c.peer: a Decline of the relay's ends the call.
	"own answers": {e2ee.ErrWrongRecipient.Error(), "Alice: 18 × opened, and signed by nobody that the call is with"},
	// parseSigned without its call of Verify.
	"false answers": {e2ee.ErrWrongRecipient.Error(), e2ee.ErrSignature.Error()},
	// Client.cancel that finds calls by their id alone; parseSigned without its call of Verify.
	"false Cancel": {e2ee.ErrSignature.Error(), "opened, and signed by nobody"},
	// A checksum of the text form over the Ed25519 key alone; SafetyNumber over it alone; Resembling by Ed25519 key.
	"swapped key in a card": {"old checksum: " + e2ee.ErrMalformed.Error(), "key changed", "safety number"},
	// parseSigned without the comparison of to: Bob's program rings. newLine without m.From != c.peer: Alice hears it ring.
	"swapped card, used": {"Bob: 1 × " + e2ee.ErrWrongRecipient.Error(), "Bob: 1 × " + e2ee.ErrSignature.Error(), "Bob: client ignored 1", "ended here: unreachable"},
	// e2ee.SAS with nothing but nonces that the one in the middle chooses, as when info and nonceB are left out.
	"both cards replaced": {"emoji: Alice sees", "safety number"},
}

// ends are the attacks after which there is no call.
var ends = map[string]bool{"drop all": true, "swapped key in a card": true, "swapped card, used": true}

func TestAttacks(t *testing.T) {
	for _, a := range Attacks() {
		t.Run(a.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := New(t, Options{OneWay: 10 * time.Millisecond})
				failed(t, a, n.Stage(), evidence[a.Name])
			})
		})
	}
	if len(Attacks()) != len(evidence) {
		t.Errorf("%d attacks, evidence of %d", len(Attacks()), len(evidence))
	}
}

// failed asserts that the attack was made, failed, and left its evidence.
func failed(t *testing.T, a Attack, s Stage, want []string) {
	t.Helper()
	got, err := a.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Harmless() {
		t.Errorf("%d acts, success %v", got.Acts, got.Broken)
	}
	if got.ByPeople != (a.Name == "both cards replaced") {
		t.Errorf("left to people: %v", got.ByPeople)
	}
	if !got.Connected && !ends[a.Name] {
		t.Error("the call did not come about")
	}
	if len(want) == 0 {
		t.Error("no evidence is asked for")
	}
	why := strings.Join(got.Why, "\n")
	for _, w := range want {
		if !strings.Contains(why, w) {
			t.Errorf("no %q in\n%s", w, why)
		}
	}
}

// The Invite of a call that is over comes again when the memory of it is gone. It fails when dispatch does not compare the
// time of an Invite with the clock.
func TestAttackLateReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{OneWay: 10 * time.Millisecond})
		failed(t, Attack{Name: "late replay", Tries: "wait until everything is forgotten", after: func(ctx context.Context, s *Scene) {
			time.Sleep(e2ee.InviteMemory + time.Second)
			redeliver(ctx, s)
		}}, n.Stage(), []string{"Bob: client stale"})
	})
}

// The verdict can speak against us. Each of these is a relay that has got what it wanted.
func TestVerdict(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *Scene)
		want string
	}{
		{"a frame in clear", func(t *testing.T, s *Scene) { s.leak(t, AliceMarker) }, "a frame of Alice's"},
		{"a name in clear", func(t *testing.T, s *Scene) { s.leak(t, "Alice"+NameMarker) }, "a name"},
		{"a forged frame", func(_ *testing.T, s *Scene) { s.Talk.Bob.Heard.Forged++ }, "nobody sent"},
		{"a frame twice", func(_ *testing.T, s *Scene) { s.Talk.Bob.Heard.Again++ }, "twice"},
		{"other emoji", func(_ *testing.T, s *Scene) { s.Talk.Bob.Emoji[0].Symbol = "?" }, "emoji differ"},
		{"a third", func(_ *testing.T, s *Scene) { s.Talk.Bob.Roster = append(s.Talk.Bob.Roster, call.Participant{}) }, "a third"},
		{"a second ring", func(_ *testing.T, s *Scene) { s.calls = 0 }, "rang 1 times for 0"},
		{"an end", func(_ *testing.T, s *Scene) { s.Talk.Alice.Ended.Reason = call.Declined }, "as the two wished"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := New(t, Options{})
				a := Attack{Name: tt.name, after: func(_ context.Context, s *Scene) { tt.do(t, s) }}
				got, err := a.Run(t.Context(), n.Stage())
				if err != nil {
					t.Fatal(err)
				}
				if !got.Succeeded || !slices.ContainsFunc(got.Broken, func(b string) bool { return strings.Contains(b, tt.want) }) {
					t.Errorf("verdict %v, want %q", got.Broken, tt.want)
				}
			})
		})
	}
}

// leak sends something in clear through the relay.
func (s *Scene) leak(t *testing.T, text string) {
	inner, err := s.stage.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	sender := s.Evil.Wrap(inner, nil)
	defer sender.Close()
	if err := sender.Send(t.Context(), signal.Packet{To: signal.Address{1}, Body: []byte("in clear: " + text)}); err != nil {
		t.Fatal(err)
	}
}

// A call that nobody attacks has no evidence and no success, and counts as not tried.
func TestNoAttack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(t, Options{})
		got, err := Attack{Name: "none"}.Run(t.Context(), n.Stage())
		if err != nil {
			t.Fatal(err)
		}
		if got.Succeeded || got.Harmless() || !got.Connected || len(got.Why) != 0 {
			t.Errorf("%+v", got)
		}
	})
}
