// Package ask is for the examples' questions to a person: a passphrase, a yes or a no. What a service has instead of a
// terminal stands in for the answer.
package ask

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
)

// A Terminal is open until the program ends. It asks the user, not whoever stdin and stdout are connected to.
type Terminal struct {
	io.Writer
	in   *bufio.Reader
	echo func(on bool) error
}

// OpenTerminal fails where there is none: a service, a pipe, Windows (use a passphrase file there).
func OpenTerminal() (*Terminal, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &Terminal{Writer: f, in: bufio.NewReader(f), echo: func(on bool) error {
		arg := "-echo"
		if on {
			arg = "echo"
		}
		stty := exec.Command("stty", arg)
		stty.Stdin = f
		return stty.Run()
	}}, nil
}

// Secret reads a line that is not shown. Ctrl-C gives the terminal its echo back before the program ends.
func (t *Terminal) Secret(prompt string) ([]byte, error) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	defer signal.Stop(interrupted)
	if err := t.echo(false); err != nil {
		fmt.Fprintln(t, "(stty did not turn the echo off: what you type will be seen)")
	}
	defer t.echo(true)
	fmt.Fprint(t, prompt)
	type answer struct {
		line string
		err  error
	}
	lines := make(chan answer, 1)
	go func() { // ends with the line, or with the program
		line, err := t.in.ReadString('\n')
		lines <- answer{line, err}
	}()
	select {
	case <-interrupted:
		fmt.Fprintln(t)
		return nil, errors.New("interrupted")
	case a := <-lines:
		fmt.Fprintln(t)
		if a.err != nil {
			return nil, fmt.Errorf("terminal: %w", a.err)
		}
		return []byte(strings.TrimRight(a.line, "\r\n")), nil
	}
}

// Yes asks a question whose default is no.
func (t *Terminal) Yes(question string) (bool, error) {
	fmt.Fprintf(t, "%s [y/N] ", question)
	line, err := t.in.ReadString('\n')
	if err != nil {
		return false, fmt.Errorf("terminal: %w", err)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes", nil
}
