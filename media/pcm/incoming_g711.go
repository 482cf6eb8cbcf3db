package pcm

import (
	"errors"

	"github.com/sotto-calls/sotto/media/internal/g711"
)

var errNoConcealment = errors.New("pcm: G.711 has no concealment of its own")

// A g711Decoder decodes packets that hold a byte a sample.
type g711Decoder struct{ a bool }

func (d g711Decoder) Decode(dst []int16, packet []byte) (int, error) {
	if len(packet) > len(dst) {
		return 0, errors.New("pcm: a packet of more than 120 ms")
	}
	if d.a {
		return len(g711.DecodeA(dst[:0], packet)), nil
	}
	return len(g711.DecodeU(dst[:0], packet)), nil
}

func (d g711Decoder) Conceal([]int16) (int, error)         { return 0, errNoConcealment }
func (d g711Decoder) Recover([]int16, []byte) (int, error) { return 0, errNoConcealment }

func (d g711Decoder) samples(packet []byte) (int, error) { return len(packet), nil }
