//go:build unix

package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// pressed takes SIGUSR1 for the button, until ctx ends.
func (f *front) pressed(ctx context.Context) {
	button := make(chan os.Signal, 1)
	signal.Notify(button, syscall.SIGUSR1)
	defer signal.Stop(button)
	for {
		select {
		case <-button:
			f.take(ctx, verbRing)
		case <-ctx.Done():
			return
		}
	}
}
