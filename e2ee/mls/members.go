package mls

import "slices"

// checkMembers is the part of section 7.3 that concerns all members together, under these GroupContext extensions:
// keys are unique; everyone supports every credential type in use, every extension of the group, and what it requires.
func (t *tree) checkMembers(extensions []Extension) error {
	if err := t.checkUnique(); err != nil {
		return err
	}
	required, err := requiredOf(extensions)
	if err != nil {
		return err
	}
	inUse := t.credentialTypes()
	for _, l := range t.leaves {
		if err := l.supports(extensions, required, inUse); err != nil {
			return err
		}
	}
	return nil
}

func (l *LeafNode) supports(extensions []Extension, required RequiredCapabilities, credentials []CredentialType) error {
	for _, e := range extensions {
		if !l.Capabilities.supportsExtension(e.Type) {
			return invalid("a member does not support the group's extension %d", e.Type)
		}
	}
	for _, c := range credentials {
		if !slices.Contains(l.Capabilities.Credentials, c) {
			return invalid("a member does not support credential type %d, which is in use", c)
		}
	}
	return l.Capabilities.satisfies(required)
}

func (t *tree) credentialTypes() []CredentialType {
	var types []CredentialType
	for _, l := range t.leaves {
		if !slices.Contains(types, l.Credential.Type) {
			types = append(types, l.Credential.Type)
		}
	}
	return types
}

// checkUnique verifies that no encryption key stands in two nodes, and no signature key in two leaves.
func (t *tree) checkUnique() error {
	encryption := make(map[string]bool, len(t.nodes))
	signature := make(map[string]bool, t.width())
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.blank() {
			continue
		}
		if encryption[string(n.key())] {
			return invalid("one encryption key in two nodes")
		}
		encryption[string(n.key())] = true
		if n.leaf == nil {
			continue
		}
		if signature[string(n.leaf.SignatureKey)] {
			return invalid("one signature key in two leaves")
		}
		signature[string(n.leaf.SignatureKey)] = true
	}
	return nil
}

// checkUnmerged verifies the lists of unmerged leaves (section 12.4.3.1): each entry is a member below the node, and
// stands in the lists of all parents in between.
func (t *tree) checkUnmerged() error {
	for i := range t.nodes {
		p := t.nodes[i].parent
		if p == nil {
			continue
		}
		for _, leaf := range p.unmerged {
			if !nodeIndex(i).covers(leaf) || t.leafAt(leaf) == nil {
				return invalid("unmerged leaf %d is no member below its node", leaf)
			}
			for x := leafNode(leaf).parent(); x != nodeIndex(i); x = x.parent() {
				if q := t.parent(x); q != nil && !slices.Contains(q.unmerged, leaf) {
					return invalid("unmerged leaf %d is missing in a node between", leaf)
				}
			}
		}
	}
	return nil
}

// validate is all that a joiner verifies of a tree but its hash (sections 7.3, 7.9.2 and 12.4.3.1). Signatures are most
// of the work, and are done on all cores.
func (t *tree) validate(c *config, groupID []byte, extensions []Extension) error {
	if err := t.checkUnmerged(); err != nil {
		return err
	}
	if err := t.checkParentHashes(); err != nil {
		return err
	}
	if err := t.checkMembers(extensions); err != nil {
		return err
	}
	var at []uint32
	for i, l := range t.leaves {
		if err := c.checkMember(l); err != nil {
			return err
		}
		at = append(at, i)
	}
	for i := range t.nodes {
		if p := t.nodes[i].parent; p != nil {
			if err := c.suite.checkEncryptionKey(p.key); err != nil {
				return err
			}
		}
	}
	return parallel(len(at), func(k int) error {
		return t.leafAt(at[k]).verify(c.suite, groupID, at[k])
	})
}
