package roomy

import "testing"

// The interfaces are looked up anew, so that a network which comes later is found.
func TestInterfacesAreOfNow(t *testing.T) {
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	first, err := n.Interfaces()
	if err != nil || len(first) == 0 {
		t.Fatalf("%d interfaces, %v", len(first), err)
	}
	again, err := n.Interfaces()
	if err != nil || len(again) == 0 || again[0] == first[0] {
		t.Errorf("%d interfaces, %v: the list of before", len(again), err)
	}
}
