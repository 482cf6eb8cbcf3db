package sframe

import (
	"slices"
	"unsafe"
)

// extend makes room for n bytes after dst and returns the whole and the new part, whose content is undefined.
func extend(dst []byte, n int) (whole, tail []byte) {
	whole = slices.Grow(dst, n)[:len(dst)+n]
	return whole, whole[len(dst):]
}

// overlap reports whether a and b share memory.
func overlap(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	// Addresses are compared, never dereferenced, so unsafe cannot go wrong here.
	a0, b0 := uintptr(unsafe.Pointer(&a[0])), uintptr(unsafe.Pointer(&b[0]))
	return a0 < b0+uintptr(len(b)) && b0 < a0+uintptr(len(a))
}

// shifted reports whether a and b share memory without starting at the same byte: there an AEAD refuses to work.
func shifted(a, b []byte) bool { return overlap(a, b) && &a[0] != &b[0] }
