//go:build !race

package jitter

// slower is by how much the long runs are shorter under the race detector, which this is not.
const slower = 1
