package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A mix that cannot be begun leaves nothing open and nothing behind.
func TestBeginFails(t *testing.T) {
	right := mixed
	t.Cleanup(func() { mixed = right })
	dir := t.TempDir()
	open := opened(t)
	mixed.Rate = 1 // which no WAV file has
	if _, err := begin(dir, 1<<20, t.Logf); err == nil || !strings.Contains(err.Error(), "1 Hz") {
		t.Errorf("a mix of 1 Hz: %v", err)
	}
	mixed = right
	gone := &folder{path: filepath.Join(dir, "gone"), limit: 1 << 20}
	if _, err := gone.begin(time.Now(), t.Logf); !os.IsNotExist(err) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if left := names(t, dir); left != "" {
		t.Errorf("it left %s", left)
	}
	if now := opened(t); now != open {
		t.Errorf("%d files are open, %d were", now, open)
	}
}

// opened is how many files this process has open, where the system says.
func opened(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
