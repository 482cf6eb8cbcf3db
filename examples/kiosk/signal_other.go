//go:build !unix

package main

import "context"

// pressed: there is no SIGUSR1 here.
func (k *kiosk) pressed(context.Context) {}
