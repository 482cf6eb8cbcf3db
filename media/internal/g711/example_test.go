package g711_test

import (
	"fmt"

	"github.com/sotto-calls/sotto/media/internal/g711"
)

func Example() {
	payload := g711.EncodeU(nil, []int16{0, 1000, -1000})
	fmt.Println(g711.DecodeU(nil, payload))
	// Output: [0 988 -988]
}
