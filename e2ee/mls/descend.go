package mls

import "fmt"

// Branch makes a new group of some of our members (section 11.3), in which everyone proves to have been in this one.
// cfg is ours there, of this group's suite; the KeyPackages are fresh ones of the others. It returns the group, in its
// epoch 1, and the Welcome for them; they join with JoinOptions.From set to this group.
func (g *Group) Branch(groupID []byte, cfg Config, members []*KeyPackage, extensions ...Extension) (*Group, *Commit, error) {
	if err := g.usable(); err != nil {
		return nil, nil, err
	}
	if cfg.Suite != 0 && cfg.Suite != g.Suite() {
		return nil, nil, invalid("branch with another suite")
	}
	cfg.Suite = g.Suite()
	n, c, err := g.descend(groupID, cfg, UsageBranch, members, extensions)
	if err != nil {
		return nil, nil, err
	}
	return n, c, n.s.c.containsClients(g.s.now.tree, n.s.now.tree)
}

// Reinitialize makes the group for which the last commit closed this one (section 11.2), of the same members: their
// KeyPackages must be all of them. cfg is ours there; its suite is taken from the ReInit. The others join with
// JoinOptions.From set to the old group.
func (g *Group) Reinitialize(cfg Config, members []*KeyPackage) (*Group, *Commit, error) {
	if g.s == nil || g.s.reinit == nil {
		return nil, nil, fmt.Errorf("%w: no ReInit has been committed", ErrState)
	}
	r := g.s.reinit
	cfg.Suite = r.Suite
	n, c, err := g.descend(r.GroupID, cfg, UsageReInit, members, r.Extensions)
	if err != nil {
		return nil, nil, err
	}
	return n, c, n.s.c.containsClients(n.s.now.tree, g.s.now.tree)
}

// descend founds a group whose first commit mixes in this one's resumption secret.
func (g *Group) descend(groupID []byte, cfg Config, usage ResumptionUsage, members []*KeyPackage, extensions []Extension) (*Group, *Commit, error) {
	n, err := NewGroup(groupID, cfg, extensions...)
	if err != nil {
		return nil, nil, err
	}
	proposals := []Proposal{{Type: ProposalPSK, PSK: resumptionID(usage, g.s.now.context.groupID, g.s.now.context.epoch)}}
	for _, kp := range members {
		proposals = append(proposals, Add(kp))
	}
	n.s.from = g.s
	c, err := n.Commit(CommitOptions{Proposals: proposals, Path: true, founding: true})
	if err != nil {
		return nil, nil, err
	}
	n.s.from = nil
	_, err = n.Merge()
	return n, c, err
}
