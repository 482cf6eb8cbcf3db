package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// bindingType is the leaf extension of docs/PROTOCOL.md, section 5.
const bindingType mls.ExtensionType = 0xF5A1

// A member is one of the MLS clients that this program holds, by name.
type member struct {
	cfg     mls.Config
	secrets mls.KeyPackageSecrets
	group   *mls.Group
}

var members = map[string]*member{}

// extension is a typed extension in requests.
type extension struct {
	Type uint16 `json:"type"`
	Data []byte `json:"data"`
}

func extensions(list []extension) []mls.Extension {
	var out []mls.Extension
	for _, e := range list {
		out = append(out, mls.Extension{Type: mls.ExtensionType(e.Type), Data: e.Data})
	}
	return out
}

// newMember says what a member is like. The fields after Creates break the profile of calls; with Loose, this program
// does not enforce it either.
type newMember struct {
	Name       string      `json:"name"`
	Creates    bool        `json:"creates"`
	Loose      bool        `json:"loose"`
	Suite      uint16      `json:"suite"`
	Extensions []uint16    `json:"extensions"` // more in its capabilities
	Proposals  []uint16    `json:"proposals"`  // in its capabilities
	Leaf       []extension `json:"leaf"`       // in place of the binding
	NoLeaf     bool        `json:"noLeaf"`     // no leaf extension at all
	Credential []byte      `json:"credential"` // in place of the identity
	Hours      int         `json:"hours"`      // of lifetime, 24 if 0
	Ahead      int         `json:"ahead"`      // hours by which its clock is wrong
}

type created struct {
	Identity []byte `json:"identity"`
	Binding  []byte `json:"binding"`
}

type group struct {
	Name string `json:"name"`
	Call []byte `json:"call"`
	// Extensions of the GroupContext, or of a KeyPackage.
	Extensions []extension `json:"extensions"`
	Welcome    []byte      `json:"welcome"`
}

type message struct {
	Name    string `json:"name"`
	Message []byte `json:"message"`
	Padding int    `json:"padding"`
	Count   int    `json:"count"` // protect so many, and answer with the last
}

func init() {
	on("mls.new", mlsNew)
	on("mls.create", func(in group) (nothing, error) {
		m, err := find(in.Name)
		if err != nil {
			return nothing{}, err
		}
		m.group, err = mls.NewGroup(in.Call, m.cfg, extensions(in.Extensions)...)
		return nothing{}, err
	})
	on("mls.keyPackage", func(in group) (message, error) {
		m, err := find(in.Name)
		if err != nil {
			return message{}, err
		}
		kp, secrets, err := mls.NewKeyPackage(m.cfg, extensions(in.Extensions)...)
		if err != nil {
			return message{}, err
		}
		m.secrets = secrets
		return message{Message: kp.Marshal()}, nil
	})
	on("mls.join", func(in group) (nothing, error) {
		m, err := find(in.Name)
		if err != nil {
			return nothing{}, err
		}
		m.group, err = mls.Join(in.Welcome, m.secrets, m.cfg, mls.JoinOptions{})
		return nothing{}, err
	})
	on("mls.protect", mlsProtect)
	on("mls.handle", mlsHandle)
	on("mls.state", mlsState)
}

func find(name string) (*member, error) {
	m, ok := members[name]
	if !ok {
		return nil, fmt.Errorf("there is no member %q", name)
	}
	return m, nil
}

func mlsNew(in newMember) (created, error) {
	id := e2ee.Generate()
	public := id.Public()
	b := binding(in.Creates)
	suite := mls.Suite(in.Suite)
	if suite == 0 {
		suite = mls.X25519ChaCha
	}
	caps := mls.NewCapabilities(suite, bindingType)
	for _, e := range in.Extensions {
		caps.Extensions = append(caps.Extensions, mls.ExtensionType(e))
	}
	for _, p := range in.Proposals {
		caps.Proposals = append(caps.Proposals, mls.ProposalType(p))
	}
	cfg := mls.Config{Suite: suite, Signer: id.Signer(), Credential: mls.BasicCredential(public[:]), Capabilities: &caps,
		LeafExtensions: []mls.Extension{{Type: bindingType, Data: b}}, Authenticate: authentic,
		PSK: func(mls.PSKID) ([]byte, error) { return []byte("pre-shared"), nil }}
	if in.NoLeaf || in.Leaf != nil {
		cfg.LeafExtensions = extensions(in.Leaf)
	}
	if in.Credential != nil {
		cfg.Credential = mls.BasicCredential(in.Credential)
	}
	if in.Hours != 0 {
		cfg.Lifetime = time.Duration(in.Hours) * time.Hour
	}
	cfg.Clock = func() time.Time { return time.Now().Add(time.Duration(in.Ahead) * time.Hour) }
	if in.Loose {
		cfg.Authenticate = mls.InsecureAcceptAll
		cfg.Policy.Successor = func(_, _ mls.Credential) error { return nil }
	} else {
		cfg.Policy = profile(&caps)
	}
	members[in.Name] = &member{cfg: cfg}
	return created{Identity: public[:], Binding: b}, nil
}

