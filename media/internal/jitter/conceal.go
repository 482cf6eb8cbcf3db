package jitter

import "time"

// How concealment fades. A decoder's own fades by itself, and is ended where it does not.
const (
	fadeFrom      = 20 * time.Millisecond
	fadeTo        = 120 * time.Millisecond
	codecFadeFrom = 80 * time.Millisecond
	codecFadeTo   = 160 * time.Millisecond
	healTime      = 2500 * time.Microsecond // in which a step at the beginning is evened out
)

// conceal adds n samples in place of what is missing.
func (b *Buffer) conceal(n int) {
	if !b.filling {
		b.stats.Concealed += uint64(n)
	}
	if !b.fade.active && b.codecConceal(n) {
		return
	}
	b.beginFade()
	b.fade.generate(b.sound.room(n))
}

// codecConceal lets the decoder conceal, who knows more about its signal.
func (b *Buffer) codecConceal(n int) bool {
	to := b.samples(codecFadeTo)
	if b.filling || b.cut && b.codecRun == 0 || b.codecRun >= to {
		return false
	}
	pcm := b.scratch[:n*b.cfg.Channels]
	if got, err := b.cfg.Decoder.Conceal(pcm); err != nil || got != len(pcm) {
		return false
	}
	from := b.samples(codecFadeFrom)
	for i := range n {
		scale(pcm[i*b.cfg.Channels:(i+1)*b.cfg.Channels], to-max(b.codecRun+i, from), to-from)
	}
	b.codecRun += n
	b.sound.append(pcm)
	return true
}

// scale multiplies by num/den, which is between 0 and 1.
func scale(pcm []int16, num, den int) {
	num = min(max(num, 0), den)
	for i, v := range pcm {
		pcm[i] = int16(int64(v) * int64(num) / int64(den))
	}
}

// beginFade prepares concealment of our own from the last sounds.
func (b *Buffer) beginFade() {
	if b.fade.active {
		return
	}
	period := 0
	if past := b.sound.from(max(b.sound.end-2*b.pitch.longest, 0)); len(past) == 2*b.pitch.longest*b.cfg.Channels {
		period, _ = b.pitch.find(past, b.pitch.longest, -1)
	}
	b.fade.begin(b.sound.from(max(b.sound.end-2*period-1, 0)), period)
	if b.codecRun >= b.samples(codecFadeTo) {
		b.fade.silence()
	}
	b.codecRun = 0
}

// A concealer repeats the last pitch period of a sound, ever softer.
type concealer struct {
	channels int
	from, to int // samples until it begins to fade, and has faded
	heal     int
	active   bool
	loop     []int16 // room for one period
	period   int
	at       int // in loop
	run      int // samples made
	step     [2]int
	healed   int
}

func newConcealer(rate, channels, longest int) concealer {
	samples := func(d time.Duration) int { return int(d * time.Duration(rate) / time.Second) }
	return concealer{channels: channels, from: samples(fadeFrom), to: samples(fadeTo), heal: samples(healTime),
		loop: make([]int16, longest*channels)}
}

// silence makes it one of silence.
func (c *concealer) silence() {
	c.active, c.period, c.at, c.run, c.healed = true, 1, 0, c.to, c.heal
	clear(c.loop)
}

// quiet reports whether nothing is to be heard any more.
func (c *concealer) quiet() bool { return c.active && c.run >= c.to }

// begin takes the last sounds, of which there must be two periods; period 0 is silence, into which the last sample fades.
func (c *concealer) begin(past []int16, period int) {
	ch := c.channels
	c.active, c.at, c.run, c.healed = true, 0, 0, 0
	c.step = [2]int{}
	if c.period = period; period == 0 {
		c.period = 1
		clear(c.loop[:ch])
	} else {
		c.weave(past)
	}
	if len(past) < ch {
		return
	}
	for k := range ch {
		c.step[k] = int(past[len(past)-ch+k]) - int(c.loop[(c.period-1)*ch+k])
	}
}

// weave makes the loop of the last period. Its last quarter goes over into the period before, whose end is what the
// beginning of the last one follows; so the loop has no seam.
func (c *concealer) weave(past []int16) {
	ch, n := c.channels, c.period*c.channels
	last, before := past[len(past)-n:], past[len(past)-2*n:len(past)-n]
	copy(c.loop, last)
	quarter := c.period / 4
	for i := range quarter {
		w := i + 1
		for k := range ch {
			j := (c.period-quarter+i)*ch + k
			c.loop[j] = int16((int(last[j])*(quarter-w) + int(before[j])*w) / quarter)
		}
	}
}

// generate fills dst.
func (c *concealer) generate(dst []int16) {
	ch, fade := c.channels, c.to-c.from
	for i := 0; i+ch <= len(dst); i += ch {
		g := min(c.to-c.run, fade)
		for k := range ch {
			v := 0
			if g > 0 {
				v = int(c.loop[c.at*ch+k]) * g / fade
			}
			if c.healed < c.heal {
				v += c.step[k] * (c.heal - c.healed) / c.heal
			}
			dst[i+k] = clip(v)
		}
		c.run, c.healed = min(c.run+1, c.to), min(c.healed+1, c.heal)
		if c.at++; c.at == c.period {
			c.at = 0
		}
	}
}

func clip(v int) int16 { return int16(min(max(v, -32768), 32767)) }
