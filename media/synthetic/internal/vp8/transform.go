package vp8

// block holds 4x4 samples or coefficients, row by row.
type block [16]int

// The inverse transform's constants, in 1/65536: the square root of 2 times the cosine and sine of pi/8 (RFC 6386,
// section 14.4).
const (
	cosine = 85627
	sine   = 35468
)

// forwardDCT is the transform that inverseDCT undoes.
func forwardDCT(b *block) {
	for i := range 4 {
		row := b[4*i : 4*i+4]
		forward4(&row[0], &row[1], &row[2], &row[3], 3)
	}
	for i := range 4 {
		forward4(&b[i], &b[4+i], &b[8+i], &b[12+i], 0)
	}
	for i, v := range b {
		b[i] = (v + 8) >> 4 // the scale of both directions: 1/2, and 1/8 for the bits that were kept
	}
}

// forward4 transforms four values; shift keeps so many more bits.
func forward4(p0, p1, p2, p3 *int, shift uint) {
	a, b := (*p0+*p3)<<shift, (*p1+*p2)<<shift
	c, d := (*p1-*p2)<<shift, (*p0-*p3)<<shift
	*p0, *p2 = a+b, a-b
	*p1 = product(cosine, d, sine, c)
	*p3 = product(sine, d, -cosine, c)
}

// product is m·a + n·b in 1/65536, also where an int has 32 bits.
func product(m, a, n, b int) int {
	return int((int64(m)*int64(a) + int64(n)*int64(b) + 1<<15) >> 16)
}

// inverseDCT is what every decoder computes, to the bit.
func inverseDCT(b *block) {
	for i := range 4 {
		inverse4(&b[i], &b[4+i], &b[8+i], &b[12+i])
	}
	for i := range 4 {
		row := b[4*i : 4*i+4]
		inverse4(&row[0], &row[1], &row[2], &row[3])
	}
	for i, v := range b {
		b[i] = (v + 4) >> 3
	}
}

func inverse4(p0, p1, p2, p3 *int) {
	a, b := *p0+*p2, *p0-*p2
	c := *p1*sine>>16 - (*p3 + *p3*(cosine-1<<16)>>16)
	d := *p1 + *p1*(cosine-1<<16)>>16 + *p3*sine>>16
	*p0, *p1, *p2, *p3 = a+d, b+c, b-c, a-d
}

// hadamard applies the Walsh-Hadamard transform, which is its own inverse but for the scale.
func hadamard(b *block) {
	for i := range 4 {
		hadamard4(&b[i], &b[4+i], &b[8+i], &b[12+i])
	}
	for i := range 4 {
		row := b[4*i : 4*i+4]
		hadamard4(&row[0], &row[1], &row[2], &row[3])
	}
}

func hadamard4(p0, p1, p2, p3 *int) {
	a, b := *p0+*p3, *p1+*p2
	c, d := *p1-*p2, *p0-*p3
	*p0, *p1, *p2, *p3 = a+b, c+d, a-b, d-c
}

func forwardWHT(b *block) {
	hadamard(b)
	for i, v := range b {
		b[i] = (v + 1) >> 1
	}
}

// inverseWHT is what every decoder computes, to the bit.
func inverseWHT(b *block) {
	hadamard(b)
	for i, v := range b {
		b[i] = (v + 3) >> 3
	}
}
