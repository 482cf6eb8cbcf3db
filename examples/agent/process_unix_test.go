//go:build unix

package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// awaitDeaths fails the test unless the processes end whose ids are in a file. Nobody tells us of them: they are looked at
// again and again.
func awaitDeaths(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(b)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		patience := time.Now().Add(5 * time.Second)
		for alive(pid) {
			if time.Now().After(patience) {
				t.Errorf("process %d lives", pid)
				break
			}
			<-time.After(5 * time.Millisecond)
		}
	}
}

// alive is false for a process that is gone, or dead and not yet buried by its parent.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !os.IsNotExist(err) || !hasProc()
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

func hasProc() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}
