//go:build !unix

package main

import "os"

// catchButton: there is no SIGUSR1 here.
func catchButton() (presses <-chan os.Signal, letGo func()) { return nil, func() {} }
