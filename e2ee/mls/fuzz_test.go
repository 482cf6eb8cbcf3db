package mls

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// corpus adds the published messages, where they are, to what our own tests make.
func corpus(f *testing.F, pick func(v *messagesVector) [][]byte) {
	data, err := os.ReadFile(filepath.Join(os.Getenv("SOTTO_VECTORS"), "mls", "messages.json"))
	if err != nil {
		return
	}
	var list []messagesVector
	if json.Unmarshal(data, &list) != nil {
		return
	}
	for i := range list[:10] {
		for _, b := range pick(&list[i]) {
			f.Add(b)
		}
	}
}

// again checks that what decodes re-encodes to the same bytes: there is one encoding of everything.
func again(t *testing.T, data []byte, v codec) {
	if unmarshal(data, v) == nil && !bytes.Equal(marshal(v), data) {
		t.Fatalf("%T re-encodes to other bytes", v)
	}
}

// FuzzDecoders feeds every decoder.
func FuzzDecoders(f *testing.F) {
	var zero messagesVector
	corpus(f, func(v *messagesVector) (list [][]byte) {
		for _, p := range v.parts() {
			list = append(list, p.data)
		}
		return list
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range zero.parts() {
			again(t, data, p.into())
		}
		for _, v := range []codec{&groupContext{}, &LeafNode{}, &Capabilities{}, &Credential{}, &RequiredCapabilities{}, &updatePath{},
			&authenticatedContent{}, &Proposal{}, &PSKID{}, &senderData{}, &hpkeCiphertext{}, &parentNode{}} {
			again(t, data, v)
		}
		_, _ = parseExternalSenders(data)
		if tr, err := parseTree(data, 64); err == nil {
			_ = tr.checkUnmerged()
			_ = tr.checkUnique()
			if tr.checkUnmerged() == nil {
				_ = tr.checkParentHashes()
			}
			tr.treeHash(tr.root())
		}
	})
}

// FuzzHandle gives a group whatever bytes; it must refuse them and not change.
func FuzzHandle(f *testing.F) {
	g, other := fuzzPair(f)
	message, _ := other.Protect([]byte("x"), MessageOptions{})
	update, _ := other.ProposeUpdate(nil, MessageOptions{Public: true})
	commit, _ := other.Commit(CommitOptions{Public: true, Proposals: []Proposal{ExternalPSK(nil)}})
	for _, m := range [][]byte{message, update, commit.Message} {
		f.Add(m[:len(m)-1])
	}
	corpus(f, func(v *messagesVector) [][]byte {
		return [][]byte{v.Application, v.Proposal, v.CommitMsg, v.Private, v.Welcome}
	})
	before := g.EpochAuthenticator()
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Equal(data, message) || bytes.Equal(data, update) || bytes.Equal(data, commit.Message) {
			return
		}
		if _, err := g.Handle(data); err == nil {
			t.Fatal("accepted")
		}
		if !bytes.Equal(g.EpochAuthenticator(), before) {
			t.Fatal("changed")
		}
	})
}

// FuzzInside is a member's view: content that is signed and encrypted as it should be, but arbitrary.
func FuzzInside(f *testing.F) {
	corpus(f, func(v *messagesVector) [][]byte {
		return [][]byte{v.Commit, v.Add, v.Update, v.Remove, v.ReInit, v.PSK}
	})
	f.Add([]byte{0, 0})
	g, other := fuzzPair(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		g, s := CopyForTest(g), other.s
		for _, kind := range []contentType{contentProposal, contentCommit} {
			a := s.frame(kind, MessageOptions{Public: true})
			r := &reader{b: data}
			if a.content.decodeBody(r); r.end() != nil {
				continue
			}
			a.auth.confirmationTag = make([]byte, hashSize)
			message, err := s.signAndProtect(a, MessageOptions{Public: true})
			if err != nil {
				t.Fatal(err)
			}
			if r, err := g.Handle(message); err == nil && r.Kind == CommitApplied && !r.Change.RemovedSelf {
				t.Fatal("a commit with a wrong confirmation tag")
			}
		}
	})
}

// FuzzJoin feeds the three doors from outside.
func FuzzJoin(f *testing.F) {
	cfg := forgerConfig(f, "x")
	kp, secrets, err := NewKeyPackage(cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kp.Marshal())
	corpus(f, func(v *messagesVector) [][]byte { return [][]byte{v.Welcome, v.GroupInfo, v.KeyPackage} })
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Join(data, secrets, cfg, JoinOptions{}); err == nil {
			t.Fatal("joined")
		}
		_, _, _ = ExternalJoin(data, cfg, ExternalJoinOptions{})
		if other, err := ParseKeyPackage(data); err == nil {
			_ = other.Validate(cfg)
		}
		_, _ = Restore(data, new([32]byte), cfg)
	})
}

// FuzzSavedState feeds the decoder behind Restore, in case a key falls into wrong hands.
func FuzzSavedState(f *testing.F) {
	g, _ := fuzzPair(f)
	f.Add(func() []byte { w := &writer{}; g.s.encode(w); return w.b }())
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &state{c: g.s.c}
		_ = unmarshal(data, s)
	})
}

func fuzzPair(f *testing.F) (*Group, *Group) {
	a, b := forgerConfig(f, "a"), forgerConfig(f, "b")
	first := must(NewGroup([]byte("fuzz"), a))(f)
	kp, secrets, err := NewKeyPackage(b)
	if err != nil {
		f.Fatal(err)
	}
	m := must(first.Commit(CommitOptions{Proposals: []Proposal{Add(kp)}, Path: true}))(f)
	must(first.Merge())(f)
	return first, must(Join(m.Welcome, secrets, b, JoinOptions{}))(f)
}
