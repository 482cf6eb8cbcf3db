package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/wire"
)

// A person is a random identity with contacts in memory, by a name that the test gives.
type person struct {
	id       *e2ee.Identity
	contacts *e2ee.Contacts
}

var people = map[string]*person{}

func whois(name string) (*person, error) {
	if p, ok := people[name]; ok {
		return p, nil
	}
	return nil, fmt.Errorf("no person %q: make them by the op person", name)
}

// named is the request of every op that somebody does.
type named struct {
	Who string `json:"who"`
}

type boxJSON struct {
	Ed25519 []byte `json:"ed25519"`
	HPKE    []byte `json:"hpke"`
	Token   []byte `json:"token"`
}

func (b boxJSON) box() (e2ee.Box, error) { return e2ee.NewBox(b.Ed25519, b.HPKE, b.Token) }

func boxOut(b e2ee.Box) boxJSON { return boxJSON{b.Ed25519[:], b.HPKE, b.Token[:]} }

type messageJSON struct {
	From []byte `json:"from,omitempty"`
	To   []byte `json:"to"`
	Call []byte `json:"call"`
	Seq  uint64 `json:"seq"`
	Time int64  `json:"time"`
	Type uint64 `json:"type"`
	Body []byte `json:"body"`
	Ref  []byte `json:"ref,omitempty"`
	Hash []byte `json:"hash,omitempty"`
}

func (m messageJSON) message() (e2ee.Message, error) {
	to, err := e2ee.NewID(m.To)
	if err != nil || len(m.Call) != 32 {
		return e2ee.Message{}, errors.New("a message needs an id and a call of 32 bytes")
	}
	return e2ee.Message{To: to, Call: [32]byte(m.Call), Seq: m.Seq, Time: time.UnixMilli(m.Time), Type: m.Type, Body: m.Body, Ref: m.Ref}, nil
}

func messageOut(m e2ee.Message, hash [32]byte) messageJSON {
	return messageJSON{m.From[:], m.To[:], m.Call[:], m.Seq, m.Time.UnixMilli(), m.Type, m.Body, m.Ref, hash[:]}
}

func init() {
	type made struct {
		ID      []byte `json:"publicID"`
		Text    string `json:"text"`
		Address []byte `json:"address"`
	}
	on("person", func(in named) (made, error) {
		id := e2ee.Generate()
		contacts, err := e2ee.OpenContacts("", id)
		people[in.Who] = &person{id, contacts}
		p, a := id.Public(), id.Public().Address()
		return made{p[:], e2ee.FormatID(p), a[:]}, err
	})

	type sealed struct {
		Box  []byte `json:"box"`
		Hash []byte `json:"hash,omitempty"`
	}
	type seal struct {
		named
		Box     boxJSON     `json:"box"`
		Message messageJSON `json:"message"`
	}
	on("seal", func(in seal) (out sealed, err error) {
		p, err1 := whois(in.Who)
		to, err2 := in.Box.box()
		m, err3 := in.Message.message()
		if err := errors.Join(err1, err2, err3); err != nil {
			return out, err
		}
		box, hash, err := p.id.Seal(to, m)
		return sealed{box, hash[:]}, err
	})

	type notice struct {
		seal
		Video bool `json:"video"`
	}
	on("seal notice", func(in notice) (out sealed, err error) {
		p, err1 := whois(in.Who)
		to, err2 := in.Box.box()
		m, err3 := in.Message.message()
		if err := errors.Join(err1, err2, err3); err != nil {
			return out, err
		}
		box, err := p.id.SealNotice(to, m.To, m.Call, m.Time, in.Video)
		return sealed{Box: box}, err
	})

	type open struct {
		named
		Box []byte `json:"box"`
	}
	on("open", func(in open) (out messageJSON, err error) {
		p, err := whois(in.Who)
		if err != nil {
			return out, err
		}
		m, hash, err := p.id.Mailbox().Open(in.Box, p.id.Public())
		return messageOut(m, hash), err
	})

	type pair struct {
		A, B   []byte
		S, T   string
		Number string `json:"number"`
		Same   bool   `json:"same"`
		Alike  bool   `json:"alike"`
	}
	on("safety number", func(in pair) (pair, error) {
		a, err1 := e2ee.NewID(in.A)
		b, err2 := e2ee.NewID(in.B)
		return pair{Number: e2ee.SafetyNumber(a, b)}, errors.Join(err1, err2)
	})
	on("names", func(in pair) (pair, error) {
		return pair{Same: e2ee.SameName(in.S, in.T), Alike: e2ee.LookAlike(in.S, in.T)}, nil
	})
}

// every is a form with a field of each kind that the protocol's forms have.
type every struct {
	Uint  uint64   `cbor:"1,keyasint"`
	Bytes []byte   `cbor:"2,keyasint"`
	Text  string   `cbor:"3,keyasint,omitempty"`
	Texts []string `cbor:"4,keyasint,omitempty"`
	Bool  bool     `cbor:"5,keyasint,omitempty"`
	Inner *struct {
		Uint uint16 `cbor:"1,keyasint"`
	} `cbor:"6,keyasint,omitempty"`
}

