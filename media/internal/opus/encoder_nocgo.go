//go:build !(cgo && ((linux && !android && (amd64 || arm64 || arm)) || (darwin && !ios && (amd64 || arm64)) || (windows && amd64)))

package opus

func newEncoder(c Config) (encoder, error) { return newSandboxEncoder(c) }
