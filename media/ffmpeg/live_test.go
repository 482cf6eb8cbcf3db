package ffmpeg

import (
	"errors"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A camera and a microphone: frames come at their rate, times rise, key frames come every second, both tracks have the same
// zero.
func TestLive(t *testing.T) {
	for _, codec := range []media.Codec{media.VP8, media.H264} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			need(t, "ffmpeg", "ffprobe")
			s := mustOpen(t, Format("lavfi", both, nil), Config{Codec: codec, KeyInterval: time.Second, Width: 320, Height: 240})
			if i := s.Video().Track(); i.Codec != codec || i.Width != 320 || i.Height != 240 || i.Kind != media.Video || i.ClockRate != 90000 {
				t.Errorf("%+v", i)
			}
			if i := s.Audio().Track(); i.Codec != media.Opus || i.Channels != 1 || i.ClockRate != 48000 {
				t.Errorf("%+v", i)
			}
			var video, audio []arrival
			var reading sync.WaitGroup
			reading.Go(func() { video, _ = read(t.Context(), s.Video(), 60) })
			reading.Go(func() { audio, _ = read(t.Context(), s.Audio(), 100) })
			reading.Wait()
			if len(video) != 60 || len(audio) != 100 {
				t.Fatalf("%d pictures, %d packets: %v", len(video), len(audio), s.Err())
			}
			checkRate(t, video, time.Second/30)
			checkRate(t, audio, 20*time.Millisecond)
			checkKeys(t, video)
			if codec == media.H264 {
				checkH264(t, video)
			}
			checkTogether(t, video[len(video)-1], audio[len(audio)-1])
			pid := s.Stats().PID
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			gone(t, pid)
			if _, err := s.Video().Read(t.Context()); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Read after Close: %v", err)
			}
			if err := s.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkTogether: what comes together lies no further apart than the machine is late.
func checkTogether(t *testing.T, video, audio arrival) {
	t.Helper()
	most := time.Second
	if alone() {
		most = 150 * time.Millisecond
	}
	offset := video.Time - audio.Time - video.at.Sub(audio.at)
	t.Logf("video is %v ahead of audio", offset)
	if offset.Abs() > most {
		t.Errorf("it may be %v", most)
	}
}

// checkRate checks that frames have the times of their rate: most of them, or all within 10 % where the machine is reserved;
// and that they did not come in one go.
func checkRate(t *testing.T, frames []arrival, step time.Duration) {
	t.Helper()
	monotone(t, frames)
	var steps []time.Duration
	for i := range len(frames) - 1 {
		steps = append(steps, frames[i+1].Time-frames[i].Time)
	}
	slices.Sort(steps)
	if middle := steps[len(steps)/2]; middle < step*9/10 || middle > step*5 {
		t.Errorf("every %v a frame, want every %v", middle, step)
	}
	first, last := frames[0], frames[len(frames)-1]
	want, pace := step*time.Duration(len(steps)), 30
	if alone() {
		pace = 60
	}
	if span := last.Time - first.Time; span < want*9/10 || alone() && span > want*11/10 {
		t.Errorf("%d frames span %v, want %v", len(frames), span, want)
	}
	took := last.at.Sub(first.at)
	t.Logf("%d frames of %v in %v", len(frames), want, took)
	if took < want*time.Duration(pace)/100 {
		t.Errorf("they are %v in %v", want, took)
	}
}

// checkKeys: a key frame comes first, and another each second: after 30 pictures, or by the clock where they are fewer.
func checkKeys(t *testing.T, video []arrival) {
	t.Helper()
	keys, since, longest := 0, 0, 0
	for _, f := range video {
		since++
		if f.Key {
			keys, since = keys+1, 0
		}
		longest = max(longest, since)
	}
	span := video[len(video)-1].Time - video[0].Time
	if !video[0].Key || longest > 30 || keys < 2 || keys > 3+int(span/time.Second) {
		t.Errorf("%d key frames in %v, up to %d pictures between them; the first is one: %v", keys, span, longest, video[0].Key)
	}
}

// checkH264: parameter sets stand before each key frame, and a picture has no delimiter.
func checkH264(t *testing.T, frames []arrival) {
	t.Helper()
	for i, f := range frames {
		var kinds []byte
		for _, nal := range units(f.Data) {
			kinds = append(kinds, nal[0]&31)
		}
		if f.Key && (len(kinds) < 3 || kinds[0] != nalSPS || kinds[1] != nalPPS) {
			t.Errorf("key frame %d is of %v", i, kinds)
		}
		for _, k := range kinds {
			if k == nalAUD {
				t.Errorf("frame %d has a delimiter", i)
			}
		}
		if profile := units(f.Data)[0][1]; i == 0 && profile != 66 {
			t.Errorf("profile %d, want 66 (baseline)", profile)
		}
	}
}

// A device that is pulled: an event with the reason, and it is taken up again, with a key frame and rising times.
func TestPulled(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	var told events
	s := mustOpen(t, Format("lavfi", picture, nil), Config{NoAudio: true, Notify: told.notify, Label: "front door"})
	before := mustRead(t, s.Video(), 10)
	pid := s.Stats().PID
	kill(t, pid)
	eventually(t, "two events", func() bool { return len(told.list()) == 2 })
	down, up := told.list()[0], told.list()[1]
	e, ok := errors.AsType[*media.DeviceError](down.Err)
	if down.Up || !ok || e.Fault != media.DeviceGone || !up.Up || up.Err != nil {
		t.Errorf("%+v, %+v", down, up)
	}
	if st := s.Stats(); st.PID == pid || st.Starts != 2 || st.Down {
		t.Errorf("%+v", st)
	}
	after := mustRead(t, s.Video(), 30)
	for !after[0].Key && after[0].Time < before[9].Time+500*time.Millisecond {
		after = after[1:] // what was queued before
	}
	monotone(t, append(before, after...))
	hole := false
	for i := 1; i < len(after); i++ {
		hole = hole || after[i].Time-after[i-1].Time > 200*time.Millisecond && after[i].Key
	}
	if !hole && !after[0].Key {
		t.Error("no key frame after the hole")
	}
	gone(t, pid)
}

// Muting everything lets the device go; unmuting begins with a key frame, and time has gone on.
func TestMute(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	var told events
	s := mustOpen(t, Format("lavfi", both, nil), Config{Notify: told.notify})
	video, audio := s.Video().(media.Muter), s.Audio().(media.Muter)
	last := mustRead(t, s.Video(), 5)[4]
	mustRead(t, s.Audio(), 5)
	pid := s.Stats().PID
	video.SetMuted(true)
	mustRead(t, s.Audio(), 20)
	if !alive(pid) || s.Stats().PID != pid {
		t.Error("the process ended while a track was wanted")
	}
	audio.SetMuted(true)
	gone(t, pid)
	eventually(t, "no process", func() bool { return s.Stats().PID == 0 })
	video.SetMuted(false)
	f := mustRead(t, s.Video(), 2)
	if !f[0].Key || f[0].Time <= last.Time || f[0].Time > time.Minute {
		t.Errorf("after the pause: key %v at %v, before it %v", f[0].Key, f[0].Time, last.Time)
	}
	if n := len(told.list()); n != 0 {
		t.Errorf("%d events", n)
	}
	if err := s.Video().Close(); err != nil {
		t.Error(err)
	}
	pid = s.Stats().PID
	if pid != 0 {
		eventually(t, "the process ends with its last wanted track", func() bool { return !alive(pid) })
	}
	if err := s.Audio().Close(); err != nil {
		t.Error(err)
	}
}

// What nobody reads does not pile up: what waits spans no more than its limit, and begins with a key frame.
func TestNoBacklog(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	s := mustOpen(t, Format("lavfi", both, nil), Config{KeyInterval: time.Second})
	eventually(t, "frames are dropped", func() bool { st := s.Stats(); return st.VideoDropped > 30 && st.AudioDropped > 30 })
	for _, q := range s.tracks() {
		q.s.mu.Lock()
		frames := q.q.frames
		if n := len(frames); n > maxQueue || n > 1 && frames[n-1].Time-frames[0].Time > q.q.span {
			t.Errorf("%d frames wait", n)
		}
		newest := s.start
		if len(frames) > 0 {
			newest = newest.Add(frames[len(frames)-1].Time)
		}
		q.s.mu.Unlock()
		f := mustRead(t, q, 1)[0]
		if late := newest.Sub(s.start.Add(f.Time)); late > q.q.span || !f.Key {
			t.Errorf("%v is %v behind the newest, key %v", f.Time, late, f.Key)
		}
	}
}
