package main

import (
	"strings"
	"testing"
)

func TestAnswers(t *testing.T) {
	in := `{"id":1,"op":"echo","data":"AAEC"}` + "\n" + `{"id":2,"op":"nonsense"}` + "\n" + `{"id":3,"op":"echo","data":5}` + "\n[\n"
	var out strings.Builder
	if err := serve(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{`{"id":1,"data":"AAEC"}`, `{"id":2,"error":"no op`, `{"id":3,"error":"json:`, `{"id":0,"error":`}
	if len(lines) != len(want) {
		t.Fatalf("%d answers to %d requests: %q", len(lines), len(want), lines)
	}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) {
			t.Errorf("answer %d is %s, want %s…", i, lines[i], w)
		}
	}
}
