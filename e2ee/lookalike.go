package e2ee

import (
	"strings"
	"unicode"
)

// SameName says whether two names are the same but for case, spaces and variation selectors.
func SameName(a, b string) bool {
	return fold(a) == fold(b) && fold(a) != ""
}

// LookAlike says whether two names may be taken for each other: their skeletons are equal. A skeleton is the name in
// lower case, without spaces, punctuation and marks, with each character that resembles a basic Latin letter in its
// place (the table below: Cyrillic and Greek letters, accented Latin ones, full-width forms, digits), and with rn, vv
// and cl as the letters that they resemble. The table is small and ours: it finds what is easily typed, not every
// character of Unicode that somebody could find. Same names are look-alikes too.
func LookAlike(a, b string) bool {
	return skeleton(a) == skeleton(b) && skeleton(a) != ""
}

func fold(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, name)
	return strings.Join(strings.Fields(strings.ToLower(name)), " ")
}

func skeleton(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r >= 0xff01 && r <= 0xff5e { // full-width forms of ASCII
			r -= 0xff01 - '!'
		}
		// Before lowering: capital I, the bar and l are one stroke; some capitals resemble what their small forms do not.
		if to, ok := confusable[r]; ok {
			b.WriteString(to)
			continue
		}
		r = unicode.ToLower(r)
		switch to, ok := confusable[r]; {
		case ok:
			b.WriteString(to)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return digraphs.Replace(b.String())
}

var digraphs = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d")

// confusable maps what resembles a basic Latin letter to it. i, j without dots, l, 1 and | are all "l".
var confusable = func() map[rune]string {
	m := make(map[rune]string)
	for to, from := range map[string]string{
		"a": "àáâãäåāăąǎạảấầẩẫậắằẳẵặаαɑ@4АΑ",
		"b": "ьВвΒƀ8",
		"c": "çćĉċčсϲСϹ",
		"d": "ďđԁɗ",
		"e": "èéêëēĕėęěẹẻẽếềểễệеєёЕΕ3",
		"f": "ƒϝ",
		"g": "ĝğġģɡ9",
		"h": "ĥħһНнΗ",
		"j": "ĵјЈ",
		"k": "ķκкКΚ",
		"l": "lIi1|!ìíîïĩīĭįıǐịỉіїІΙιӏӀĺļľŀłⅼ",
		"m": "мМΜⅿ",
		"n": "ñńņňŉηпΝ",
		"o": "òóôõöøōŏőǒọỏốồổỗộớờởỡợơоοσОΟ0",
		"p": "рρРΡ",
		"q": "ԛ",
		"r": "ŕŗřгṛ",
		"s": "śŝşšșѕЅ$5",
		"t": "ţťŧțтТΤτ7",
		"u": "ùúûüũūŭůűųưụủứừửữựυц",
		"v": "νѵⅴ",
		"w": "ŵԝшщω",
		"x": "хχХΧ×",
		"y": "ýÿŷуγҮүУΥỳỵỷỹ",
		"z": "źżžΖ2",
	} {
		for _, r := range from {
			m[r] = to
		}
	}
	m['ß'], m['æ'], m['œ'] = "ss", "ae", "oe"
	return m
}()
