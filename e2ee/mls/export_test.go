package mls

import (
	"bytes"
	"maps"
)

// CopyForTest copies a group, so that a test can handle one message several times. Nothing else may ever copy one.
func CopyForTest(g *Group) *Group {
	w := &writer{}
	g.s.encode(w)
	s := &state{c: g.s.c}
	if err := unmarshal(bytes.Clone(w.b), s); err != nil {
		panic(err)
	}
	s.now.tree = g.s.now.tree.clone() // with the hashes that it has
	s.now.private = maps.Clone(g.s.now.private)
	return &Group{s}
}
