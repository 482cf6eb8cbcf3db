//go:build unix

package netns

import (
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C at the terminal from the process: it has to clean up after it.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
