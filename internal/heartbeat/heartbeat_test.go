package heartbeat

import (
	"testing"
	"testing/synctest"
	"time"
)

// A heart that beats in time is not late, and one that was held up is, until that is forgotten.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := Start(t)
		time.Sleep(time.Second)
		if late := h.Late(); late != 0 {
			t.Errorf("late by %v on a machine that does nothing else", late)
		}
		h.late.Store(int64(30 * time.Millisecond)) // what a beat stores that was held up
		time.Sleep(time.Second)
		if late := h.Late(); late != 30*time.Millisecond {
			t.Errorf("the worst is %v, want 30ms", late)
		}
		h.Forget()
		if late := h.Late(); late != 0 {
			t.Errorf("%v is not forgotten", late)
		}
	})
}
