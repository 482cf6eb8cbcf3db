package file_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

var _ media.Source = (*file.Source)(nil)

func loop(t testing.TB, name string, format file.Format) *file.Source {
	t.Helper()
	s, err := file.NewSource(bytes.NewReader(clip(t, name)), format, file.SourceOptions{Loop: true, Label: name})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Over an hour in a loop every frame comes at its very moment: no drift, no burst, no loss.
func TestSourceDoesNotDrift(t *testing.T) {
	for _, c := range []struct {
		name   string
		format file.Format
		frames int           // in a round
		step   time.Duration // 0: 1/30 s
	}{{"clip.ivf", file.IVF, 240, 0}, {"clip.ogg", file.Ogg, 400, 20 * time.Millisecond}} {
		synctest.Test(t, func(t *testing.T) {
			s := loop(t, c.name, c.format)
			defer s.Close()
			start := time.Now()
			for n := 0; time.Since(start) < time.Hour; n++ {
				f, err := s.Read(t.Context())
				if err != nil {
					t.Fatalf("%s: frame %d: %v", c.name, n, err)
				}
				due := time.Duration(n) * c.step
				if c.step == 0 {
					due = (time.Duration(n)*time.Second + 15) / 30
				}
				rounding := time.Duration(n/c.frames + 1) // a nanosecond a round, where the length is no whole number of them
				if off := f.Time - due; off < -rounding || off > rounding {
					t.Fatalf("%s: frame %d has time %v, want %v", c.name, n, f.Time, due)
				}
				if since := time.Since(start); since != f.Time {
					t.Fatalf("%s: frame %d came after %v, was due at %v", c.name, n, since, f.Time)
				}
			}
		})
	}
}

func TestSourceEndsWithEOF(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := readAll(t, file.IVF, clip(t, "clip.ivf"))
		s, err := file.NewSource(bytes.NewReader(clip(t, "clip.ivf")), file.IVF, file.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		var got []media.Frame
		for {
			f, err := s.Read(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, f)
		}
		sameData(t, got, want)
		var total time.Duration
		for _, f := range got {
			total += f.Duration
		}
		if off := total - 8*time.Second; off < -time.Microsecond || off > time.Microsecond {
			t.Errorf("the durations add up to %v, want 8s", total)
		}
	})
}

// A reader that is late gets at once what is due; one that has stayed away a while finds the file where it left it.
func TestSourceCatchesUpOrPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := loop(t, "clip.ogg", file.Ogg)
		defer s.Close()
		read := func() (media.Frame, time.Duration) {
			t.Helper()
			before := time.Now()
			f, err := s.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return f, time.Since(before)
		}
		read()
		time.Sleep(500 * time.Millisecond)
		for n := 1; n <= 25; n++ {
			if f, waited := read(); waited != 0 || f.Time != time.Duration(n)*20*time.Millisecond {
				t.Fatalf("packet %d at %v after a wait of %v", n, f.Time, waited)
			}
		}
		time.Sleep(10 * time.Second)
		if f, waited := read(); waited != 0 || f.Time != 10500*time.Millisecond {
			t.Fatalf("after the pause: packet at %v after %v", f.Time, waited)
		}
		if f, waited := read(); waited != 20*time.Millisecond || f.Time != 10520*time.Millisecond {
			t.Fatalf("then: packet at %v after %v", f.Time, waited)
		}
	})
}

func TestSourceCancelAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := loop(t, "clip.ivf", file.IVF)
		first, err := s.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		if _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("cancelled: %v", err)
		}
		second, err := s.Read(t.Context())
		if err != nil || second.Time-first.Time > 34*time.Millisecond {
			t.Fatalf("a cancelled Read lost a frame: %v %v", second.Time, err)
		}
		ended := make(chan error)
		go func() {
			_, err := s.Read(context.Background())
			ended <- err
		}()
		synctest.Wait()
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("closed while it waits: %v", err)
		}
		if _, err := s.Read(context.Background()); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("closed: %v", err)
		}
	})
}

func TestOpenErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := file.OpenIVF(filepath.Join(dir, "none.ivf"), file.SourceOptions{}); !errors.Is(err, fs.ErrNotExist) ||
		err.Error() != "file: none.ivf: no such file or directory" {
		t.Errorf("missing: %v", err)
	}
	_, err := file.OpenIVF(save(t, "wrong.ivf", clip(t, "clip.ogg")), file.SourceOptions{})
	if want := "file: wrong.ivf: not a valid IVF file: it does not begin with DKIF"; err == nil || err.Error() != want {
		t.Errorf("wrong kind: %v", err)
	}
	_, err = file.OpenOgg(save(t, "wrong.ogg", clip(t, "clip.ivf")), file.SourceOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), "file: wrong.ogg: not a valid Ogg Opus file: ") {
		t.Errorf("wrong kind: %v", err)
	}
	empty := clip(t, "clip.ivf")[:32]
	if s, err := file.OpenIVF(save(t, "empty.ivf", empty), file.SourceOptions{Loop: true}); err == nil {
		t.Errorf("an empty file plays in a loop: %v", s.Close())
	}
	if _, err := file.NewSource(io.MultiReader(), file.IVF, file.SourceOptions{Loop: true}); err == nil {
		t.Error("what cannot seek plays in a loop")
	}
}

// A file whose frames all have the same time must not make its loop spin.
func TestSourceLoopOfNoLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := clip(t, "clip.ivf")
		frame := b[:44+17863] // the header and the first frame
		s, err := file.NewSource(bytes.NewReader(frame), file.IVF, file.SourceOptions{Loop: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		start := time.Now()
		for range 50 {
			if _, err := s.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got != 49*20*time.Millisecond {
			t.Errorf("50 rounds took %v", got)
		}
	})
}
