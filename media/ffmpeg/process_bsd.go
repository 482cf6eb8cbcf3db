//go:build unix && !linux

package ffmpeg

import "syscall"

// attributes: nothing here makes a process die with us if we are killed. Its pipes break then, which ends an ffmpeg that
// writes to them.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
