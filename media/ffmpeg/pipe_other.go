//go:build !linux

package ffmpeg

import "os"

// shrinkPipe: only Linux lets a pipe be made smaller. Elsewhere it holds 16 or 64 KiB: up to 0.7 s of sound wait in it.
func shrinkPipe(*os.File) {}
