package e2ee

// hidden keeps a secret from fmt. Neither a Formatter nor one pointer is enough for what lies in unexported fields: fmt
// asks those nothing, and under a verb that does not fit (%s on a pointer) it prints what they point to. Through two
// pointers it prints an address, whatever the verb and the nesting.
type hidden[T any] struct{ p **T }

func hide[T any](v T) hidden[T] {
	p := &v
	return hidden[T]{&p}
}

// get is the secret itself, not a copy.
func (h hidden[T]) get() *T { return *h.p }
