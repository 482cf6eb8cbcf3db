package synthetic

import "github.com/sotto-calls/sotto/media/synthetic/internal/vp8"

// colour is Y, U and V in the range of BT.601.
type colour [3]byte

var (
	white  = colour{235, 128, 128}
	black  = colour{16, 128, 128}
	orange = colour{150, 60, 185}
)

// bars are the eight colours at 75 %.
var bars = [8]colour{
	{180, 128, 128}, {162, 44, 142}, {131, 156, 44}, {112, 72, 58}, {84, 184, 198}, {65, 100, 212}, {35, 212, 114}, black,
}

// painter draws the pattern.
type painter struct {
	still   *vp8.Picture // what does not move
	picture *vp8.Picture
	side    int // of the block that moves
}

func newPainter(width, height int) *painter {
	p := &painter{
		still: vp8.NewPicture(width, height), picture: vp8.NewPicture(width, height),
		side: max(height/6&^15, 16),
	}
	w, h := p.still.Y.Width, p.still.Y.Height
	fill(p.still, 0, 0, w, h, black)
	for i, c := range bars {
		fill(p.still, i*width/8, 0, (i+1)*width/8, height*2/3, c)
	}
	for x := 0; x < w; x += 2 {
		fill(p.still, x, height*2/3, x+2, height*5/6, colour{byte(16 + 219*min(x, width)/width), 128, 128})
	}
	return p
}

// paint returns picture n, valid until the next one.
func (p *painter) paint(n, fps int) *vp8.Picture {
	p.picture.Copy(p.still)
	w, h := p.picture.Width, p.picture.Height
	// The block bounces in the bars: four pixels to the side and two down each time.
	x, y := bounce(4*n, w-p.side), bounce(2*n, h*2/3-p.side)
	fill(p.picture, x, y, x+p.side, y+p.side, orange)
	clock(p.picture, n, fps)
	return p.picture
}

// bounce goes to and fro between 0 and limit.
func bounce(n, limit int) int {
	n %= 2 * limit
	return min(n, 2*limit-n) &^ 1
}

// fill paints the pixels from x0, y0 to before x1, y1, whose odd ones are rounded down.
func fill(p *vp8.Picture, x0, y0, x1, y1 int, c colour) {
	rect(&p.Y, x0&^1, y0&^1, x1&^1, y1&^1, c[0])
	rect(&p.U, x0/2, y0/2, x1/2, y1/2, c[1])
	rect(&p.V, x0/2, y0/2, x1/2, y1/2, c[2])
}

func rect(p *vp8.Plane, x0, y0, x1, y1 int, v byte) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, p.Width), min(y1, p.Height)
	for y := y0; y < y1; y++ {
		row := p.Pix[y*p.Stride:][:p.Width]
		for x := x0; x < x1; x++ {
			row[x] = v
		}
	}
}

// segments of each digit: top, upper left, upper right, middle, lower left, lower right, bottom.
var segments = [10]string{"1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"}

// clock writes minutes, seconds and the number of the frame in its second into the lowest part of the picture.
func clock(p *vp8.Picture, n, fps int) {
	unit := max(p.Height/60, 1) * 2 // the breadth of a stroke is half of it
	x, y := 2*unit, p.Height-4*unit-unit/2
	for i, v := range [3]int{n / fps / 60 % 100, n / fps % 60, n % fps} {
		if i > 0 {
			fill(p, x, y+unit, x+unit/2, y+unit+unit/2, white)
			fill(p, x, y+2*unit+unit/2, x+unit/2, y+3*unit, white)
			x += unit + unit/2
		}
		for div := 10 + 90*(v/100); div > 0; div /= 10 {
			digit(p, x, y, unit, v/div%10)
			x += 3*unit + unit/2
		}
	}
}

// digit draws one digit, two and a half units wide and four high.
func digit(p *vp8.Picture, x, y, unit, v int) {
	s, w := unit/2, 2*unit+unit/2
	for i, r := range [7][4]int{
		{0, 0, w, s}, {0, 0, s, 2 * unit}, {w - s, 0, w, 2 * unit}, {0, 2*unit - s/2, w, 2*unit + s - s/2},
		{0, 2 * unit, s, 4 * unit}, {w - s, 2 * unit, w, 4 * unit}, {0, 4*unit - s, w, 4 * unit},
	} {
		if segments[v][i] == '1' {
			fill(p, x+r[0], y+r[1], x+r[2], y+r[3], white)
		}
	}
}
