package opus

import (
	"errors"
	"fmt"
)

// errTrap says that libopus broke off: it reached out of its memory, or ran out of stack.
var errTrap = errors.New("opus: libopus failed in its sandbox")

// fault is the error of a call: that it trapped, or the code that libopus returned.
func fault(what string, code int, err error) error {
	if err == nil && code < 0 {
		err = fmt.Errorf("opus: %s: libopus says %d", what, code)
	}
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
