// Package g711 codes sound by ITU-T G.711: PCMU (µ-law) and PCMA (A-law), one byte a sample at 8 kHz (RFC 3551, section
// 4.5.14). It is the codec that every peer has and that costs nothing.
//
// All four functions append and are pure: any goroutine may call them, any bytes are valid, and memory is allocated only where
// the destination has no room. Samples are of 16 bits; µ-law keeps 14 of them and A-law 13, each with a step that grows with
// the level, for about 38 dB between speech and the coding's noise.
package g711
