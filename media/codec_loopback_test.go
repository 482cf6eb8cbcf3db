package media

import "testing"

// TestLoopbackInEveryCodec: on real sockets, lossless to the last frame.
func TestLoopbackInEveryCodec(t *testing.T) {
	for _, codec := range codecsOf(Video) {
		settings := Settings{Loopback: true, VideoCodecs: []Codec{codec}}
		p := newPair(t, settings, settings)
		there, back := newVideo(codec, 30, 6000), newVideo(codec, 25, 30000)
		p.dial(t, []Source{there}, []Source{back}, both, both)
		p.connected(t)
		check(t, p.a.conn.Drain(t.Context()))
		check(t, p.b.conn.Drain(t.Context()))
		p.close()
		if a, b := wantSubsequence(t, p.b.sinkOf("0"), there), wantSubsequence(t, p.a.sinkOf("0"), back); a != there.count || b != back.count {
			t.Errorf("%s: %d of %d frames there, %d of %d back", codec, a, there.count, b, back.count)
		}
	}
}
