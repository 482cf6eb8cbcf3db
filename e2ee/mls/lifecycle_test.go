package mls_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

func TestBranchAndReinitialize(t *testing.T) {
	for _, s := range allSuites {
		t.Run(s.String(), func(t *testing.T) {
			a, b := newConfig(t, s, "alice"), newConfig(t, s, "bob")
			alice, bob := pair(t, a, b)

			kp, secrets := newKeyPackage(t, b)
			sub, c, err := alice.Branch([]byte("branch"), a, []*mls.KeyPackage{kp})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := mls.Join(c.Welcome, secrets, b, mls.JoinOptions{}); !errors.Is(err, mls.ErrUnknown) {
				t.Errorf("joined a branch without the old group: %v", err)
			}
			subBob, err := mls.Join(c.Welcome, secrets, b, mls.JoinOptions{From: bob})
			if err != nil {
				t.Fatal(err)
			}
			same(t, sub, subBob)
			talk(t, sub, subBob)

			next := mls.X25519ChaCha
			closing := commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.Reinitialize([]byte("next"), next)}})
			if r := handle(t, bob, closing.Message); r.Change.ReInit == nil || bob.ReInit() == nil {
				t.Fatal("no ReInit reported")
			}
			if _, err := bob.Protect(nil, mls.MessageOptions{}); !errors.Is(err, mls.ErrState) {
				t.Errorf("a closed group is used: %v", err)
			}
			a2, b2 := newConfig(t, next, "alice"), newConfig(t, next, "bob")
			kp, secrets = newKeyPackage(t, a2)
			group, c, err := bob.Reinitialize(b2, []*mls.KeyPackage{kp}) // another than the one who closed it
			if err != nil {
				t.Fatal(err)
			}
			joined, err := mls.Join(c.Welcome, secrets, a2, mls.JoinOptions{From: alice})
			if err != nil {
				t.Fatal(err)
			}
			same(t, group, joined)
			talk(t, group, joined)
			if string(group.GroupID()) != "next" || group.Suite() != next {
				t.Error("other parameters than the ReInit")
			}
		})
	}
}

func TestBranchOfStrangers(t *testing.T) {
	a := newConfig(t, mls.X25519ChaCha, "alice")
	alice, _ := pair(t, a, newConfig(t, mls.X25519ChaCha, "bob"))
	kp, _ := newKeyPackage(t, newConfig(t, mls.X25519ChaCha, "mallory"))
	if _, _, err := alice.Branch([]byte("branch"), a, []*mls.KeyPackage{kp}); !errors.Is(err, mls.ErrInvalid) {
		t.Errorf("a stranger in a branch: %v", err)
	}
	commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.Reinitialize([]byte("next"), mls.X25519ChaCha)}})
	if _, _, err := alice.Reinitialize(a, nil); !errors.Is(err, mls.ErrInvalid) {
		t.Errorf("a reinitialised group without a member: %v", err)
	}
}

