package pcm

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A Detector tells speech from silence and from steady noise.
type Detector struct{}

func NewDetector(f Format) *Detector              { return &Detector{} }
func (d *Detector) Process(samples []int16) Voice { return Voice{Level: 127} }
func Level(samples []int16) uint8                 { return 127 }

// HalfDuplexConfig tunes HalfDuplex; the zero value is good.
type HalfDuplexConfig struct {
	Threshold uint8         // far-end sound at this level or louder closes the microphone, -dBov; 0: 45
	Hang      time.Duration // the microphone stays closed for so long after; 0: 300 ms
}

func HalfDuplex(cfg HalfDuplexConfig) Processor { return nil }

// DuckingConfig tunes Ducking; the zero value is good.
type DuckingConfig struct {
	Threshold uint8         // near-end speech at this level or louder ducks, -dBov; 0: 40
	Reduction float64       // by how many dB; 0: 20
	Hang      time.Duration // 0: 400 ms
}

func Ducking(cfg DuckingConfig) Processor { return nil }

// MicrophoneConfig says what a Microphone hears, and how that is encoded.
type MicrophoneConfig struct {
	Open       func(context.Context) (Input, error) // required; called again after the device was lost or unmuted
	Label      string
	Bitrate    int // b/s; 0: 32000
	Codec      media.Codec
	Processors []Processor
	Hear       func(Voice)
	Notify     func(media.DeviceEvent)
}

// A Microphone is a media.Source, media.Muter and media.RateSetter.
type Microphone struct{}

func NewMicrophone(cfg MicrophoneConfig) (*Microphone, error)             { return &Microphone{}, nil }
func (m *Microphone) Track() media.TrackInfo                              { return media.TrackInfo{} }
func (m *Microphone) Read(ctx context.Context) (f media.Frame, err error) { return }
func (m *Microphone) SetMuted(muted bool)                                 {}
func (m *Microphone) SetBitrate(bps int)                                  {}
func (m *Microphone) Stats() MicrophoneStats                              { return MicrophoneStats{} }
func (m *Microphone) Close() error                                        { return nil }

type MicrophoneStats struct{}

// SpeakerConfig says where a Speaker plays.
type SpeakerConfig struct {
	Open       func(context.Context) (Output, error) // required
	Volume     float64                               // 0: 1.0; negative: mute
	Processors []Processor
	Notify     func(media.DeviceEvent)
}

// A Speaker plays all received tracks.
type Speaker struct{}

func NewSpeaker(cfg SpeakerConfig) (*Speaker, error)          { return &Speaker{}, nil }
func (s *Speaker) Sink(t media.TrackInfo) (media.Sink, error) { return nil, nil }
func (s *Speaker) SetVolume(v float64)                        {}
func (s *Speaker) Stats() SpeakerStats                        { return SpeakerStats{} }
func (s *Speaker) Close() error                               { return nil }

type SpeakerStats struct{}

// ReaderConfig says in which shape a Reader yields sound.
type ReaderConfig struct {
	Format Format      // 0: 48 kHz mono
	Hear   func(Voice) // every 10 ms of sound; may be nil; on the goroutine of WriteFrame or Read; must not block
}

// A Reader is a PromptSink and a paced PCM reader.
type Reader struct{}

func NewReader(t media.TrackInfo, cfg ReaderConfig) (*Reader, error)       { return &Reader{}, nil }
func (r *Reader) WriteFrame(f media.Frame) error                           { return nil }
func (r *Reader) Prompt() bool                                             { return true }
func (r *Reader) Read(ctx context.Context, buf []int16) (n int, err error) { return }
func (r *Reader) Format() Format                                           { return Format{} }
func (r *Reader) Stats() ReaderStats                                       { return ReaderStats{} }
func (r *Reader) Close() error                                             { return nil }

type ReaderStats struct{}

// WriterConfig says what shape of sound a Writer takes and how it is encoded.
type WriterConfig struct {
	Format  Format // 0: 48 kHz mono
	Bitrate int    // b/s; 0: 32000
	Codec   media.Codec
	Label   string
	Buffer  time.Duration // most that may wait; 0: 60 s
}

// A Writer is a media.Source that says what is written.
type Writer struct{}

func NewWriter(cfg WriterConfig) (*Writer, error)                     { return &Writer{}, nil }
func (w *Writer) Track() media.TrackInfo                              { return media.TrackInfo{} }
func (w *Writer) Read(ctx context.Context) (f media.Frame, err error) { return }

// Write returns ErrFlushed when a Flush dropped the rest of it, fs.ErrClosed after Close.
func (w *Writer) Write(ctx context.Context, samples []int16) error { return nil }
func (w *Writer) Flush() (played time.Duration)                    { return 0 }
func (w *Writer) Drain(ctx context.Context) error                  { return nil }
func (w *Writer) Played() time.Duration                            { return 0 }
func (w *Writer) SetBitrate(bps int)                               {}
func (w *Writer) Stats() WriterStats                               { return WriterStats{} }
func (w *Writer) Close() error                                     { return nil }

type WriterStats struct{}

// MixerConfig says in which shape a Mixer yields sound.
type MixerConfig struct {
	Format Format // 0: 48 kHz mono
}

// A Mixer makes one stream of several participants.
type Mixer struct{}

func NewMixer(cfg MixerConfig) *Mixer                                     { return &Mixer{} }
func (m *Mixer) Sink(t media.TrackInfo) (media.Sink, error)               { return nil, nil }
func (m *Mixer) Read(ctx context.Context, buf []int16) (n int, err error) { return }
func (m *Mixer) Close() error                                             { return nil }
