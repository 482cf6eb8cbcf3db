package keystore

import "fmt"

// Params are argon2id's, RFC 9106 section 3.1. The zero value means [DefaultParams].
type Params struct {
	Time      uint32 // passes over the memory
	MemoryKiB uint32
	Threads   uint8
}

// DefaultParams is the second recommended option of RFC 9106, section 4: 3 passes over 64 MiB in 4 lanes, about a
// quarter of a second on a small board.
var DefaultParams = Params{Time: 3, MemoryKiB: 64 << 10, Threads: 4}

// Bounds of what is read and written. The upper ones keep a hostile file from exhausting a small machine; the lower
// one of the memory keeps a careless program from making files that are cheap to guess at.
const (
	MaxTime      = 16
	MinMemoryKiB = 8 << 10
	MaxMemoryKiB = 512 << 10
	MaxThreads   = 16
)

func (p Params) orDefault() Params {
	if p == (Params{}) {
		return DefaultParams
	}
	return p
}

func (p Params) check() error {
	switch {
	case p.Time < 1 || p.Time > MaxTime:
		return fmt.Errorf("argon2id time %d, allowed are 1 to %d", p.Time, MaxTime)
	case p.MemoryKiB < MinMemoryKiB || p.MemoryKiB > MaxMemoryKiB:
		return fmt.Errorf("argon2id memory %d KiB, allowed are %d to %d", p.MemoryKiB, MinMemoryKiB, MaxMemoryKiB)
	case p.Threads < 1 || p.Threads > MaxThreads:
		return fmt.Errorf("argon2id threads %d, allowed are 1 to %d", p.Threads, MaxThreads)
	}
	return nil
}
