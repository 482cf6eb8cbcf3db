package call

import (
	"errors"
	"fmt"
	"testing"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// bothKeys are the keys of the two sides of a call, before the Invite.
func bothKeys(t *testing.T) (a, b *keys) {
	t.Helper()
	ia, ib := e2ee.Generate(), e2ee.Generate()
	var err error
	if a, err = newKeys(newCall(&Client{config: Config{Identity: ia}}, caller, ib.Public(), [32]byte{1}), caller); err != nil {
		t.Fatal(err)
	}
	if b, err = newKeys(newCall(&Client{config: Config{Identity: ib}}, callee, ia.Public(), [32]byte{1}), callee); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// lax is the configuration of a side that names itself as it likes, and does not look at the other.
func lax(k *keys, name []byte) mls.Config {
	c := k.config()
	c.Credential = mls.BasicCredential(name)
	c.Authenticate, c.Policy.Leaf = mls.InsecureAcceptAll, nil
	c.Policy.Successor = func(_, _ mls.Credential) error { return nil }
	return c
}

// accept is an Accept with a KeyPackage of this configuration.
func accept(t *testing.T, b *keys, c mls.Config) (*accepted, mls.KeyPackageSecrets) {
	t.Helper()
	kp, secrets, err := mls.NewKeyPackage(c)
	if err != nil {
		t.Fatal(err)
	}
	return &accepted{hash: hash{9}, body: acceptBody{Box: boxOf(b.own.Card()), KeyPackage: kp.Marshal(),
		Nonce: make([]byte, nonceSize), Answer: []byte("x")}}, secrets
}

// wrongNames are credentials that are no identity. An e2ee.ID of them would be a panic.
func wrongNames(id e2ee.ID) map[string][]byte {
	return map[string][]byte{"empty": {}, "10 bytes": id[:10], "the signature key": id[:32], "63 bytes": id[:63],
		"65 bytes": append(id[:], 0)}
}

// authFailed asserts that the effect of a message was the end of the call, and for which reason.
func authFailed(t *testing.T, l *loop) {
	t.Helper()
	if len(l.inputs) != 1 {
		t.Fatalf("%d inputs for the machine, want a fault: %v", len(l.inputs), l.inputs)
	}
	if f, ok := l.inputs[0].(inFault); !ok || f.Reason != AuthFailed {
		t.Errorf("%v, want %v", l.inputs[0], AuthFailed)
	}
}

// TestAKeyPackageOfNobody: the mutations that make it fail, by a panic: authenticate in group.go without the length,
// checkLeaf in group.go that makes an e2ee.ID of the credential.
func TestAKeyPackageOfNobody(t *testing.T) {
	a, b := bothKeys(t)
	for name, wrong := range wrongNames(b.identity.Public()) {
		t.Run(name, func(t *testing.T) {
			ac, _ := accept(t, b, lax(b, wrong))
			l := &loop{keys: a, accept: ac}
			l.makeGroup(ac.hash)
			authFailed(t, l)
		})
	}
}

// TestAWelcomeOfNobody: the leaf of the side that makes the group. The mutations that make it fail are the same.
func TestAWelcomeOfNobody(t *testing.T) {
	a, b := bothKeys(t)
	b.invite = a.inviteBody("", wanted{}, "offer")
	b.expect(binding{dtls: a.certificate.Fingerprint(), box: a.own.Card()})
	for name, wrong := range wrongNames(a.identity.Public()) {
		t.Run(name, func(t *testing.T) {
			ac, secrets := accept(t, b, b.config())
			kp, err := mls.ParseKeyPackage(ac.body.KeyPackage)
			if err != nil {
				t.Fatal(err)
			}
			g, err := mls.NewGroup(a.call[:], lax(a, wrong))
			if err != nil {
				t.Fatal(err)
			}
			c, err := g.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}})
			if err != nil {
				t.Fatal(err)
			}
			b.secrets = &secrets
			l := &loop{keys: b, welcome: &welcomed{hash: hash{7}, body: welcomeBody{Welcome: c.Welcome, Nonce: a.nonce[:]}}}
			l.join(hash{7})
			authFailed(t, l)
		})
	}
}

// TestAnUpdateOfNobody: a member gives itself another name. The Update is not taken, whatever the name, and the group
// stays as it was. The mutation that makes it fail: config in group.go with a Policy.Successor that agrees.
func TestAnUpdateOfNobody(t *testing.T) {
	a, b := bothKeys(t)
	id := b.identity.Public()
	ac, secrets := accept(t, b, b.config())
	if err := a.found(ac); err != nil {
		t.Fatal(err)
	}
	g, err := mls.Join(a.welcome, secrets, lax(b, id[:]), mls.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range wrongNames(id) {
		t.Run(name, func(t *testing.T) {
			credential := mls.BasicCredential(wrong)
			m, err := g.ProposeUpdate(&mls.LeafChange{Credential: &credential}, mls.MessageOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.group.Handle(m); !errors.Is(err, mls.ErrPolicy) {
				t.Errorf("handled with %v", err)
			}
			if r := a.group.Roster(); a.group.Epoch() != 1 || fmt.Sprintf("%x", r[1].Credential.Identity) != fmt.Sprintf("%x", id[:]) {
				t.Errorf("epoch %d, %v", a.group.Epoch(), r)
			}
		})
	}
}
