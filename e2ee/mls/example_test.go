package mls_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// leafExtension carries what the application binds to each member; here the private-use type of calls.
const leafExtension mls.ExtensionType = 0xF5A1

// member makes a Config by which only these identities are accepted, each with its own key.
func member(name string, key ed25519.PrivateKey, known map[string]ed25519.PublicKey) mls.Config {
	capabilities := mls.NewCapabilities(mls.X25519ChaCha, leafExtension)
	return mls.Config{
		Signer:         key,
		Credential:     mls.BasicCredential([]byte(name)),
		Capabilities:   &capabilities,
		LeafExtensions: []mls.Extension{{Type: leafExtension, Data: []byte("certificate of " + name)}},
		Authenticate: func(c mls.Credential, signatureKey []byte) error {
			if !bytes.Equal(known[string(c.Identity)], signatureKey) {
				return errors.New("unknown member")
			}
			return nil
		},
		Policy: mls.Policy{
			Proposals:         []mls.ProposalType{mls.ProposalAdd, mls.ProposalUpdate, mls.ProposalRemove},
			Capabilities:      &capabilities,
			LeafExtensions:    []mls.ExtensionType{leafExtension},
			NoGroupExtensions: true,
			NoExternal:        true,
			OnlyPrivate:       true,
		},
	}
}

// Two members, the profile of a call: a message, new keys for both, and the end.
func Example() {
	aliceKey := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	bobKey := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	known := map[string]ed25519.PublicKey{
		"alice": aliceKey.Public().(ed25519.PublicKey),
		"bob":   bobKey.Public().(ed25519.PublicKey),
	}
	aliceConfig, bobConfig := member("alice", aliceKey, known), member("bob", bobKey, known)

	// Bob makes a KeyPackage; Alice checks it, creates the group and adds him.
	kp, secrets, _ := mls.NewKeyPackage(bobConfig)
	received, _ := mls.ParseKeyPackage(kp.Marshal())
	if err := received.Validate(aliceConfig); err != nil {
		fmt.Println(err)
	}
	alice, _ := mls.NewGroup([]byte("call 1"), aliceConfig)
	defer alice.Destroy()
	commit, _ := alice.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(received)}})
	_, _ = alice.Merge()

	bob, err := mls.Join(commit.Welcome, secrets, bobConfig, mls.JoinOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bob.Destroy()
	fmt.Println("epoch", bob.Epoch(), "same state:", bytes.Equal(alice.EpochAuthenticator(), bob.EpochAuthenticator()))

	// A message.
	message, _ := bob.Protect([]byte("hello"), mls.MessageOptions{})
	got, _ := alice.Handle(message)
	fmt.Printf("leaf %d says %s\n", got.Sender.Index, got.Application)

	// Bob asks for new keys, Alice commits, which renews hers as well.
	update, _ := bob.ProposeUpdate(nil, mls.MessageOptions{})
	_, _ = alice.Handle(update)
	commit, _ = alice.Commit(mls.CommitOptions{})
	_, _ = alice.Merge()
	got, _ = bob.Handle(commit.Message)
	fmt.Println("epoch", got.Change.Epoch, "renewed", len(got.Change.Updated))

	key, _ := alice.Exporter("SFrame 1.0 Base Key", nil, 32)
	same, _ := bob.Exporter("SFrame 1.0 Base Key", nil, 32)
	fmt.Println("exported", len(key), bytes.Equal(key, same))

	// Alice removes Bob.
	commit, _ = alice.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(1)}})
	_, _ = alice.Merge()
	got, _ = bob.Handle(commit.Message)
	fmt.Println("removed:", got.Change.RemovedSelf, "members left:", len(alice.Roster()))

	// Output:
	// epoch 1 same state: true
	// leaf 1 says hello
	// epoch 2 renewed 2
	// exported 32 true
	// removed: true members left: 1
}
