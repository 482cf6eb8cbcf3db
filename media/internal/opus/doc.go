// Package opus encodes and decodes Opus (RFC 6716, RFC 8251) for speech in calls. Use NewEncoder and NewDecoder first; one of
// each per stream.
//
// # What runs
//
// A decoder is libopus 1.3.1 as WebAssembly, compiled to machine code by wazero: it needs neither cgo nor a library of the system,
// and what a hostile packet could break lies in a memory of 320 kB that has no way out. A packet that makes libopus fail costs that
// stream its history, and the caller sees ErrPacket. An encoder is the same module without cgo; with cgo it is the libopus that
// pion/mediadevices brings along, since samples of our own need no sandbox. The table says what is where.
//
//	                                     decodes             encodes
//	amd64 and arm64 on Linux, macOS,     sandbox             sandbox; with cgo (not on FreeBSD,
//	Windows, FreeBSD                                         nor arm64 Windows) native libopus
//	32-bit ARM on Linux                  pion/opus           with cgo only
//	others                               pion/opus           no: ErrUnsupported
//
// Where a machine forbids memory to become executable (systemd's MemoryDenyWriteExecute), or has no SSE 4.1, it counts as one of
// the others. Decoders without the sandbox neither conceal nor recover: ErrUnsupported.
//
// # For private speech
//
// Bitrate is constant unless Config says otherwise: packets of variable length give phrases away to whoever counts their bytes. All
// packets are then of Bitrate times the frame's length, in speech, music and silence. With Loss above 0 each packet carries the
// frame before it once more where libopus codes it as speech (SILK or hybrid); it may code what it takes for music without.
//
// Both together have a price that pure tones pay: where a frame and its copy do not fit into the constant size, libopus 1.3.1
// empties the frame. A sine of 110 to 500 Hz then has holes of 20 ms, native or in the sandbox, by the rate and by how it
// begins; in speech none was found. Two sines, one on each side of a stereo stream, do worse: noise, up to full scale, for some
// tenths of a second; in speech and melodies none was found.
//
// # What it costs
//
// For 20 ms at 48 kHz, one channel, 32 kb/s, on a 2-core Xeon: decoding 55 µs, concealing 49 µs, recovering 54 µs. Encoding in
// the sandbox takes 0.23 ms at libopus's complexity 0, 0.5 to 0.8 ms at 5, 0.7 to 1.1 ms at 6 and above 1.1 ms at 9. It is run at 5, so
// that a stream takes no more than some 4 % of a core; what is lost against 9 is the search for the best noise shaping and the
// detector of music. Native encoding is run at 9.
//
// The first encoder or decoder that needs the sandbox compiles it: 0.17 s, once a process, during which others wait. Make one
// before the first call where that matters. A further one takes 0.1 ms and 400 kB. Neither encoding nor decoding allocates memory.
//
// # Goroutines
//
// Encoders and decoders are used by any goroutine, and a mutex lets one call in at a time. None starts a goroutine. Close frees
// what they hold, which the garbage collector alone does not; after it they return ErrClosed.
package opus
