package ffmpeg

import (
	"os"
	"syscall"
)

// shrinkPipe makes a pipe hold 4 KiB, which is 43 ms of sound, instead of 64 KiB (fcntl(2), F_SETPIPE_SZ).
func shrinkPipe(f *os.File) {
	const setPipeSize = 1031
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, setPipeSize, 4096) })
	}
}
