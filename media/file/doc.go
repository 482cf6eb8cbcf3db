// Package file reads and writes the files that a call's media can come from and go to.
//
// What to use first: [OpenIVF] and [OpenOgg] play video and Opus files at their own pace as media.Source, and a [Recorder]
// writes the tracks of a call into a directory:
//
//	camera, err := file.OpenIVF("clip.ivf", file.SourceOptions{Loop: true})
//	recorder, err := file.NewRecorder("recordings", file.RecorderOptions{})
//
// Below them lie a reader and a writer for each format, without pacing. A reader is a [FrameReader]; a writer is a
// media.Sink:
//
//	format        read            write           in a call
//	Ogg Opus      OggReader       OggWriter       yes
//	IVF           IVFReader       IVFWriter       yes: VP8, VP9 and AV1
//	WebM          –               WebMWriter      yes: VP8 and Opus in one file
//	H264 Annex B  AnnexBReader    AnnexBWriter    yes; the file has no times
//	WAV, G.711    –               G711Writer      yes: PCMU and PCMA
//	WAV, 16 bits  WAVReader       WAVWriter       no: give its samples to a pcm.Writer, which encodes
//
// Nothing is transcoded: a frame that goes through this package keeps its bytes.
//
// Goroutines: none is started here. A Source is read by one goroutine and may be closed by any; it waits on a timer
// against the time of its first Read, so it never drifts, and works in virtual time under testing/synctest. Cancelling
// the context of a Read ends that Read only. The sinks of a Recorder may be used by one goroutine each.
//
// Security: readers take hostile files. A frame has at most [MaxFrame] bytes, an Opus packet 61440; memory is set aside as
// data comes, never for a length that a file merely claims; every fault is an error that matches [ErrFormat]. Recordings are
// created readable by their owner only, never overwrite a file, and hold the media in the clear: whoever can read the
// directory can hear the call.
//
// Formats: Ogg, RFC 3533; Opus in Ogg, RFC 7845; Opus, RFC 6716; VP8, RFC 6386; VP9 and AV1, their
// bitstream specifications; H264, ITU-T H.264, annex B; IVF, a header of 32 bytes and 12 bytes before each frame, as libvpx
// and ffmpeg have it; WAV, RFC 2361; WebM, https://www.webmproject.org/docs/container/ over EBML, RFC 8794.
package file
