//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// catchButton makes SIGUSR1 a press of the button, until letGo is called: from then on it would end the program.
func catchButton() (presses <-chan os.Signal, letGo func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	return c, func() { signal.Stop(c) }
}