func TestSaveAndRestore(t *testing.T) {
	for _, s := range allSuites {
		t.Run(s.String(), func(t *testing.T) {
			a, b := newConfig(t, s, "alice"), newConfig(t, s, "bob")
			alice, bob := pair(t, a, b)
			var key [32]byte
			_, _ = rand.Read(key[:])
			restore := func(g *mls.Group, cfg mls.Config) *mls.Group {
				t.Helper()
				sealed, err := g.Save(&key)
				if err != nil {
					t.Fatal(err)
				}
				g.Destroy()
				sealed[len(sealed)-1] ^= 1
				if _, err := mls.Restore(sealed, &key, cfg); !errors.Is(err, mls.ErrAuthentication) {
					t.Fatalf("a changed state: %v", err)
				}
				sealed[len(sealed)-1] ^= 1
				if _, err := mls.Restore(sealed, &key, newConfig(t, s, "mallory")); !errors.Is(err, mls.ErrInvalid) {
					t.Fatalf("another's signer: %v", err)
				}
				n, err := mls.Restore(sealed, &key, cfg)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			talk(t, alice, bob)
			skipped, _ := alice.Protect([]byte("skipped"), mls.MessageOptions{})
			later, _ := alice.Protect([]byte("later"), mls.MessageOptions{})
			handle(t, bob, later)
			update, _ := bob.ProposeUpdate(nil, mls.MessageOptions{})
			handle(t, alice, update)
			alice, bob = restore(alice, a), restore(bob, b)
			same(t, alice, bob)
			if r := handle(t, bob, skipped); string(r.Application) != "skipped" {
				t.Fatal("a skipped key is lost")
			}
			if _, err := bob.Handle(later); !errors.Is(err, mls.ErrReplay) {
				t.Fatalf("a used key is back: %v", err)
			}
			old, _ := bob.Protect([]byte("old"), mls.MessageOptions{})
			handle(t, bob, commit(t, alice, mls.CommitOptions{}).Message)
			alice, bob = restore(alice, a), restore(bob, b)
			handle(t, alice, old)
			same(t, alice, bob)
			talk(t, alice, bob)
			if _, err := alice.Commit(mls.CommitOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := alice.Save(&key); !errors.Is(err, mls.ErrState) {
				t.Errorf("saved with a pending commit: %v", err)
			}
		})
	}
}

func TestExternalJoin(t *testing.T) {
	for _, s := range allSuites {
		t.Run(s.String(), func(t *testing.T) {
			alice, bob := pair(t, newConfig(t, s, "alice"), newConfig(t, s, "bob"))
			carolConfig := newConfig(t, s, "carol")
			enter := func(o mls.ExternalJoinOptions, omit bool) *mls.Group {
				t.Helper()
				info, err := alice.GroupInfo(mls.GroupInfoOptions{ExternalPub: true, OmitTree: omit})
				if err != nil {
					t.Fatal(err)
				}
				carol, message, err := mls.ExternalJoin(info, carolConfig, o)
				if err != nil {
					t.Fatal(err)
				}
				for _, g := range []*mls.Group{alice, bob} {
					if r := handle(t, g, message); len(r.Change.Added) != 1 || r.Change.Added[0].Leaf != carol.OwnLeaf() {
						t.Fatalf("%+v", r.Change)
					}
				}
				same(t, alice, bob, carol)
				talk(t, bob, carol)
				return carol
			}
			carol := enter(mls.ExternalJoinOptions{}, false)
			carolConfig.Signer, _ = mls.GenerateSigner(s)
			again := enter(mls.ExternalJoinOptions{Resync: true, RatchetTree: alice.RatchetTree()}, true)
			if len(alice.Roster()) != 3 || again.OwnLeaf() != carol.OwnLeaf() {
				t.Errorf("%d members after a resync", len(alice.Roster()))
			}
			handle(t, alice, commit(t, again, mls.CommitOptions{}).Message)
			same(t, alice, again)
		})
	}
}

func TestExternalSenders(t *testing.T) {
	s := mls.X25519ChaCha
	signer, _ := mls.GenerateSigner(s)
	server := newConfig(t, s, "server")
	key := newPublicKey(t, server)
	cfg := newConfig(t, s, "alice")
	alice, err := mls.NewGroup([]byte("group"), cfg, mls.ExternalSenders([]mls.ExternalSender{{SignatureKey: key, Credential: server.Credential}}))
	if err != nil {
		t.Fatal(err)
	}
	bobConfig, daveConfig := newConfig(t, s, "bob"), newConfig(t, s, "dave")
	kp, secrets := newKeyPackage(t, bobConfig)
	out := mls.Outsider{Suite: s, GroupID: []byte("group"), Epoch: 0, Signer: server.Signer}
	add, err := out.Propose(0, mls.Add(kp))
	if err != nil {
		t.Fatal(err)
	}
	if r := handle(t, alice, add); r.Sender != (mls.Sender{Type: mls.SenderExternal}) {
		t.Fatalf("%+v", r)
	}
	self, _ := newKeyPackage(t, daveConfig)
	join, err := mls.Outsider{Suite: s, GroupID: []byte("group"), Signer: daveConfig.Signer}.ProposeSelf(self)
	if err != nil {
		t.Fatal(err)
	}
	handle(t, alice, join)
	forged, _ := mls.Outsider{Suite: s, GroupID: []byte("group"), Signer: signer}.Propose(0, mls.Remove(0))
	if _, err := alice.Handle(forged); !errors.Is(err, mls.ErrAuthentication) {
		t.Errorf("a forged external proposal: %v", err)
	}
	absent, _ := out.Propose(1, mls.Remove(0))
	if _, err := alice.Handle(absent); !errors.Is(err, mls.ErrInvalid) {
		t.Errorf("an external sender that is not listed: %v", err)
	}
	if _, err := out.Propose(0, mls.Proposal{Type: mls.ProposalUpdate}); !errors.Is(err, mls.ErrInvalid) {
		t.Errorf("an Update from outside: %v", err)
	}
	c := commit(t, alice, mls.CommitOptions{})
	if len(alice.Roster()) != 3 {
		t.Fatalf("%d members", len(alice.Roster()))
	}
	bob, err := mls.Join(c.Welcome, secrets, bobConfig, mls.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, alice, bob)
}

func newPublicKey(t testing.TB, cfg mls.Config) []byte {
	t.Helper()
	kp, _ := newKeyPackage(t, cfg)
	return kp.LeafNode.SignatureKey
}

func TestPreSharedKeys(t *testing.T) {
	s := mls.X25519ChaCha
	psk := func(keys map[string]string) func(mls.PSKID) ([]byte, error) {
		return func(id mls.PSKID) ([]byte, error) {
			if k, ok := keys[string(id.ID)]; ok && id.Type == mls.PSKExternal {
				return []byte(k), nil
			}
			return nil, fmt.Errorf("%w: no such key", mls.ErrUnknown)
		}
	}
	a, b, c := newConfig(t, s, "alice"), newConfig(t, s, "bob"), newConfig(t, s, "carol")
	a.PSK, b.PSK = psk(map[string]string{"k": "secret", "x": "1"}), psk(map[string]string{"k": "secret", "x": "2"})
	c.PSK = a.PSK
	alice, bob := pair(t, a, b)
	handle(t, bob, commit(t, alice, mls.CommitOptions{}).Message)
	m, err := bob.Propose(mls.ResumptionPSK([]byte("group"), 1), mls.MessageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	handle(t, alice, m)
	r := commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.ExternalPSK([]byte("k"))}})
	handle(t, bob, r.Message)
	same(t, alice, bob)
	talk(t, alice, bob)

	kp, secrets := newKeyPackage(t, c)
	add := commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp), mls.ExternalPSK([]byte("k"))}})
	handle(t, bob, add.Message)
	carol, err := mls.Join(add.Welcome, secrets, c, mls.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, alice, bob, carol)

	r, err = alice.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.ExternalPSK([]byte("x"))}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Handle(r.Message); !errors.Is(err, mls.ErrAuthentication) {
		t.Errorf("another key under the same name: %v", err)
	}
	if _, err := alice.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.ExternalPSK([]byte("y"))}}); !errors.Is(err, mls.ErrUnknown) {
		t.Errorf("a key that nobody has: %v", err)
	}
}

