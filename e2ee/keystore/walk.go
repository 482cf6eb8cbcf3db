package keystore

import "strings"

// keyboards are rows of keys above one another, of three layouts; rows are aligned to the left.
var keyboards = [][]string{
	{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"},
	{"1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"},
	{"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"},
}

// walk is how many characters p starts with of which each is the one before it again, or its neighbour: on a keyboard,
// in the alphabet or in counting, forwards or backwards.
func walk(p string) int {
	n := 1
	for n < len(p) && (p[n] == p[n-1] || neighbours(p[n-1], p[n])) {
		n++
	}
	return n
}

func neighbours(a, b byte) bool {
	if alnum(a) && alnum(b) && (a+1 == b || b+1 == a) {
		return true
	}
	for _, rows := range keyboards {
		if adjacent(rows, a, b) {
			return true
		}
	}
	return false
}

func alnum(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// adjacent allows one step in any of eight directions.
func adjacent(rows []string, a, b byte) bool {
	ra, ca := position(rows, a)
	rb, cb := position(rows, b)
	return ra >= 0 && rb >= 0 && max(ra-rb, rb-ra) <= 1 && max(ca-cb, cb-ca) <= 1
}

func position(rows []string, c byte) (row, column int) {
	for i, r := range rows {
		if j := strings.IndexByte(r, c); j >= 0 {
			return i, j
		}
	}
	return -1, -1
}
