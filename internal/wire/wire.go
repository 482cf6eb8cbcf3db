// Package wire is the one place where CBOR (RFC 8949) is written and read. What is written is core deterministic
// (section 4.2.1). What is read comes from someone else, so the reader is strict: capped in size, depth and count, and
// without floats, tags, indefinite lengths, duplicate or unknown keys, or bytes after the end.
package wire

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits on what is read, whatever its type.
const (
	MaxDepth    = 4   // nested arrays and maps
	MaxElements = 256 // elements of one array, pairs of one map
)

// ErrTooLarge is wrapped by errors about input that is longer than its cap.
var ErrTooLarge = errors.New("wire: input is larger than its limit")

// ErrMalformed is wrapped by every other error of Unmarshal.
var ErrMalformed = errors.New("wire: malformed CBOR")

var encoder = must(cbor.EncOptions{
	Sort:          cbor.SortCoreDeterministic,
	ShortestFloat: cbor.ShortestFloat16,
	IndefLength:   cbor.IndefLengthForbidden,
	TagsMd:        cbor.TagsForbidden,
	NilContainers: cbor.NilContainerAsEmpty,
}.EncMode())

var decoder = must(cbor.DecOptions{
	DupMapKey:         cbor.DupMapKeyEnforcedAPF,
	IndefLength:       cbor.IndefLengthForbidden,
	TagsMd:            cbor.TagsForbidden,
	MaxNestedLevels:   MaxDepth,
	MaxArrayElements:  MaxElements,
	MaxMapPairs:       MaxElements,
	ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	UTF8:              cbor.UTF8RejectInvalid,
	FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
}.DecMode())

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Marshal encodes v. Structs use cbor struct tags with integer keys ("1,keyasint,omitempty") or ",toarray".
func Marshal(v any) ([]byte, error) {
	b, err := encoder.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("wire: encode %T: %w", v, err)
	}
	return b, nil
}

// Unmarshal decodes the one item in data, of at most limit bytes, into v. Byte strings are copied out of data. The
// error names no content of data. The types of v must say what they hold: an interface would let a float in.
func Unmarshal(data []byte, v any, limit int) error {
	if len(data) > limit {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, len(data), limit)
	}
	if err := decoder.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%w: %T", ErrMalformed, v)
	}
	return nil
}
