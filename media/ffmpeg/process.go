package ffmpeg

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

const (
	termGrace = time.Second            // between asking a process to end and killing it
	lastGrace = 200 * time.Millisecond // for the rest of stderr after the process has ended
)

// A command is a process to be started. Nothing passes a shell.
type command struct {
	op      string // for errors
	program string
	args    []string
	dir     string
	secrets []string
	stdin   bool       // we write to it
	outputs int        // pipes that it writes to: stdout, then descriptor 3 and on
	extra   []*os.File // what else it inherits, after those
}

// A process is a running ffmpeg in a process group of its own. On Linux it dies with us, however we end.
type process struct {
	op    string
	cmd   *exec.Cmd
	tail  *tail
	stdin *os.File
	out   []*os.File
	done  chan struct{} // closed when it has ended and was reaped
	err   error         // of Wait; after done
}

// start starts a process and the goroutines that wait for it.
func (c command) start() (*process, error) {
	p := &process{op: c.op, cmd: exec.Command(c.program, c.args...), tail: &tail{secrets: c.secrets}, done: make(chan struct{})}
	p.cmd.Dir = c.dir
	p.cmd.Env = environment()
	p.cmd.SysProcAttr = attributes()
	theirs, err := p.pipes(c)
	if err == nil {
		err = p.launch()
	}
	for _, f := range theirs {
		_ = f.Close()
	}
	if err != nil {
		p.closePipes()
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return nil, notInstalled(c.program, err)
		}
		return nil, &Error{Op: c.op, Err: err}
	}
	return p, nil
}

// pipes makes the pipes between us and the process. theirs are the ends to close here once it has started.
func (p *process) pipes(c command) (theirs []*os.File, err error) {
	for i := range c.outputs {
		r, w, err := os.Pipe()
		if err != nil {
			return theirs, err
		}
		p.out, theirs = append(p.out, r), append(theirs, w)
		if i == 0 {
			p.cmd.Stdout = w
		} else {
			p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, w)
		}
	}
	p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, c.extra...)
	if c.stdin {
		r, w, err := os.Pipe()
		if err != nil {
			return theirs, err
		}
		p.cmd.Stdin, p.stdin, theirs = r, w, append(theirs, r)
	}
	return theirs, nil
}

// launch starts the process from a goroutine that keeps its thread until the process has ended: on Linux the signal that
// makes the process die with us is sent when the thread ends that started it (prctl(2), PR_SET_PDEATHSIG).
func (p *process) launch() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	p.cmd.Stderr = w
	said := make(chan struct{})
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		_ = w.Close()
		if err != nil {
			_ = r.Close()
			started <- err
			return
		}
		go func() {
			_, _ = io.Copy(p.tail, r)
			close(said)
		}()
		started <- nil
		p.err = p.cmd.Wait()
		killGroup(p.cmd.Process) // children that have outlived it
		_ = r.SetReadDeadline(time.Now().Add(lastGrace))
		<-said
		_ = r.Close()
		close(p.done)
	}()
	return <-started
}

// environment is ours but for what makes ffmpeg write its command line, passwords and all, into a file.
func environment() []string {
	var env []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "FFREPORT=") && !strings.HasPrefix(e, "AV_LOG_FORCE_COLOR=") {
			env = append(env, e)
		}
	}
	return append(env, "AV_LOG_FORCE_NOCOLOR=1")
}

// finish waits for a process that should end by itself, at most for d, and ends it then.
func (p *process) finish(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.failure()
	case <-timer.C:
		p.stop()
		return &Error{Op: p.op, Words: p.tail.words(), Err: errors.New("it did not end and was killed")}
	}
}

// stop ends the process: politely, so that a camera is signed off from, and a second later by force. It returns when the
// process has ended. It is idempotent.
func (p *process) stop() {
	p.closePipes()
	select {
	case <-p.done:
		return // its number may be another's by now
	default:
	}
	terminate(p.cmd.Process)
	timer := time.NewTimer(termGrace)
	defer timer.Stop()
	select {
	case <-p.done:
		return
	case <-timer.C:
	}
	killGroup(p.cmd.Process)
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) closePipes() {
	for _, f := range p.out {
		_ = f.Close()
	}
	if p.stdin != nil {
		_ = p.stdin.Close()
	}
}

// failure is what went wrong with a process that has ended, nil if nothing did.
func (p *process) failure() error {
	if p.err == nil {
		return nil
	}
	return &Error{Op: p.op, Words: p.tail.words(), Err: p.err}
}
