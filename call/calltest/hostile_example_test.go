package calltest_test

import (
	"testing"
	"testing/synctest"

	"github.com/sotto-calls/sotto/call/calltest"
)

// TestMyConfiguration tries all attacks of a relay on a configuration of one's own: set it in Stage.Configure.
func TestMyConfiguration(t *testing.T) {
	for _, attack := range calltest.Attacks()[:2] { // all of them, in a test of yours
		synctest.Test(t, func(t *testing.T) {
			stage := calltest.New(t, calltest.Options{}).Stage()
			got, err := attack.Run(t.Context(), stage)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Harmless() {
				t.Errorf("%s: %v", got.Attack, got.Broken)
			}
		})
	}
}
