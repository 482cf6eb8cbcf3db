package mls_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// allSuites are the suites that every test of behaviour runs with.
var allSuites = []mls.Suite{mls.X25519AES128, mls.P256AES128, mls.X25519ChaCha, mls.HybridChaCha}

// newConfig is a member of that name with a fresh key, who believes everyone.
func newConfig(t testing.TB, s mls.Suite, name string) mls.Config {
	t.Helper()
	signer, err := mls.GenerateSigner(s)
	if err != nil {
		t.Fatal(err)
	}
	return mls.Config{Suite: s, Signer: signer, Credential: mls.BasicCredential([]byte(name)), Authenticate: mls.InsecureAcceptAll}
}

func newKeyPackage(t testing.TB, cfg mls.Config) (*mls.KeyPackage, mls.KeyPackageSecrets) {
	t.Helper()
	kp, secrets, err := mls.NewKeyPackage(cfg)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := mls.ParseKeyPackage(kp.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	return parsed, secrets
}

// pair makes a group of two.
func pair(t testing.TB, a, b mls.Config) (*mls.Group, *mls.Group) {
	t.Helper()
	alice, err := mls.NewGroup([]byte("group"), a)
	if err != nil {
		t.Fatal(err)
	}
	kp, secrets := newKeyPackage(t, b)
	c := commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}})
	bob, err := mls.Join(c.Welcome, secrets, b, mls.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, alice, bob)
	return alice, bob
}

// commit makes and merges a commit.
func commit(t testing.TB, g *mls.Group, o mls.CommitOptions) *mls.Commit {
	t.Helper()
	c, err := g.Commit(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Merge(); err != nil {
		t.Fatal(err)
	}
	return c
}

func handle(t testing.TB, g *mls.Group, message []byte) *mls.Received {
	t.Helper()
	r, err := g.Handle(message)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same fails unless all groups are in one state.
func same(t testing.TB, groups ...*mls.Group) {
	t.Helper()
	for _, g := range groups[1:] {
		if !bytes.Equal(g.EpochAuthenticator(), groups[0].EpochAuthenticator()) {
			t.Fatalf("epochs %d and %d differ", groups[0].Epoch(), g.Epoch())
		}
	}
}

// talk sends a message both ways.
func talk(t testing.TB, a, b *mls.Group) {
	t.Helper()
	for range 2 {
		m, err := a.Protect([]byte("hello"), mls.MessageOptions{AuthenticatedData: []byte("clear"), Padding: 7})
		if err != nil {
			t.Fatal(err)
		}
		r := handle(t, b, m)
		if r.Kind != mls.ApplicationData || string(r.Application) != "hello" || string(r.AuthenticatedData) != "clear" ||
			r.Sender != (mls.Sender{Type: mls.SenderMember, Index: a.OwnLeaf()}) {
			t.Fatalf("received %+v", r)
		}
		if _, err := b.Handle(m); !errors.Is(err, mls.ErrReplay) {
			t.Fatalf("replay: %v", err)
		}
		a, b = b, a
	}
}

func TestTwoMembers(t *testing.T) {
	for _, s := range allSuites {
		t.Run(s.String(), func(t *testing.T) {
			alice, bob := pair(t, newConfig(t, s, "alice"), newConfig(t, s, "bob"))
			talk(t, alice, bob)

			update, err := bob.ProposeUpdate(nil, mls.MessageOptions{})
			if err != nil {
				t.Fatal(err)
			}
			handle(t, alice, update)
			c := commit(t, alice, mls.CommitOptions{})
			if r := handle(t, bob, c.Message); r.Kind != mls.CommitApplied || len(r.Change.Updated) != 2 {
				t.Fatalf("%+v", r.Change)
			}
			same(t, alice, bob)
			talk(t, alice, bob)

			c = commit(t, bob, mls.CommitOptions{Public: true})
			handle(t, alice, c.Message)
			same(t, alice, bob)
			talk(t, alice, bob)

			c = commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(1)}})
			if r := handle(t, bob, c.Message); !r.Change.RemovedSelf {
				t.Fatalf("%+v", r.Change)
			}
			if _, err := bob.Protect(nil, mls.MessageOptions{}); !errors.Is(err, mls.ErrState) {
				t.Fatalf("removed member sends: %v", err)
			}
		})
	}
}

func TestLateMessagesOfEarlierEpochs(t *testing.T) {
	a, b := newConfig(t, mls.X25519ChaCha, "alice"), newConfig(t, mls.X25519ChaCha, "bob")
	a.Limits.PastEpochs = 2
	alice, bob := pair(t, a, b)
	var late [][]byte
	for range 4 {
		m, _ := bob.Protect([]byte("late"), mls.MessageOptions{})
		late = append(late, m)
		handle(t, bob, commit(t, alice, mls.CommitOptions{}).Message)
	}
	for i, m := range late {
		_, err := alice.Handle(m)
		if kept := i >= 2; kept != (err == nil) || !kept && !errors.Is(err, mls.ErrEpoch) {
			t.Errorf("message of epoch %d in epoch %d: %v", i+1, alice.Epoch(), err)
		}
	}
	m, _ := bob.Protect([]byte("x"), mls.MessageOptions{})
	handle(t, bob, commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(1)}}).Message)
	if _, err := alice.Handle(m); err == nil {
		t.Error("a removed member is still heard")
	}
}

func TestPendingCommit(t *testing.T) {
	alice, bob := pair(t, newConfig(t, mls.X25519ChaCha, "alice"), newConfig(t, mls.X25519ChaCha, "bob"))
	if _, err := alice.Merge(); !errors.Is(err, mls.ErrState) {
		t.Fatal("merged nothing")
	}
	if _, err := alice.Commit(mls.CommitOptions{}); err != nil || !alice.Pending() || alice.Epoch() != 1 {
		t.Fatal("a pending commit changes the group", err)
	}
	theirs := commit(t, bob, mls.CommitOptions{})
	handle(t, alice, theirs.Message)
	if alice.Pending() {
		t.Fatal("another's commit leaves ours pending")
	}
	same(t, alice, bob)
}

// manyNumbers is what a printed key looks like.
var manyNumbers = regexp.MustCompile(`([0-9a-f]{1,3}[ ,] ?(0x)?){12}|[0-9a-fA-F]{32}`)

func TestRedaction(t *testing.T) {
	cfg := newConfig(t, mls.X25519ChaCha, "alice")
	alice, _ := pair(t, cfg, newConfig(t, mls.X25519ChaCha, "bob"))
	_, secrets := newKeyPackage(t, cfg)
	type nest struct {
		G *mls.Group
		s mls.KeyPackageSecrets
		g *mls.Group
		v mls.Group
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		for _, v := range []any{alice, *alice, secrets, &secrets, nest{alice, secrets, alice, *alice}, []mls.KeyPackageSecrets{secrets},
			cfg, &cfg, mls.LeafChange{Signer: cfg.Signer}, mls.Outsider{Signer: cfg.Signer}, mls.CommitOptions{Leaf: &mls.LeafChange{Signer: cfg.Signer}}} {
			out := fmt.Sprintf(verb, v)
			if manyNumbers.MatchString(out) {
				t.Errorf("%s of %T: %s", verb, v, out)
			}
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "group", alice, "secrets", secrets, "config", cfg)
	if strings.Count(log.String(), "redacted") != 3 {
		t.Error(log.String())
	}
	secrets.Destroy()
	if _, _, err := secrets.ExportSecrets(); !errors.Is(err, mls.ErrState) {
		t.Error("exported destroyed keys")
	}
	alice.Destroy()
	alice.Destroy()
}
