//go:build !unix

package main

import "context"

// pressed: there is no SIGUSR1 here.
func (f *front) pressed(context.Context) {}
