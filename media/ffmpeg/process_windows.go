package ffmpeg

import (
	"os"
	"syscall"
)

// inherits: a Windows process is given stdin, stdout and stderr alone.
const inherits = false

const createNoWindow = 0x08000000

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{HideWindow: true, CreationFlags: createNoWindow}
}

// terminate: there is no signal to ask with; our ends of its pipes are closed by now.
func terminate(p *os.Process) { _ = p.Kill() }

func killGroup(*os.Process) {}
