package main

import (
	"strings"

	"rsc.io/qr"
)

// quiet is the white margin that readers need, in modules.
const quiet = 2

// qrText draws a QR code by half blocks, two modules a character: white is what is drawn, as terminals are dark. Colours
// are set, so that it is right on a light one too. It is empty if the text is too long.
func qrText(text string) string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return ""
	}
	white := func(x, y int) bool { return !code.Black(x, y) } // beyond the edge it is white
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString("\x1b[97;40m")
		for x := -quiet; x < code.Size+quiet; x++ {
			switch top, bottom := white(x, y), white(x, y+1); {
			case top && bottom:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case bottom:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.String()
}