func init() {
	type batch struct {
		Items    [][]byte `json:"items,omitempty"`
		Accepted []bool   `json:"accepted"`
	}
	// As package e2ee reads: what is accepted is what is written again.
	on("cbor", func(in batch) (out batch, err error) {
		for _, b := range in.Items {
			var v every
			again := []byte(nil)
			if err := wire.Unmarshal(b, &v, 4096); err == nil {
				again, _ = wire.Marshal(v)
			}
			out.Accepted = append(out.Accepted, again != nil && bytes.Equal(again, b))
		}
		return out, nil
	})
}

type letterJSON struct {
	To     boxJSON  `json:"to"`
	Relays []string `json:"relays"`
	Sealed []byte   `json:"sealed"`
	Text   string   `json:"text"`
}

func letterOut(l e2ee.Letter, err error) (letterJSON, error) {
	if err != nil {
		return letterJSON{}, err
	}
	return letterJSON{boxOut(l.To), l.Relays, l.Sealed, l.Text()}, nil
}

type contactJSON struct {
	ID      []byte   `json:"publicID"`
	Name    string   `json:"name"`
	Claimed string   `json:"claimed"`
	State   string   `json:"state"`
	Token   []byte   `json:"token"`
	Relays  []string `json:"relays"`
	Blocked bool     `json:"blocked"`
}

func contactOut(c e2ee.Contact, err error) (contactJSON, error) {
	return contactJSON{c.ID[:], c.Name, c.Claimed, c.State.String(), c.Token[:], c.Relays, c.Blocked}, err
}

// onPerson is on for an op that somebody does, with fields of the request in one struct for all of them.
func onPerson[Out any](op string, do func(p *person, in contactsRequest) (Out, error)) {
	on(op, func(in contactsRequest) (out Out, err error) {
		p, err := whois(in.Who)
		if err != nil {
			return out, err
		}
		return do(p, in)
	})
}

type contactsRequest struct {
	named
	ID     []byte   `json:"publicID"`
	Label  string   `json:"label"`
	Relays []string `json:"relays"`
	TTL    int64    `json:"ttl"` // milliseconds
	Text   string   `json:"text"`
	Box    []byte   `json:"box"`
}

type textJSON struct {
	Text string `json:"text"`
}

func init() {
	onPerson("set profile", func(p *person, in contactsRequest) (nothing, error) {
		return nothing{}, p.contacts.SetProfile(e2ee.Profile{Name: in.Label, Relays: in.Relays})
	})
	onPerson("invite", func(p *person, in contactsRequest) (textJSON, error) {
		inv, err := p.contacts.Invite(time.Duration(in.TTL)*time.Millisecond, in.Label)
		if err != nil {
			return textJSON{}, err
		}
		return textJSON{inv.URI()}, nil
	})
	onPerson("use", func(p *person, in contactsRequest) (letterJSON, error) {
		inv, err := e2ee.ParseInvitation(in.Text)
		if err != nil {
			return letterJSON{}, err
		}
		return letterOut(p.contacts.Use(inv, in.Label))
	})
	onPerson("confirm", func(p *person, in contactsRequest) (letterJSON, error) {
		id, err := e2ee.NewID(in.ID)
		if err != nil {
			return letterJSON{}, err
		}
		return letterOut(p.contacts.Confirm(id, in.Label))
	})
	onPerson("receive", func(p *person, in contactsRequest) (contactJSON, error) {
		m, hash, err := p.id.Mailbox().Open(in.Box, p.id.Public())
		if err != nil {
			return contactJSON{}, err
		}
		return contactOut(p.contacts.Receive(m, hash))
	})
	onPerson("receive text", func(p *person, in contactsRequest) (contactJSON, error) {
		return contactOut(p.contacts.ReceiveText(in.Text))
	})
	onPerson("lookup", func(p *person, in contactsRequest) (contactJSON, error) {
		id, err := e2ee.NewID(in.ID)
		if err != nil {
			return contactJSON{}, err
		}
		c, ok := p.contacts.Lookup(id)
		if !ok {
			return contactJSON{}, e2ee.ErrNoContact
		}
		return contactOut(c, nil)
	})
	onPerson("card", func(p *person, in contactsRequest) (textJSON, error) {
		id, err := e2ee.NewID(in.ID)
		if err != nil {
			return textJSON{}, err
		}
		c, err := p.contacts.CardFor(id)
		if err != nil {
			return textJSON{}, err
		}
		return textJSON{c.URI()}, nil
	})
	onPerson("add card", func(p *person, in contactsRequest) (contactJSON, error) {
		card, err := e2ee.ParseCard(in.Text)
		if err != nil {
			return contactJSON{}, err
		}
		return contactOut(p.contacts.Add(card, in.Label))
	})
	type hashes struct {
		Hashes [][]byte `json:"hashes"`
		Missed int      `json:"missed"`
	}
	onPerson("tokens", func(p *person, _ contactsRequest) (out hashes, err error) {
		for _, h := range p.contacts.TokenHashes() {
			out.Hashes = append(out.Hashes, bytes.Clone(h[:]))
		}
		out.Missed = len(p.contacts.Notices())
		return out, nil
	})
	onPerson("revoke", func(p *person, in contactsRequest) (out textJSON, err error) {
		next := people[in.Label]
		if next == nil {
			next = &person{}
		}
		b, err := p.id.Revoke(time.Now(), next.id)
		return textJSON{e2ee.FormatRevocation(b)}, err
	})
}
