package device

// A mode is one way in which a camera can send pictures.
type mode struct {
	fourcc        string
	width, height int
	fps           float64 // at most, 0: not known
}

// badness says how little a mode fits: 0 is what was asked for. A little larger is better than smaller, and a compressed
// picture, which must be decoded first, better than a slow camera.
func (m mode) badness(width, height, fps int) float64 {
	bad := 0.0
	if m.fourcc == "MJPG" {
		bad += 0.3
	}
	if m.fps > 0 && m.fps < float64(fps) {
		bad += 10 * (1 - m.fps/float64(fps))
	}
	cover := min(float64(m.width)/float64(width), float64(m.height)/float64(height))
	if cover < 1 {
		return bad + 8*(1-cover)
	}
	area := float64(m.width*m.height) / float64(width*height)
	return bad + 0.1*(area-1)
}

// best is the mode that fits best, the first of several. ok is false where there is none.
func best(modes []mode, width, height, fps int) (m mode, ok bool) {
	for _, other := range modes {
		if !ok || other.badness(width, height, fps) < m.badness(width, height, fps) {
			m, ok = other, true
		}
	}
	return m, ok
}

// stepped is the size in a range that is n or next above it.
func stepped(n, least, most, step int) int {
	if step < 1 {
		step = 1
	}
	if n > least {
		n = least + (n-least+step-1)/step*step
	}
	return min(max(n, least), most)
}
