//go:build cgo && ((linux && !android && (amd64 || arm64 || arm)) || (darwin && !ios && (amd64 || arm64)) || (windows && amd64))

package opus

/*
typedef struct OpusEncoder OpusEncoder;

OpusEncoder *opus_encoder_create(int rate, int channels, int application, int *error);
int opus_encode(OpusEncoder *e, const short *pcm, int n, unsigned char *packet, int max);
int opus_encoder_ctl(OpusEncoder *e, int request, ...);
void opus_encoder_destroy(OpusEncoder *e);

static OpusEncoder *sotto_encoder_create(int rate, int channels, int application) {
  int error;
  return opus_encoder_create(rate, channels, application, &error);
}

// Go cannot call a function of variable arguments.
static int sotto_encoder_set(OpusEncoder *e, int request, int value) { return opus_encoder_ctl(e, request, value); }

#cgo noescape opus_encode
#cgo nocallback opus_encode
#cgo nocallback sotto_encoder_set
*/
import "C"

import (
	"fmt"

	// Its static libopus is what the declarations above are linked with. Its own encoder cannot be told of constant bitrate or loss.
	_ "github.com/pion/mediadevices/pkg/codec/opus"
)

// What libopus calls these in opus_defines.h.
const (
	applicationVoIP = 2048
	setBitrate      = 4002
	setVBR          = 4006
	setComplexity   = 4010
	setFEC          = 4012
	setLoss         = 4014
	setDTX          = 4016
)

// nativeComplexity is how hard the encoder tries in machine code; 9 is libopus's own default.
const nativeComplexity = 9

// nativeEncoder is libopus itself. It sees samples of our own alone, never a byte of a peer.
type nativeEncoder struct {
	e      *C.OpusEncoder
	packet [maxEncoded]byte
}

func newEncoder(c Config) (encoder, error) { return newNativeEncoder(c) }

func newNativeEncoder(c Config) (encoder, error) {
	e := &nativeEncoder{e: C.sotto_encoder_create(C.int(c.Rate), C.int(c.Channels), applicationVoIP)}
	if e.e == nil {
		return nil, fmt.Errorf("opus: libopus made no encoder for %d Hz and %d channels", c.Rate, c.Channels)
	}
	for _, s := range [][2]int{{setComplexity, nativeComplexity}, {setVBR, flag(c.VBR)}, {setDTX, flag(c.DTX)}} {
		if err := e.set(s[0], s[1]); err != nil {
			_ = e.close()
			return nil, err
		}
	}
	return e, nil
}

func (e *nativeEncoder) encode(pcm []int16, n int) ([]byte, error) {
	size := C.opus_encode(e.e, (*C.short)(&pcm[0]), C.int(n), (*C.uchar)(&e.packet[0]), maxEncoded)
	if err := fault("encoding", int(size), nil); err != nil {
		return nil, err
	}
	return e.packet[:size], nil
}

func (e *nativeEncoder) setBitrate(bps int) error { return e.set(setBitrate, bps) }

func (e *nativeEncoder) setLoss(percent int) error {
	if err := e.set(setFEC, flag(percent > 0)); err != nil {
		return err
	}
	return e.set(setLoss, percent)
}

func (e *nativeEncoder) set(request, value int) error {
	if code := C.sotto_encoder_set(e.e, C.int(request), C.int(value)); code < 0 {
		return fmt.Errorf("opus: libopus says %d to %d for setting %d", code, value, request)
	}
	return nil
}

func (e *nativeEncoder) close() error {
	C.opus_encoder_destroy(e.e)
	return nil
}
