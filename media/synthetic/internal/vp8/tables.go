package vp8

// dcQuant and acQuant are the steps that coefficients are divided by, for each quantiser index: RFC 6386, section 14.1.
var dcQuant = [128]int{
	4, 5, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14, 15, 16, 17, 17,
	18, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24, 25, 25, 26, 27, 28,
	29, 30, 31, 32, 33, 34, 35, 36, 37, 37, 38, 39, 40, 41, 42, 43,
	44, 45, 46, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58,
	59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74,
	75, 76, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89,
	91, 93, 95, 96, 98, 100, 101, 102, 104, 106, 108, 110, 112, 114, 116, 118,
	122, 124, 126, 128, 130, 132, 134, 136, 138, 140, 143, 145, 148, 151, 154, 157,
}

var acQuant = [128]int{
	4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
	36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
	52, 53, 54, 55, 56, 57, 58, 60, 62, 64, 66, 68, 70, 72, 74, 76,
	78, 80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 108,
	110, 112, 114, 116, 119, 122, 125, 128, 131, 134, 137, 140, 143, 146, 149, 152,
	155, 158, 161, 164, 167, 170, 173, 177, 181, 185, 189, 193, 197, 201, 205, 209,
	213, 217, 221, 225, 229, 234, 239, 245, 249, 254, 259, 264, 269, 274, 279, 284,
}

// motionUpdate is how likely a frame changes the probabilities of motion vectors: RFC 6386, section 17.2.
var motionUpdate = [38]probability{
	237, 246, 253, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 250, 250, 252, 254, 254,
	231, 243, 245, 253, 254, 254, 254, 254, 254, 254, 254, 254, 254, 254, 251, 251, 254, 254, 254,
}

// zeroMotion is the probability that a macroblock stays where it was, by how many of its neighbours are predicted from
// the last frame: above and left count 2, above left 1. It is the first column of the table in RFC 6386, section 16.3.
var zeroMotion = [6]probability{7, 14, 135, 60, 159, 234}

// zigzag is the order in which a block's coefficients are written.
var zigzag = [16]int{0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15}

// bands groups the coefficients by place.
var bands = [16]int{0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7}

// category is a range of coefficients that share a token; what is beyond its base follows in bits with these probabilities.
type category struct {
	base  int
	probs []probability
}

var categories = [6]category{
	{5, []probability{159}},
	{7, []probability{165, 145}},
	{11, []probability{173, 148, 140}},
	{19, []probability{176, 155, 140, 135}},
	{35, []probability{180, 157, 141, 134, 130}},
	{67, []probability{254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}},
}
