package opus

import (
	"errors"
	"fmt"
)

// Limits of the format (RFC 6716, section 3.2.5) and of libopus.
const (
	maxPacket   = 61440 // 48 frames of 1275 bytes and what frames them, rounded up
	maxEncoded  = 4096  // 60 ms at 510 kb/s are 3825 bytes
	minBitrate  = 6000
	maxBitrate  = 510000
	bestBitrate = 32000 // speech over the full band; what browsers use
)

var (
	// ErrPacket is in every error about a packet that is not valid Opus. The decoder goes on with the next packet.
	ErrPacket = errors.New("not a valid Opus packet")

	// ErrUnsupported says that this build or machine cannot do it; the error's text says what can.
	ErrUnsupported = errors.New("not supported here")

	// ErrClosed says that the encoder or decoder was closed.
	ErrClosed = errors.New("opus: closed")
)

// Config says how to encode. The zero values of all but Rate and Channels are for private speech.
type Config struct {
	Rate     int  // of the samples, in Hz: 8000, 12000, 16000, 24000 or 48000
	Channels int  // 1 or 2, interleaved
	Bitrate  int  // in bits per second, 6000 to 510000; 0: 32000
	Loss     int  // packets expected to be lost, in percent, 0 to 100; above 0, packets carry the frame before them once more
	VBR      bool // packets as long as their content needs. False: all are of one length, since lengths give phrases away
	DTX      bool // nearly nothing is sent in pauses. False, since that tells who speaks when
}

// check fills in the defaults and joins what is wrong.
func (c *Config) check() error {
	var faults []error
	if c.Bitrate == 0 {
		c.Bitrate = bestBitrate
	}
	faults = append(faults, checkShape(c.Rate, c.Channels), checkBitrate(c.Bitrate), checkLoss(c.Loss))
	return errors.Join(faults...)
}

func checkShape(rate, channels int) error {
	var faults []error
	switch rate {
	case 8000, 12000, 16000, 24000, 48000:
	default:
		faults = append(faults, fmt.Errorf("opus: a rate of %d Hz: take 8000, 12000, 16000, 24000 or 48000, and resample to it", rate))
	}
	if channels != 1 && channels != 2 {
		faults = append(faults, fmt.Errorf("opus: %d channels: take 1 or 2", channels))
	}
	return errors.Join(faults...)
}

func checkBitrate(bps int) error {
	if bps < minBitrate || bps > maxBitrate {
		return fmt.Errorf("opus: %d bits per second: take %d to %d", bps, minBitrate, maxBitrate)
	}
	return nil
}

func checkLoss(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("opus: a loss of %d percent: take 0 to 100", percent)
	}
	return nil
}
