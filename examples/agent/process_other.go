//go:build !unix

package main

import "os/exec"

// group does nothing here: what is killed is the program alone, and not what it started.
func group(*exec.Cmd) {}

func killGroup(*exec.Cmd) {}
