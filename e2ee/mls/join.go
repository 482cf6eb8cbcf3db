package mls

import (
	"bytes"
	"slices"
)

// JoinOptions are what Join needs besides the Welcome. The zero value will do where the Welcome holds the tree.
type JoinOptions struct {
	// RatchetTree is the tree (Group.RatchetTree) where the Welcome does not hold it.
	RatchetTree []byte
	// From is the group that was branched or reinitialised into the new one; needed for those.
	From *Group
	// Exists reports whether we are already in a group of that name. Nil: we are in none.
	Exists func(groupID []byte) bool
}

// Join enters a group by a Welcome (section 12.4.3.1), with the private half of the KeyPackage that was added. It
// verifies all that the RFC demands, every member's credential with cfg.Authenticate, and cfg.Policy. cfg must be the
// one that the KeyPackage was made with. The secrets are destroyed when it succeeds.
func Join(message []byte, secrets KeyPackageSecrets, cfg Config, o JoinOptions) (*Group, error) {
	c, err := cfg.prepare(true)
	if err != nil {
		return nil, err
	}
	if len(message) > c.Limits.Message {
		return nil, limited("a message of %d bytes", len(message))
	}
	if secrets.p == nil || secrets.p.init == nil {
		return nil, ErrState
	}
	w := &welcome{}
	if err := unmarshalMessage(message, wireWelcome, w); err != nil {
		return nil, err
	}
	j := &joiner{c: c, key: secrets.p, o: o}
	e, err := j.join(w)
	if err != nil {
		return nil, err
	}
	secrets.Destroy()
	return newGroup(c, e), nil
}

// joiner holds what is known on the way into a group.
type joiner struct {
	c       *config
	key     *keyPackageSecrets
	o       JoinOptions
	secrets *groupSecrets
	info    *groupInfo
	tree    *tree
	own     uint32
	private privateTree
}

func (j *joiner) join(w *welcome) (e *epoch, err error) {
	if j.secrets, err = w.open(j.c.suite, j.key); err != nil {
		return nil, err
	}
	defer j.secrets.destroy()
	if err := j.checkPSKs(); err != nil {
		return nil, err
	}
	psk, err := pskFor(j, j.secrets.psks)
	if err != nil {
		return nil, err
	}
	defer clear(psk)
	member := memberSecret(j.secrets.joiner, psk)
	defer clear(member)
	if err := j.openInfo(w, member); err != nil {
		return nil, err
	}
	if err := j.c.checkInfo(j.info, j.tree, j.o); err != nil {
		return nil, err
	}
	if err := j.checkOrigin(); err != nil {
		return nil, err
	}
	if err := j.place(); err != nil {
		return nil, err
	}
	context := j.info.context
	e = newEpoch(j.c.suite, context, j.tree, j.own, j.private, epochSecret(member, marshal(&context)))
	if !equalMAC(e.confirmationTag, j.info.confirmationTag) {
		e.destroy()
		return nil, unauthentic("confirmation tag")
	}
	return e, nil
}

// openInfo decrypts the GroupInfo and takes the tree out of it.
func (j *joiner) openInfo(w *welcome, member []byte) error {
	s := j.c.suite
	k := s.welcomeKeys(member)
	defer k.destroy()
	plain, err := s.open(k.key, k.nonce, w.groupInfo, nil)
	if err != nil {
		return err
	}
	j.info = &groupInfo{}
	if err := unmarshal(plain, j.info); err != nil {
		return err
	}
	j.tree, err = j.info.ratchetTree(j.o.RatchetTree, j.c.Limits)
	return err
}

// checkInfo verifies a GroupInfo and its tree before they are believed: signature, suite, name, extensions, tree.
func (c *config) checkInfo(info *groupInfo, t *tree, o JoinOptions) error {
	context := &info.context
	if context.suite != c.suite.id {
		return invalid("group of suite 0x%04x", uint16(context.suite))
	}
	if err := info.verify(c.suite, t); err != nil {
		return err
	}
	if o.Exists != nil && o.Exists(bytes.Clone(context.groupID)) {
		return invalid("we are already in a group of this name")
	}
	if err := c.checkGroupExtensions(context.extensions); err != nil {
		return err
	}
	if _, ok := findExtension(info.extensions, ExtensionExternalPub); ok && c.Policy.NoExternal {
		return refused("a group open to external commits")
	}
	return t.validate(c, context.groupID, context.extensions)
}

