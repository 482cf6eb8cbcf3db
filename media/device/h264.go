//go:build cgo && ((linux && (amd64 || arm64 || arm)) || (darwin && (amd64 || arm64)) || (windows && amd64))

package device

import (
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	"github.com/pion/mediadevices/pkg/codec"
	"github.com/pion/mediadevices/pkg/codec/openh264"
	"github.com/pion/mediadevices/pkg/io/video"
	"github.com/pion/mediadevices/pkg/prop"
)

// An h264Encoder is OpenH264 as mediadevices bundles it: constrained baseline, one slice a picture, one thread, frames in
// Annex B with the parameter sets in front of each key frame.
//
// mediadevices' wrapper pulls its pictures from a reader and holds its lock meanwhile. Ours has the picture at hand, so
// that it never waits; and everything is called by the goroutine that encodes, since the wrapper sets bitrate and key frame
// without a lock. It leaves its key-frame flag uninitialised, which does no harm: the first frame is a key frame. A frame that
// is larger than a byte a pixel, and than all before it, makes it leak its buffer; that ends with the largest, which OpenH264
// keeps below 1.2 bytes a pixel.
type h264Encoder struct {
	codec   codec.ReadCloser
	control codec.BitRateController
	key     codec.KeyFrameController
	picture image.Image // what the reader yields, once

	cfg    encoderConfig
	faults int   // pictures in a row that OpenH264 failed at
	ended  error // why there is no encoder any more

	target   int           // bitrate
	set      int           // bitrate as the encoder was told
	interval time.Duration // between pictures, smoothed
	last     time.Duration
	count    int
}

// mostFaults brings the highest bitrate to the lowest.
const mostFaults = 11

// pause is what is no interval between pictures any more: the source was muted, or its device away.
const pause = 500 * time.Millisecond

func newH264(cfg encoderConfig) (encoder, error) {
	e := &h264Encoder{cfg: cfg, target: cfg.bitrate, interval: time.Second / time.Duration(cfg.fps)}
	if err := e.start(cfg.bitrate); err != nil {
		return nil, err
	}
	return e, nil
}

// start makes the encoder of OpenH264.
func (e *h264Encoder) start(bitrate int) error {
	p, err := openh264.NewParams()
	if err != nil {
		return err
	}
	p.BitRate = bitrate
	p.MultipleThreadIdc = 1 // several calls share few cores; and threads cut a picture into slices
	p.SliceMode, p.SliceNum, p.SliceSizeConstraint = openh264.SMSingleSlice, 1, 0
	p.IntraPeriod = 0        // key frames where they are asked for
	p.EnableFrameSkip = true // without it OpenH264 writes a warning to stderr at every change of the bitrate
	p.RCMode = openh264.RCBitrateMode
	if e.cfg.screen {
		p.UsageType = openh264.ScreenContentRealTime
	}
	var m prop.Media
	m.Width, m.Height, m.FrameRate = e.cfg.width, e.cfg.height, float32(e.cfg.fps)
	c, err := p.BuildVideoEncoder(video.ReaderFunc(e.next), m)
	if err != nil {
		return fmt.Errorf("device: OpenH264: %w", err)
	}
	var ok, ok2 bool
	e.control, ok = c.Controller().(codec.BitRateController)
	e.key, ok2 = c.Controller().(codec.KeyFrameController)
	if !ok || !ok2 {
		return errors.Join(errors.New("device: OpenH264 has no control of its bitrate or its key frames"), c.Close())
	}
	e.codec, e.set = c, bitrate
	return nil
}

// restart is for a picture of which OpenH264 makes more than its buffer holds, as of noise at a high bitrate: it has then
// ended, and must not be called again. The picture is left out, and the next is a key frame at half the bitrate, which stays
// until another is set. It returns err when that does not help.
func (e *h264Encoder) restart(err error) error {
	e.ended = errors.Join(err, e.codec.Close())
	if e.faults++; e.faults > mostFaults {
		return e.ended
	}
	e.target = max(e.target/2, minRate)
	if err := e.start(max(e.set/2, minRate)); err != nil {
		return err
	}
	e.ended = nil
	return nil
}

// next yields each picture once.
func (e *h264Encoder) next() (image.Image, func(), error) {
	p := e.picture
	if e.picture = nil; p == nil {
		return nil, nil, io.ErrNoProgress
	}
	return p, func() {}, nil
}

func (e *h264Encoder) encode(p *image.YCbCr, at time.Duration, key bool) ([]byte, bool, error) {
	if p.Rect.Dx() != e.cfg.width || p.Rect.Dy() != e.cfg.height {
		return nil, false, errOtherSize
	}
	if e.ended != nil {
		return nil, false, e.ended
	}
	if err := e.follow(at); err != nil {
		return nil, false, err
	}
	if key {
		if err := e.key.ForceKeyFrame(); err != nil {
			return nil, false, fmt.Errorf("device: OpenH264: %w", err)
		}
	}
	e.picture = p
	data, release, err := e.codec.Read()
	if err != nil {
		return nil, false, e.restart(fmt.Errorf("device: OpenH264: %w", err))
	}
	release() // data is a copy
	e.faults = 0
	return data, isIDR(data), nil
}

// follow keeps the bitrate when the pictures come at another rate than announced, as a camera's do in the dark: OpenH264
// shares it out by the announced rate and knows no time here.
func (e *h264Encoder) follow(at time.Duration) error {
	if d := at - e.last; e.count > 0 && d < pause {
		e.interval += (d - e.interval) / 16
	}
	e.count++
	e.last = at
	usual := time.Second / time.Duration(e.cfg.fps)
	want := int(int64(e.target) * int64(min(max(e.interval, usual), 4*usual)) / int64(usual))
	if e.count%e.cfg.fps != 0 || want > e.set*7/8 && want < e.set*9/8 {
		return nil
	}
	return e.tell(want)
}

func (e *h264Encoder) tell(bps int) error {
	e.set = bps
	if e.ended != nil {
		return e.ended
	}
	if err := e.control.SetBitRate(bps); err != nil {
		return fmt.Errorf("device: OpenH264: bitrate %d: %w", bps, err)
	}
	return nil
}

func (e *h264Encoder) setBitrate(bps int) error {
	set := int(int64(e.set) * int64(bps) / int64(e.target)) // the camera is as slow as before
	e.target = bps
	return e.tell(set)
}

func (e *h264Encoder) close() error {
	if e.ended != nil {
		return nil
	}
	e.ended = errClosed
	return e.codec.Close()
}

// isIDR reports whether an access unit in Annex B holds a slice of a key frame.
func isIDR(data []byte) bool {
	for i := 0; i+3 < len(data); i++ {
		if data[i] != 0 || data[i+1] != 0 || data[i+2] != 1 {
			continue
		}
		if kind := data[i+3] & 0x1f; kind == 1 || kind == 5 {
			return kind == 5
		}
	}
	return false
}
