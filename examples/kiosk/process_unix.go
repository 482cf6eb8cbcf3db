//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// A group is a program and what it starts. They are asked to end together, and then killed together.
type group struct {
	cmd   *exec.Cmd
	asked time.Time // to end; zero: they were not, and what the program leaves behind may live
}

// newGroup has cmd, which has not begun, started in a process group of its own.
func newGroup(cmd *exec.Cmd) *group {
	g := &group{cmd: cmd}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		g.asked = time.Now()
		return err
	}
	return g
}

// end, after cmd has ended, kills whatever is left of a group that was asked to end so long ago, or waits for that.
func (g *group) end(delay time.Duration) {
	if g.asked.IsZero() {
		return
	}
	for syscall.Kill(-g.cmd.Process.Pid, 0) == nil && time.Since(g.asked) < delay {
		time.Sleep(10 * time.Millisecond) // nobody tells us of processes that are not our children
	}
	_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL) // if none is left, well
}