func TestGroupContextExtensions(t *testing.T) {
	s := mls.X25519ChaCha
	const private mls.ExtensionType = 0xFF01
	a, b := newConfig(t, s, "alice"), newConfig(t, s, "bob")
	able := mls.NewCapabilities(s, private)
	a.Capabilities, b.Capabilities = &able, &able
	alice, bob := pair(t, a, b)
	required := mls.RequiredCapabilities{Extensions: []mls.ExtensionType{private}, Credentials: []mls.CredentialType{mls.CredentialBasic}}
	list := []mls.Extension{required.Extension(), {Type: private, Data: []byte("v1")}}
	r := handle(t, bob, commit(t, alice, mls.CommitOptions{Proposals: []mls.Proposal{mls.SetExtensions(list...)}}).Message)
	if r.Change.Epoch != 2 || len(bob.Extensions()) != 2 || !bytes.Equal(bob.Extensions()[1].Data, []byte("v1")) {
		t.Fatalf("%+v", bob.Extensions())
	}
	same(t, alice, bob)
	kp, _ := newKeyPackage(t, newConfig(t, s, "carol"))
	if _, err := alice.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}}); !errors.Is(err, mls.ErrInvalid) {
		t.Errorf("a member that cannot do what is required: %v", err)
	}
	more := mls.SetExtensions(mls.Extension{Type: 0xFF02})
	if _, err := alice.Commit(mls.CommitOptions{Proposals: []mls.Proposal{more}}); !errors.Is(err, mls.ErrInvalid) {
		t.Errorf("an extension that nobody supports: %v", err)
	}
}

func TestLeafChange(t *testing.T) {
	s := mls.X25519ChaCha
	a, b := newConfig(t, s, "alice"), newConfig(t, s, "bob")
	alice, bob := pair(t, a, b)
	signer, _ := mls.GenerateSigner(s)
	m, err := bob.ProposeUpdate(&mls.LeafChange{Signer: signer}, mls.MessageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	handle(t, alice, m)
	signer2, _ := mls.GenerateSigner(s)
	handle(t, bob, commit(t, alice, mls.CommitOptions{Leaf: &mls.LeafChange{Signer: signer2}}).Message)
	same(t, alice, bob)
	talk(t, alice, bob)
	handle(t, bob, commit(t, alice, mls.CommitOptions{}).Message)
	handle(t, alice, commit(t, bob, mls.CommitOptions{}).Message)
	same(t, alice, bob)

	other := mls.BasicCredential([]byte("robert"))
	m, _ = bob.ProposeUpdate(&mls.LeafChange{Credential: &other}, mls.MessageOptions{})
	if m != nil {
		t.Error("another credential without a Successor")
	}
	if _, err := alice.Commit(mls.CommitOptions{Leaf: &mls.LeafChange{Credential: &other}}); !errors.Is(err, mls.ErrPolicy) {
		t.Errorf("another credential without a Successor: %v", err)
	}
}
