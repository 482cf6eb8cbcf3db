//go:build !unix && !windows

package ffmpeg

import (
	"os"
	"syscall"
)

const inherits = false

func attributes() *syscall.SysProcAttr { return nil }

func terminate(p *os.Process) { _ = p.Kill() }

func killGroup(*os.Process) {}
