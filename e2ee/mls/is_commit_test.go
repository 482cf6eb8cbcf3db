package mls_test

import (
	"testing"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// TestIsCommit: Commits alone are called so, and a message that lies about it does not open. The mutation that makes it fail:
// IsCommit with the type of a proposal.
func TestIsCommit(t *testing.T) {
	alice, bob := pair(t, newConfig(t, mls.X25519ChaCha, "alice"), newConfig(t, mls.X25519ChaCha, "bob"))
	said, err := alice.Protect([]byte("hello"), mls.MessageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	update, err := bob.ProposeUpdate(nil, mls.MessageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	message := commit(t, alice, mls.CommitOptions{}).Message
	for _, c := range []struct {
		message []byte
		want    bool
	}{{message, true}, {said, false}, {update, false}, {nil, false}, {message[:20], false}} {
		if got := mls.IsCommit(c.message); got != c.want {
			t.Errorf("%.20x: %v", c.message, got)
		}
	}
	at := 2 + 2 + 1 + len("group") + 8 // after version, form, name of the group and epoch
	message[at]--
	if _, err := bob.Handle(message); mls.IsCommit(message) || err == nil {
		t.Error("a Commit under another name was taken")
	}
}
