package environ

import (
	"slices"
	"testing"
)

// Mutation: Bare keeps what it does not know.
func TestBare(t *testing.T) {
	got := Bare([]string{"PATH=/bin", "SOTTO_PASSPHRASE_FILE=/p", "CREDENTIALS_DIRECTORY=/c", "NOTIFY_SOCKET=/n", "HOME=/h=1", "PATHS=x", "odd"})
	if want := []string{"PATH=/bin", "HOME=/h=1"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