// binding makes the leaf extension of a member: a fresh mailbox, and hashes of nothing in particular.
func binding(creates bool) []byte {
	box := e2ee.NewMailbox().Card()
	dtls := sha256.Sum256(box.Ed25519[:])
	invite := sha256.Sum256(dtls[:])
	if creates {
		invite = [32]byte{}
	}
	return bytes.Join([][]byte{{1}, dtls[:], invite[:], box.Ed25519[:], {byte(len(box.HPKE))}, box.HPKE, box.Token[:]}, nil)
}

// profile is the policy of package call, for groups of any size.
func profile(caps *mls.Capabilities) mls.Policy {
	return mls.Policy{
		Proposals:    []mls.ProposalType{mls.ProposalAdd, mls.ProposalUpdate, mls.ProposalRemove},
		Capabilities: caps, LeafExtensions: []mls.ExtensionType{bindingType}, MaxLifetime: 49 * time.Hour,
		NoGroupExtensions: true, NoExternal: true, OnlyPrivate: true,
		Commit: func(c mls.CommitInfo) error {
			if c.Sender.Type != mls.SenderMember || c.Sender.Index != 0 {
				return errors.New("only leaf 0 commits")
			}
			return nil
		},
	}
}

func authentic(c mls.Credential, key []byte) error {
	if c.Type != mls.CredentialBasic || len(c.Identity) != e2ee.IDSize || !bytes.Equal(c.Identity[:32], key) {
		return errors.New("not the credential of a call")
	}
	return nil
}

func mlsProtect(in message) (message, error) {
	m, err := find(in.Name)
	if err != nil {
		return message{}, err
	}
	var b []byte
	for range max(1, in.Count) {
		if b, err = m.group.Protect(in.Message, mls.MessageOptions{Padding: in.Padding}); err != nil {
			return message{}, err
		}
	}
	return message{Message: b}, nil
}

// handled is what became of a message.
type handled struct {
	Kind    string `json:"kind"`
	Leaf    uint32 `json:"leaf"`
	Data    []byte `json:"data"`
	Epoch   uint64 `json:"epoch"`
	Removed bool   `json:"removed"`
}

func mlsHandle(in message) (handled, error) {
	m, err := find(in.Name)
	if err != nil {
		return handled{}, err
	}
	r, err := m.group.Handle(in.Message)
	if err != nil {
		return handled{}, err
	}
	h := handled{Leaf: r.Sender.Index, Data: r.Application, Epoch: m.group.Epoch()}
	switch r.Kind {
	case mls.ApplicationData:
		h.Kind = "application"
	case mls.ProposalReceived:
		h.Kind = "proposal"
	case mls.CommitApplied:
		h.Kind, h.Removed = "commit", r.Change.RemovedSelf
	}
	return h, nil
}

// state is what all members must agree on.
type state struct {
	Epoch         uint64   `json:"epoch"`
	Leaf          uint32   `json:"leaf"`
	Authenticator []byte   `json:"authenticator"`
	Base          []byte   `json:"base"` // the SFrame base key
	Leaves        []uint32 `json:"leaves"`
	IDs           [][]byte `json:"ids"`
	Bindings      [][]byte `json:"bindings"`
}

func mlsState(in message) (state, error) {
	m, err := find(in.Name)
	if err != nil {
		return state{}, err
	}
	g := m.group
	s := state{Epoch: g.Epoch(), Leaf: g.OwnLeaf(), Authenticator: g.EpochAuthenticator()}
	if s.Base, err = g.Exporter("SFrame 1.0 Base Key", nil, 32); err != nil {
		return state{}, err
	}
	for _, r := range g.Roster() {
		b, _ := r.LeafNode.Extension(bindingType)
		s.Leaves, s.IDs, s.Bindings = append(s.Leaves, r.Leaf), append(s.IDs, r.Credential.Identity), append(s.Bindings, b)
	}
	return s, nil
}
