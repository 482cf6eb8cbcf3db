//go:build cgo

package device

// built reports whether devices can be opened by this program.
const built = true
