// Package ffmpeg brings whatever ffmpeg can read into a call, and a call into whatever ffmpeg can write: cameras, screens,
// files, network cameras, recordings in one file, loudspeakers. It starts the ffmpeg program (version 4 or newer) and talks
// to it by pipes: no cgo, no library.
//
// What to use first: [Open] an [Input] and give its sources to the call; [Record] what comes.
//
//	camera, err := ffmpeg.Open(ctx, ffmpeg.Camera(""), ffmpeg.Config{Width: 640, Height: 360})
//	media := call.Media{Send: camera.Sources(), …}
//
//	recording, err := ffmpeg.Record(ffmpeg.RecordConfig{Path: "call.mkv"})
//	media.Receive = recording.Sink
//
//	what                                    from or to                       as
//	[Camera], [Screen], [RTSP], [Format]    live: dropped, never waited for  [Stream]: VP8 or H264, and Opus
//	[File]                                  played at its own pace           [Stream]
//	[Microphone]                            any input                        pcm.Input, 48 kHz mono, for pcm.NewMicrophone
//	[Speaker]                               any output                       pcm.Output, 48 kHz mono, for pcm.NewSpeaker
//	[Record]                                .webm, .mkv, .mp4                a media.Sink for each track; nothing is encoded
//	[Play]                                  a window, a sound device         a media.Sink for each track
//
// Frames come as IVF, FLV (H264: a bare byte stream has no times) and Ogg, with ffmpeg's times: the tracks of one Stream
// have the same zero. On Windows a process has no more than one pipe to us, so a Stream has one track there.
//
// # Goroutines
//
// A Stream has a supervisor, two goroutines for each of its processes, and one for each of its pipes; a microphone the
// latter three, a Player's sink likewise. Speaker and Recording have those of their process. A process keeps one thread of
// ours, since on Linux it is to die with us. Close ends the process and all goroutines before it returns, some two seconds
// at most (a [Recording] takes as long as it takes to copy it). Contexts end the call that they are given to: Open's does
// not end the stream.
//
// # Processes
//
// A process is asked to end (SIGTERM), which lets it sign off from a camera, and killed a second later with all its children.
// On Linux it is killed when this program ends, however that happens; elsewhere it ends when it next writes to its pipe.
//
// # Security
//
// No shell is involved, and options are the keys of a map that are checked against ffmpeg's own. The names of files are only
// ever names: File and Record take any, and tell ffmpeg of it as "file:…", as an open descriptor, or not at all. Files that
// name other files are refused. The url of [Format], [Speaker] and [Play] is different: it can be a command to ffmpeg, so it
// is for the program's author.
//
// What a camera or a file makes ffmpeg write is not trusted: readers are bounded, stderr is kept to its last 8 KiB, and
// comes out quoted, without what steers a terminal and without the user names and passwords of URLs. But decoders run in
// ffmpeg, as the user of this program: a hostile file or camera attacks ffmpeg. Keep it up to date, or confine it.
//
// A microphone of PulseAudio (Format("pulse", …)) is for machines whose microphone stays: when the last one is pulled the server
// moves ffmpeg to a monitor, which hears what the machine plays, and that is sent. Package pulse refuses it.
//
// Limits: the process list of the machine shows ffmpeg's arguments, a camera's password with them. The bitrate is constant
// and follows nobody, and a key frame cannot be asked for: see [Stream]. Sound comes some 40 ms late, for Ogg holds back a
// page. Recordings lie on the disk in the clear.
//
// Formats: IVF and Ogg as in package file; FLV, Adobe Flash Video File Format Specification 10.1, annex E; H264 in it,
// ISO/IEC 14496-15, section 5.2.4.1. Options: https://ffmpeg.org/ffmpeg-all.html
package ffmpeg