// place finds our leaf and sets the private keys that we have (section 12.4.3.1).
func (j *joiner) place() error {
	own, ok := j.tree.find(&j.key.public.LeafNode)
	if !ok {
		return invalid("our leaf is not in the tree")
	}
	j.own = own
	j.private = privateTree{leafNode(own): j.key.leaf}
	if j.secrets.pathSecret == nil {
		return nil
	}
	if j.info.signer == own {
		return invalid("path secret from ourselves")
	}
	x := commonAncestor(own, j.info.signer)
	var steps []pathStep
	for _, p := range j.tree.directPath(own) {
		if p.level() >= x.level() && j.tree.parent(p) != nil {
			steps = append(steps, pathStep{node: p})
		}
	}
	if len(steps) == 0 || steps[0].node != x {
		return invalid("path secret of a blank node")
	}
	secret, err := j.c.suite.implant(j.tree, steps, j.private, bytes.Clone(j.secrets.pathSecret))
	clear(secret)
	return err
}

// psk finds the resumption secret of the group that ours comes from, and asks the caller for the rest.
func (j *joiner) psk(id *PSKID) ([]byte, error) {
	if j.o.From != nil && j.o.From.s != nil && id.Type == PSKResumption {
		return j.o.From.s.psk(id)
	}
	return j.c.psk(id)
}

// checkPSKs verifies the form of the PSK list: at most one says that the group is a branch or a reinitialisation.
func (j *joiner) checkPSKs() error {
	origins := 0
	for i := range j.secrets.psks {
		if err := checkPSK(&j.secrets.psks[i], true); err != nil {
			return err
		}
		if isOrigin(j.secrets.psks[i]) {
			origins++
		}
	}
	if origins > 1 {
		return invalid("two PSKs of usage reinit or branch")
	}
	return nil
}

func isOrigin(id PSKID) bool { return id.Type == PSKResumption && id.Usage != UsageApplication }

// checkOrigin verifies a group that claims to come from another one: its first epoch, the old one's parameters, and
// members that fit (sections 11.2 and 11.3).
func (j *joiner) checkOrigin() error {
	i := slices.IndexFunc(j.secrets.psks, isOrigin)
	if i < 0 {
		if j.o.From != nil {
			return invalid("the Welcome is not of a branch or reinitialisation")
		}
		return nil
	}
	if j.o.From == nil || j.o.From.s == nil {
		return ErrUnknown
	}
	old, id := j.o.From.s, &j.secrets.psks[i]
	if !bytes.Equal(id.GroupID, old.now.context.groupID) {
		return invalid("PSK of another group than the one it came from")
	}
	if j.info.context.epoch != 1 {
		return invalid("first epoch %d of a branch or reinitialisation", j.info.context.epoch)
	}
	if id.Usage == UsageBranch {
		return j.checkBranch(old)
	}
	return j.checkReInit(old, id)
}

func (j *joiner) checkBranch(old *state) error {
	if j.info.context.suite != old.now.context.suite {
		return invalid("branch with another suite")
	}
	return j.c.containsClients(old.now.tree, j.tree)
}

func (j *joiner) checkReInit(old *state, id *PSKID) error {
	r, context := old.reinit, &j.info.context
	if r == nil || id.Epoch != old.now.context.epoch {
		return invalid("the old group was not closed by a ReInit")
	}
	if !bytes.Equal(r.GroupID, context.groupID) || r.Version != ProtocolVersion10 || r.Suite != context.suite ||
		!equalExtensions(r.Extensions, context.extensions) {
		return invalid("group with other parameters than its ReInit")
	}
	return j.c.containsClients(j.tree, old.now.tree)
}

// containsClients verifies that each client of part is in whole. Credentials that are equal are of one client; others
// are if Policy.Successor says so.
func (c *config) containsClients(whole, part *tree) error {
	for _, l := range part.leaves {
		found := false
		for _, o := range whole.leaves {
			found = found || c.sameClient(o.Credential, l.Credential)
		}
		if !found {
			return invalid("a member that the other group does not have")
		}
	}
	return nil
}

func (c *config) sameClient(a, b Credential) bool {
	return a.Equal(b) || c.Policy.Successor != nil && c.Policy.Successor(a.clone(), b.clone()) == nil
}
