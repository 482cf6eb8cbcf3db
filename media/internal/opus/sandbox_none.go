//go:build !((amd64 || arm64) && (linux || darwin || windows || freebsd))

package opus

import "fmt"

var errNoSandbox = fmt.Errorf("opus: libopus is not in this build: build for 64-bit (amd64, arm64) or with cgo, or send G.711: %w",
	ErrUnsupported)

// Prepare has nothing to prepare here.
func Prepare() {}

func newSandboxEncoder(Config) (encoder, error) { return nil, errNoSandbox }

func newSandboxDecoder(int, int) (decoder, error) { return nil, errNoSandbox }
