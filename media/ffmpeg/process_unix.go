//go:build unix

package ffmpeg

import (
	"os"
	"syscall"
)

// inherits says that a process can be given descriptors beside the standard ones.
const inherits = true

// The process leads a group of its own, whose number is its pid.

func terminate(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
