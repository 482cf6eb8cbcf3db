package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
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

// Frames that no file can hold, and a disk that is full, are told of in recording.json, and what came else is in the files.
func TestFaultsAreInTheManifest(t *testing.T) {
	r, err := begin(t.TempDir(), 10<<20, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.participant("participant-1", true)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	g.open(f)
	sound := g.received(media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 2}, t.Logf)
	for n, data := range []string{"\xf8\x01", "", "\xff", "\xf8\x01"} {
		if err := sound.WriteFrame(media.Frame{Data: []byte(data), Time: time.Duration(n) * 20 * time.Millisecond}); err != nil {
			t.Error(err)
		}
	}
	bad := g.received(media.TrackInfo{Kind: media.Video, Codec: media.H264, ClockRate: 90000}, t.Logf)
	if err := bad.WriteFrame(media.Frame{Data: []byte("no start code"), Key: true}); err != nil {
		t.Error(err)
	}
	g.open(nil)
	r.finish()
	f.kept = append(f.kept, file.RecordedFile{Path: filepath.Join(r.folder.path, "participant-1.ivf"), Track: media.TrackInfo{Kind: media.Video}, Err: syscall.ENOSPC})
	p := participant{name: "participant-1"}
	want := []fault{{File: "participant-1.ogg", Track: "audio", Refused: 2}, {Track: "video", Refused: 1},
		{File: "participant-1.ivf", Track: "video", Why: syscall.ENOSPC.Error()}}
	a := p.attendant(f.kept)
	if !slices.Equal(a.Faults, want) || slices.Contains(a.Files, "") {
		t.Errorf("%+v of %q, want %+v", a.Faults, a.Files, want)
	}
	if len(f.kept) != 3 || f.kept[0].Frames != 2 {
		t.Errorf("%+v", f.kept)
	}
}

// Sound that no file can hold is one fault, though it was to be in two files; and none if it is whole in one of them.
func TestSoundIsToldOfOnce(t *testing.T) {
	sound := media.TrackInfo{Kind: media.Audio, Codec: media.Opus}
	none := file.RecordedFile{Track: sound, Refused: 3}
	for _, c := range []struct {
		apart, both file.RecordedFile
		want        []string
	}{
		{none, none, []string{""}},
		{file.RecordedFile{Path: "a.ogg", Track: sound}, file.RecordedFile{Track: sound, Err: syscall.ENOSPC}, []string{"a.ogg"}},
	} {
		kept := append(keep([]file.RecordedFile{c.apart}, false, t.Logf), keep([]file.RecordedFile{c.both}, true, t.Logf)...)
		var paths []string
		for _, f := range kept {
			paths = append(paths, f.Path)
		}
		if !slices.Equal(paths, c.want) {
			t.Errorf("%+v of %+v", kept, c)
		}
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
