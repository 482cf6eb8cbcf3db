// Package pcm is raw sound in and out of a call: real microphones and speakers, and programs that listen and speak.
//
// # Use
//
// A call has Sources that it sends and Sinks for what it receives. For people:
//
//	microphone, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: pulse.Microphone("")}) // a media.Source
//	speaker, err := pcm.NewSpeaker(pcm.SpeakerConfig{Open: pulse.Speaker("")})
//	sink, err := speaker.Sink(track) // a media.Sink for each track of sound
//
// For programs, in int16 samples of 8, 16, 24 or 48 kHz, mono or stereo:
//
//	writer, err := pcm.NewWriter(pcm.WriterConfig{Format: format}) // a media.Source: Write, Flush, Drain
//	reader, err := pcm.NewReader(track, pcm.ReaderConfig{Format: format}) // a media.Sink: Read
//
// A [Mixer] makes one stream of several participants. Packages media/pulse, media/device and media/ffmpeg open devices:
// whatever is an [Input] or an [Output] will do.
//
// # Sound on its way
//
// Out: an Input at 8, 12, 16, 24, 44.1 or 48 kHz (one at another rate is media.DeviceUnsupported), 48 kHz mono, the Processors, a
// frame of 20 ms, Opus at a constant bitrate or G.711. A Writer gives the encoder the samples as they are, at their rate. In: a
// jitter buffer for each track, a decoder that yields the rate and channels that are wanted, the mix, the volume, the Processors,
// the Output, at one of these rates. Sinks are media.PromptSinks: frames come the moment they arrive, in any order.
//
// Clocks: a Microphone and a Speaker follow their device, a Writer, Reader and Mixer the time of day. No two of them agree;
// the jitter buffer plays a little faster or slower, by whole pitch periods, so that the delay stays.
//
// # Echo
//
// There is no echo canceller here. [HalfDuplex] closes the microphone while the far end speaks, [Ducking] makes the speaker
// quieter while the near end does; the same one must be given to the Microphone and to the Speaker. Where a PulseAudio or
// PipeWire server runs, its canceller is the better way: load module-echo-cancel and open the source and the sink that it
// makes, by name, with media/pulse; then no Processor is needed. Headphones need none either.
//
// # Level and speech
//
// [Level] is that of RFC 6464; Hear functions get it with a [Detector]'s opinion of whether somebody speaks, every 10 ms. It
// stays in the program. It is deliberately not sent as the RTP header extension of that RFC: header extensions travel
// outside of what is encrypted from end to end, and a server on the way would see who speaks and when. For the same reason
// Writers and Microphones encode at a constant bitrate, and a Writer sends silence as it sends speech. A muted Microphone,
// on the other hand, sends nothing, which shows.
//
// # Goroutines
//
// A Microphone has one from its first Read to Close, which opens and reads the device; a Speaker one from NewSpeaker to
// Close, and another while Open runs. Reader, Writer and Mixer have none: work is done by those who call. Hear, Notify and
// Processors are called on these goroutines and hold the sound up. Close returns when they have ended, so it must not be called
// from Hear or Notify. A context ends the call it is given to, and nothing else.
//
// The first NewMicrophone, NewSpeaker, NewWriter or NewMixer of a process takes 0.2 s: it compiles the decoder, so that no call
// waits for it. A program that only has Readers waits at the first.
//
// Once it runs, 20 ms of sound allocate one slice on the way out, the frame's own, and none on the way in.
//
// # Delay
//
// Stats tell what is known on this machine: a Microphone the device's delay, resampler, frame and encoder, [SpeakerStats.Latency]
// the jitter buffer, resamplers and device. Between them lie the network and what the devices do not know of themselves.
//
// Limits: Opus is encoded on amd64 (with SSE 4.1) and arm64 under Linux, macOS, Windows and FreeBSD, and with cgo on 32-bit
// ARM Linux: use PCMU elsewhere. A Speaker mixes to mono. Music is heard as
// speech. What a Reader, Mixer or Speaker is sent is hostile until proven otherwise: a jitter buffer holds two seconds, and
// decoders run in a sandbox or in Go.
//
// Standards: RFC 6716 and 7587 (Opus), ITU-T G.711 and RFC 3551 (PCMU, PCMA), RFC 6464 (levels), RFC 7874 (what codecs peers
// have).
package pcm
