// Package pulse is microphones and speakers through PulseAudio, or through PipeWire's server of the same protocol, in
// pure Go.
//
// # Use
//
// Microphone and Speaker fit the Open functions of package pcm:
//
//	mic, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: pulse.Microphone("")})
//	speaker, err := pcm.NewSpeaker(pcm.SpeakerConfig{Open: pulse.Speaker("")})
//
// List says what there is, Watch when that changes. Echo: this package cancels none. A server with module-echo-cancel
// does, and EchoCancelled names the source and sink to open; or the server puts one before the default devices by itself,
// where module-filter-heuristics is set up, because streams say that they belong to a call (media.role is "phone").
//
// # Where the server is
//
// PULSE_SERVER says so; without it, the socket in PULSE_RUNTIME_PATH or XDG_RUNTIME_DIR, and then that of a server for the
// whole machine. The user is known by the socket, or by the cookie in PULSE_COOKIE, ~/.config/pulse/cookie or
// ~/.pulse-cookie. PulseAudio's client.conf is not read, and no server is started. It runs wherever Go runs and a server
// can be reached: Linux first of all, where PipeWire needs its package pipewire-pulse.
//
// # Delay
//
// A microphone asks for pieces of 10 ms; a speaker lets the server hold 30 ms, and 20 ms more after every gap that was not
// meant, up to 120 ms, until a minute or more passes without one. What the hardware and the server really take is in Delay, which the server is asked for four times a
// second and which is carried on in between.
//
// # Goroutines
//
// One for each open stream, with a connection of its own: it reads what the server says, and asks. Close ends both and may
// be called from anywhere. A server that says nothing for four seconds, though asked, is taken for dead: the stream ends.
// After an error a stream is of no more use than to be closed; opening again makes a new one.
//
// # Limits and security
//
// The server hears and may alter everything: it is trusted with the sound, and not with our memory. A command of more than
// 1 MiB or anything that does not parse ends the connection; sound passes through fixed buffers, whatever length is
// announced. A PULSE_SERVER with tcp: sends the sound in the clear over the network.
//
// Names of devices and errors are the server's texts. A source called NAME.monitor yields what this machine plays, and is the
// server's default where there is no microphone: Microphone("") does not take it.
//
// Tested with PulseAudio 16 and null sinks, on Linux. Against PipeWire's server, and with hardware, no test runs.
//
// Protocol: PulseAudio's native protocol, versions 26 to 32 (PulseAudio 2.0, of 2012, and later), as in its PROTOCOL file
// and in src/pulsecore/protocol-native.c. It is spoken here and not through github.com/jfreymuth/pulse, whose v0.1.1 makes
// room for whatever length a server announces, up to 8 GiB; panics, on a goroutine of its own, at a value of another type,
// an empty property or the loss of the server; never notices its own parse errors; does not tell of streams that were
// killed, moved or suspended; and prints to standard output.
package pulse
