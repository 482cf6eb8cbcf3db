package main

import (
	"fmt"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/sframe"
)

// callFrames are the frame keys of calls, by a name that the test gives.
var callFrames = map[string]*e2ee.Frames{}

func framesOf(name string) (*e2ee.Frames, error) {
	if f := callFrames[name]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("no frames %q: make them by the op frames", name)
}

// framesJSON is the request of every op on frames.
type framesJSON struct {
	Name     string       `json:"name"`
	Epoch    uint64       `json:"epoch"`
	BaseKey  []byte       `json:"baseKey"`
	OwnLeaf  uint32       `json:"ownLeaf"`
	Leaves   []uint32     `json:"leaves"`
	Removed  []uint32     `json:"removed"`
	Leaf     uint32       `json:"leaf"`
	Streams  []streamJSON `json:"streams"`
	Ctx      uint16       `json:"ctx"`
	MID      string       `json:"mid"`
	Codec    string       `json:"codec"` // whose layout the frames have
	Key      bool         `json:"key"`
	Payloads [][]byte     `json:"payloads"`
}

type streamJSON struct {
	Ctx   uint16 `json:"ctx"`
	MID   string `json:"mid"`
	RID   string `json:"rid"`
	Kind  string `json:"kind"`
	Codec string `json:"codec"`
}

// payloadsJSON are frames sealed or opened. Of those that were not, Errors has why, in the same place.
type payloadsJSON struct {
	Payloads [][]byte `json:"payloads"`
	Errors   []string `json:"errors"`
}

func (p *payloadsJSON) add(b []byte, err error) {
	why := ""
	if err != nil {
		b, why = nil, err.Error()
	}
	p.Payloads, p.Errors = append(p.Payloads, b), append(p.Errors, why)
}

func init() {
	on("frames", func(in framesJSON) (nothing, error) {
		callFrames[in.Name] = e2ee.NewFrames(sframe.ChaCha20Poly1305SHA256, nil)
		return nothing{}, nil
	})
	onFrames("frames install", func(f *e2ee.Frames, in framesJSON) (nothing, error) {
		e := e2ee.FrameEpoch{Number: in.Epoch, BaseKey: in.BaseKey, Own: in.OwnLeaf, Leaves: in.Leaves, Removed: in.Removed}
		return nothing{}, f.Install(e)
	})
	onFrames("frames switch", func(f *e2ee.Frames, in framesJSON) (nothing, error) {
		return nothing{}, f.SwitchSend(in.Epoch)
	})
	onFrames("frames declare", func(f *e2ee.Frames, in framesJSON) (nothing, error) {
		var all []e2ee.Stream
		for _, s := range in.Streams {
			kind := uint8(e2ee.StreamAudio)
			if s.Kind == "video" {
				kind = e2ee.StreamVideo
			}
			all = append(all, e2ee.Stream{Ctx: s.Ctx, MID: s.MID, RID: s.RID, Kind: kind, Codec: s.Codec})
		}
		return nothing{}, f.Declare(in.Leaf, all)
	})
	onFrames("frames seal", func(f *e2ee.Frames, in framesJSON) (out payloadsJSON, err error) {
		l, err := layoutOf(in.Codec)
		if err != nil {
			return out, err
		}
		for _, frame := range in.Payloads {
			out.add(l.seal(frame, in.Key, func(clear, frame []byte) ([]byte, error) {
				return f.Sealer(in.Ctx).Seal(nil, clear, frame)
			}))
		}
		return out, nil
	})
	onFrames("frames open", func(f *e2ee.Frames, in framesJSON) (out payloadsJSON, err error) {
		l, err := layoutOf(in.Codec)
		if err != nil {
			return out, err
		}
		for _, b := range in.Payloads {
			out.add(l.open(b, func(clear, sealed []byte) ([]byte, error) {
				return f.Opener(in.Leaf, in.MID).Open(nil, clear, sealed)
			}))
		}
		return out, nil
	})
	on("mls.frames", mlsFrames)
}

// mlsFrames gives a member frame keys of its group's epoch, under its own name.
func mlsFrames(in message) (nothing, error) {
	m, err := find(in.Name)
	if err != nil {
		return nothing{}, err
	}
	e := e2ee.FrameEpoch{Number: m.group.Epoch(), Own: m.group.OwnLeaf()}
	if e.BaseKey, err = m.group.Exporter("SFrame 1.0 Base Key", nil, 32); err != nil {
		return nothing{}, err
	}
	for _, r := range m.group.Roster() {
		e.Leaves = append(e.Leaves, r.Leaf)
	}
	f := e2ee.NewFrames(sframe.ChaCha20Poly1305SHA256, nil)
	callFrames[in.Name] = f
	if err := f.Install(e); err != nil {
		return nothing{}, err
	}
	return nothing{}, f.SwitchSend(e.Number)
}

// onFrames is on for an op on frames that were made before.
func onFrames[Out any](op string, do func(f *e2ee.Frames, in framesJSON) (Out, error)) {
	on(op, func(in framesJSON) (out Out, err error) {
		f, err := framesOf(in.Name)
		if err != nil {
			return out, err
		}
		return do(f, in)
	})
}
