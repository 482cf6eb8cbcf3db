package main

import (
	"os"
	"sync"
	"testing"
)

// Of files that are made and finished beside each other none takes the name of another.
func TestNoFileIsOverwritten(t *testing.T) {
	d, err := newFolder(t.TempDir(), "recording", 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 8
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for range each {
				p, err := d.create("participant-1", ".ogg")
				if err != nil {
					t.Error(err)
					return
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	files, err := os.ReadDir(d.path)
	if err != nil || len(files) != writers*each {
		t.Errorf("%d files of %d, %v", len(files), writers*each, err)
	}
}
