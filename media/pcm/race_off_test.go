//go:build !race

package pcm_test

// raceOn is whether the race detector slows everything down.
const raceOn = false
