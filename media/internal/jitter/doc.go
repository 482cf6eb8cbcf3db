// Package jitter is an adaptive jitter buffer for received sound: encoded packets go in when the network brings them, an
// even stream of samples comes out.
//
// Begin with [New]. [Buffer.Put] takes a packet with the media time it belongs to, in any order, twice or late;
// [Buffer.Pull] fills 10 ms at a time and always has something to give: sound, concealment or silence. Whoever calls Pull is
// the playout clock. [Buffer.Stats] says what happened.
//
// How long packets wait follows from how late they come. The delay of a packet is when it came less its media time. Of the
// delays of the last ten seconds the buffer takes the one that is the best bargain between waiting longer and missing more
// packets, within the limits of [Config]. Sound is then played faster or slower, a pitch period at a time, until the
// delay is there; that also takes up the difference between the sender's clock and the player's. What is missing at its turn is
// recovered from the next packet (in-band FEC), concealed by the decoder, or concealed by repeating the last pitch period,
// which fades to silence. Where packets stay out for longer (a muted sender, DTX) the buffer pauses, and starts anew, at
// the target delay, with the first packet that is not too old.
//
// The package is pure: no goroutine, no clock, no randomness. A Buffer is for one goroutine at a time; callers that
// Put and Pull on two of them lock. Put and Pull allocate nothing.
//
// Limits: a buffer holds two seconds or 256 packets, the oldest go first. Packets are placed by their media time alone; a
// stream that restarts with other times is followed after three packets, times that shift by less than a second within half
// a second or so. There is no comfort noise: what a decoder does not make itself is silence.
//
// The ideas are those of NetEq, the jitter buffer of WebRTC, as its documentation has them; the pitch repetition is
// that of ITU-T G.711 Appendix I.
package jitter
