package main

import (
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// proposal is a change in requests: Type is add, remove, update, psk, reinit or extensions, and the fields that go with it.
type proposal struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	KeyPackage []byte      `json:"keyPackage"`
	Removed    uint32      `json:"removed"`
	Leaf       []extension `json:"leaf"`     // of an update: other leaf extensions
	Identity   []byte      `json:"identity"` // of an update: another credential
	Public     bool        `json:"public"`   // as PublicMessage
	Extensions []extension `json:"extensions"`
}

// commit says what a commit holds and how it is made.
type commit struct {
	Name        string      `json:"name"`
	Proposals   []proposal  `json:"proposals"`
	Path        bool        `json:"path"`
	Public      bool        `json:"public"`
	OmitTree    bool        `json:"omitTree"`
	ExternalPub bool        `json:"externalPub"`
	Leaf        []extension `json:"leaf"`
	Identity    []byte      `json:"identity"`
	Padding     int         `json:"padding"`
	Stay        bool        `json:"stay"` // in the old epoch: the commit is not merged
}

type committed struct {
	Commit  []byte `json:"commit"`
	Welcome []byte `json:"welcome"`
}

func init() {
	on("mls.propose", mlsPropose)
	on("mls.commit", mlsCommit)
	on("mls.drop", func(in message) (nothing, error) {
		m, err := find(in.Name)
		if err == nil {
			m.group.DropProposals()
		}
		return nothing{}, err
	})
	on("mls.external", mlsExternal)
}

func leafChange(list []extension, identity []byte) *mls.LeafChange {
	if list == nil && identity == nil {
		return nil
	}
	l := &mls.LeafChange{Extensions: extensions(list)}
	if identity != nil {
		c := mls.BasicCredential(identity)
		l.Credential = &c
	}
	return l
}

func (p proposal) parse() (mls.Proposal, error) {
	switch p.Type {
	case "add":
		kp, err := mls.ParseKeyPackage(p.KeyPackage)
		if err != nil {
			return mls.Proposal{}, err
		}
		return mls.Add(kp), nil
	case "remove":
		return mls.Remove(p.Removed), nil
	case "psk":
		return mls.ExternalPSK([]byte("name")), nil
	case "reinit":
		return mls.Reinitialize([]byte("next"), mls.X25519ChaCha), nil
	case "extensions":
		return mls.SetExtensions(extensions(p.Extensions)...), nil
	}
	return mls.Proposal{}, fmt.Errorf("no proposal %q", p.Type)
}

func mlsPropose(in proposal) (message, error) {
	m, err := find(in.Name)
	if err != nil {
		return message{}, err
	}
	o := mls.MessageOptions{Public: in.Public}
	if in.Type == "update" {
		b, err := m.group.ProposeUpdate(leafChange(in.Leaf, in.Identity), o)
		return message{Message: b}, err
	}
	p, err := in.parse()
	if err != nil {
		return message{}, err
	}
	b, err := m.group.Propose(p, o)
	return message{Message: b}, err
}

func mlsCommit(in commit) (committed, error) {
	m, err := find(in.Name)
	if err != nil {
		return committed{}, err
	}
	o := mls.CommitOptions{Path: in.Path, Public: in.Public, OmitTree: in.OmitTree, ExternalPub: in.ExternalPub,
		Leaf: leafChange(in.Leaf, in.Identity), Padding: in.Padding}
	for _, p := range in.Proposals {
		parsed, err := p.parse()
		if err != nil {
			return committed{}, err
		}
		o.Proposals = append(o.Proposals, parsed)
	}
	c, err := m.group.Commit(o)
	if err != nil {
		return committed{}, err
	}
	if in.Stay {
		m.group.Discard()
	} else if _, err = m.group.Merge(); err != nil {
		return committed{}, err
	}
	return committed{Commit: c.Message, Welcome: c.Welcome}, nil
}

// mlsExternal enters the group of one member as another, without being added.
func mlsExternal(in struct {
	Name string `json:"name"`
	Of   string `json:"of"`
}) (message, error) {
	m, err := find(in.Name)
	if err != nil {
		return message{}, err
	}
	of, err := find(in.Of)
	if err != nil {
		return message{}, err
	}
	info, err := of.group.GroupInfo(mls.GroupInfoOptions{ExternalPub: true})
	if err != nil {
		return message{}, err
	}
	_, b, err := mls.ExternalJoin(info, m.cfg, mls.ExternalJoinOptions{})
	return message{Message: b}, err
}
