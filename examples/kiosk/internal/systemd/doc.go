// Package systemd tells the service manager how a program is: ready, alive, stopping, and in words what it does.
//
// What to use first: Open finds the socket that systemd names in the environment; then Notify with Ready, Status and the
// others. Without systemd Open gives a nil *Notifier, whose methods do nothing, so a program needs no other case.
//
//	n, err := systemd.Open(os.Getenv)
//	defer n.Close()
//	n.Notify(systemd.Ready, systemd.Status("online"))
//	if every := n.Watchdog(); every > 0 { … n.Notify(systemd.Alive) each every/2 }
//
// Goroutines: none is started; every method may be called from any goroutine, and none blocks for longer than a datagram to
// this machine takes.
//
// Limits: only what a service says to its manager, over an AF_UNIX datagram socket (paths and abstract names). No file
// descriptors, no vsock.
//
// The protocol is sd_notify(3) and sd_watchdog_enabled(3).
package systemd
