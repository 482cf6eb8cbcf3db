package keystore

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestCreateNeverOverwrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id")
	if err := CreateFile(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := CreateFile(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("%v, want fs.ErrExist", err)
	}
	wantFile(t, path, "first")
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id")
	for _, s := range []string{"first", "second, longer", "3"} {
		if err := ReplaceFile(path, []byte(s)); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, s)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
}

// Fails if the file is written in place: a write that fails would have cut the old content off.
func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "id")
	if err := ReplaceFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	err := write(path, []byte("new"), func(string) error { return full })
	if !errors.Is(err, full) {
		t.Fatalf("%v, want %v", err, full)
	}
	wantFile(t, path, "old")
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := ReadFile(path)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Fatalf("%q, %v; want %q", got, err, want)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files in the folder (%v), want 1: a temporary one was left", len(entries), err)
	}
}

func TestReadFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(MaxFile+1), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path); err == nil {
		t.Fatal("a file over the limit was read")
	}
}

func TestPassphraseSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct{ content, want string }{
		{"abc def\n", "abc def"}, {"abc\r\n", "abc"}, {" abc ", " abc "}, {"abc\n\n", "abc\n"},
	} {
		got, err := PassphraseFromFile(write("p", tt.content))
		if err != nil || string(got) != tt.want {
			t.Errorf("%q: %q, %v; want %q", tt.content, got, err, tt.want)
		}
	}
	for _, content := range []string{"", "\n", string(make([]byte, 2000))} {
		if _, err := PassphraseFromFile(write("p", content)); err == nil {
			t.Errorf("file of %d bytes was taken", len(content))
		}
	}
	t.Setenv(CredentialsVariable, dir)
	write("sotto", "from systemd\n")
	if got, err := Credential("sotto"); err != nil || string(got) != "from systemd" {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{"absent", "", "..", "../p", "a/b", `a\b`} {
		if _, err := Credential(name); !errors.Is(err, ErrNoCredential) {
			t.Errorf("%q: %v, want ErrNoCredential", name, err)
		}
	}
	t.Setenv(CredentialsVariable, "")
	if _, err := Credential("sotto"); !errors.Is(err, ErrNoCredential) {
		t.Errorf("without systemd: %v", err)
	}
}
