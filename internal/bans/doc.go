// Package bans holds no code. Its tests state who may import whom, each rule with its reason, and keep other promises
// about the tree as a whole.
package bans
