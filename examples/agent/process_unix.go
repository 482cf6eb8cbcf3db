//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// group gives a program a process group of its own, so that what it started dies with it.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
