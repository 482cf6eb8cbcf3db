package call

import (
	"bytes"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
)

// credentials may be this far from now, for either clock.
const leafLifetime = 24 * time.Hour

// config is this member of the group, held to the profile of a call: these two identities, this suite, this one leaf
// extension, and Add, Update and Remove alone.
func (k *keys) config() mls.Config {
	caps := mls.NewCapabilities(callMLS, bindingType)
	id := k.identity.Public()
	own := binding{dtls: k.certificate.Fingerprint(), box: k.own.Card()}
	if k.role == callee {
		own.invite = k.hInvite
	}
	return mls.Config{
		Suite: callMLS, Signer: k.identity.Signer(), Credential: mls.BasicCredential(id[:]), Capabilities: &caps,
		LeafExtensions: []mls.Extension{own.extension()}, Lifetime: leafLifetime, Authenticate: k.authenticate,
		Policy: mls.Policy{
			Proposals:    []mls.ProposalType{mls.ProposalAdd, mls.ProposalUpdate, mls.ProposalRemove},
			Capabilities: &caps, LeafExtensions: []mls.ExtensionType{bindingType}, MaxLifetime: 2*leafLifetime + time.Hour,
			NoGroupExtensions: true, NoExternal: true, OnlyPrivate: true, Leaf: k.checkLeaf, Commit: k.checkCommit,
		},
	}
}

// authenticate is MLS's authentication service: a member is one of the two identities of this call, whole.
func (k *keys) authenticate(c mls.Credential, signatureKey []byte) error {
	if c.Type != mls.CredentialBasic || len(c.Identity) != e2ee.IDSize || !bytes.Equal(c.Identity[:32], signatureKey) {
		return errAuth
	}
	if id := e2ee.ID(c.Identity); id != k.peer && id != k.identity.Public() {
		return errAuth
	}
	return nil
}

// checkLeaf holds the other side's leaf to what it has said once: certificate, Invite and mailbox are those of the call.
func (k *keys) checkLeaf(l *mls.LeafNode) error {
	if !bytes.Equal(l.Credential.Identity, k.peer[:]) { // its form is not checked yet: authenticate does that
		return nil
	}
	b, err := parseBinding(l)
	if err != nil {
		return err
	}
	if k.bound && (b.dtls != k.expected.dtls || b.invite != k.expected.invite || !sameBox(b.box, k.expected.box)) {
		return errAuth
	}
	return nil
}

// checkCommit: in a call for two the caller alone commits, and nobody comes or goes after the first epoch.
func (k *keys) checkCommit(c mls.CommitInfo) error {
	if c.Sender.Type != mls.SenderMember || c.Sender.Index != 0 {
		return errAuth
	}
	for _, p := range c.Proposals {
		if p.Proposal.Type != mls.ProposalUpdate && c.Epoch > 0 {
			return errAuth
		}
	}
	return nil
}

// keyPackage is the callee's; its private half waits for the Welcome.
func (k *keys) keyPackage() ([]byte, error) {
	kp, secrets, err := mls.NewKeyPackage(k.config())
	if err != nil {
		return nil, err
	}
	k.secrets = &secrets
	return kp.Marshal(), nil
}

// found makes the group for an Accept that has proved to come from the one who was invited.
func (k *keys) found(a *accepted) error {
	box, err := e2ee.NewBox(a.body.Box.Ed25519, a.body.Box.HPKE, a.body.Box.Token)
	if err != nil {
		return err
	}
	kp, err := mls.ParseKeyPackage(a.body.KeyPackage)
	if err != nil {
		return err
	}
	if err := kp.Validate(k.config()); err != nil {
		return err
	}
	b, err := parseBinding(&kp.LeafNode)
	if err != nil {
		return err
	}
	if !bytes.Equal(kp.LeafNode.Credential.Identity, k.peer[:]) || b.invite != k.hInvite || !sameBox(b.box, box) {
		return errAuth
	}
	k.expect(b)
	k.theirs, k.dtlsTheirs, k.hAccept = box, b.dtls, a.hash
	if k.group, err = mls.NewGroup(k.call[:], k.config()); err != nil {
		return err
	}
	c, err := k.group.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}})
	if err != nil {
		return err
	}
	if _, err := k.group.Merge(); err != nil {
		return err
	}
	k.welcome = c.Welcome
	return k.began(a.body.Streams)
}

// joined joins the group of a Welcome that has proved to come from the caller, and holds it to what the Invite said.
func (k *keys) joined(w *welcomed) error {
	nonce := [nonceSize]byte(w.body.Nonce)
	if c := e2ee.SASCommit(k.call, nonce); !bytes.Equal(c[:], k.invite.Commitment) {
		return fmt.Errorf("%w: the nonce is not the one that was committed to", errAuth)
	}
	g, err := mls.Join(w.body.Welcome, *k.secrets, k.config(), mls.JoinOptions{})
	if err != nil {
		return err
	}
	k.group = g
	members := g.Roster()
	if !bytes.Equal(g.GroupID(), k.call[:]) || g.Suite() != callMLS || g.Epoch() != 1 || len(g.Extensions()) != 0 ||
		len(members) != 2 || g.OwnLeaf() != 1 || members[0].Leaf != 0 ||
		!bytes.Equal(members[0].Credential.Identity, k.peer[:]) {
		return fmt.Errorf("%w: not the group that was promised", errAuth)
	}
	if err := k.checkLeaf(members[0].LeafNode); err != nil {
		return err
	}
	return k.began(w.body.Streams)
}

// began installs the first epoch, and what the other side has declared to send.
func (k *keys) began(theirs []stream) error {
	if err := k.frames.Declare(k.theirLeaf(), declared(theirs)); err != nil {
		return err
	}
	return k.install()
}

// install makes the receive keys of the group's epoch.
func (k *keys) install() error {
	secret, err := k.group.Exporter("SFrame 1.0 Base Key", nil, callSFrame.KeySize())
	if err != nil {
		return err
	}
	defer clear(secret)
	e := e2ee.FrameEpoch{Number: k.group.Epoch(), BaseKey: secret, Own: k.group.OwnLeaf()}
	for _, m := range k.group.Roster() {
		e.Leaves = append(e.Leaves, m.Leaf)
	}
	return k.frames.Install(e)
}

// encrypt makes an MLS PrivateMessage.
func (k *keys) encrypt(plain []byte) ([]byte, error) {
	if k.group == nil {
		return nil, ErrState
	}
	return k.group.Protect(plain, mls.MessageOptions{})
}

// epoch is what the machine must know of the group.
func (k *keys) epoch() inGroup {
	return inGroup{Epoch: k.group.Epoch(), Auth: hash(k.group.EpochAuthenticator())}
}
