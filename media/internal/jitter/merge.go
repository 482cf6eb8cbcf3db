package jitter

import (
	"math"
	"time"
)

const mergeTime = 8 * time.Millisecond

func (b *Buffer) mergeLength() int { return b.samples(mergeTime) }

// emit adds decoded samples. After concealment of our own, or where they do not follow what was before, they are faded in over
// it.
func (b *Buffer) emit(pcm []int16) {
	if b.fade.active || b.cut {
		b.merge(pcm)
	} else if b.codecRun > 0 {
		b.swell(pcm)
	}
	b.sound.append(pcm)
	b.fade.active, b.cut, b.codecRun = false, false, 0
}

// merge fades pcm in over what concealment would go on with. If it is of another place, concealment first goes on to where
// it is most like pcm, so that the two do not cancel each other.
func (b *Buffer) merge(pcm []int16) {
	ch := b.cfg.Channels
	b.beginFade()
	n := min(b.mergeLength(), len(pcm)/ch)
	most := 0
	if b.cut && !b.fade.quiet() {
		most = b.fade.period
	}
	tail := b.tail[:(n+most)*ch]
	b.fade.generate(tail)
	if most > 0 {
		skip := b.alike(tail, pcm, n, most)
		b.sound.append(tail[:skip*ch])
		b.stats.Concealed += uint64(skip)
		tail = tail[skip*ch:]
	}
	for i := range n {
		for k := range ch {
			j := i*ch + k
			pcm[j] = int16((int(tail[j])*(n-i) + int(pcm[j])*(i+1)) / (n + 1))
		}
	}
}

// alike is where in tail, below most, n samples are most like pcm. It looks at every sample of an 8 kHz grid only.
func (b *Buffer) alike(tail, pcm []int16, n, most int) int {
	ch := b.cfg.Channels
	grid := max(b.cfg.Rate/8000, 1)
	best, at := math.Inf(-1), 0
	for s := 0; s < most; s += grid {
		var cross, power float64
		for i := 0; i < n; i += grid {
			v := float64(tail[(s+i)*ch])
			cross += v * float64(pcm[i*ch])
			power += v * v
		}
		if power > 0 && cross/math.Sqrt(power) > best {
			best, at = cross/math.Sqrt(power), s
		}
	}
	return at
}

// swell brings pcm back to its level after a decoder's concealment was faded.
func (b *Buffer) swell(pcm []int16) {
	ch := b.cfg.Channels
	from, to := b.samples(codecFadeFrom), b.samples(codecFadeTo)
	n := min(b.mergeLength(), len(pcm)/ch)
	if b.codecRun <= from || n == 0 {
		return
	}
	low := max(to-b.codecRun, 0)
	for i := range n {
		scale(pcm[i*ch:(i+1)*ch], low*(n-i)+(to-from)*i, (to-from)*n)
	}
}
