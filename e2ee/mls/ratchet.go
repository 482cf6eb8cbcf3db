package mls

import "math"

// ratchet is a sender ratchet (section 9.1): a chain of secrets, each the source of one key and one nonce.
type ratchet struct {
	suite   *suite
	secret  []byte
	next    uint32                // generation of secret
	skipped map[uint32]messageKey // generations passed over, for messages that come late

	destroyed bool
}

// messageKey encrypts one message.
type messageKey struct{ key, nonce []byte }

func (k messageKey) destroy() {
	clear(k.key)
	clear(k.nonce)
}

func newRatchet(s *suite, secret []byte) *ratchet { return &ratchet{suite: s, secret: secret} }

// derive is the key and nonce of a generation, and the secret of the one after it.
func (r *ratchet) derive(secret []byte, generation uint32) (k messageKey, next []byte) {
	k.key = deriveTreeSecret(secret, "key", generation, r.suite.keySize)
	k.nonce = deriveTreeSecret(secret, "nonce", generation, nonceSize)
	return k, deriveTreeSecret(secret, "secret", generation, hashSize)
}

// send takes the next key for a message of ours.
func (r *ratchet) send() (uint32, messageKey, error) {
	generation := r.next
	if generation == math.MaxUint32 {
		return 0, messageKey{}, limited("the generations of this epoch are used up")
	}
	k, next := r.derive(r.secret, generation)
	clear(r.secret)
	r.secret, r.next = next, generation+1
	return generation, k, nil
}

// receive finds the key of a generation. Nothing moves until settle is called with true, which the caller does when the
// message has proven authentic: a forged one must cost no key, and what was derived for it is zeroed.
func (r *ratchet) receive(generation uint32, l Limits) (k messageKey, settle func(authentic bool), err error) {
	if generation < r.next {
		k, ok := r.skipped[generation]
		if !ok {
			return k, nil, ErrReplay
		}
		return k, func(authentic bool) {
			if authentic {
				k.destroy()
				delete(r.skipped, generation)
			}
		}, nil
	}
	if generation-r.next > l.Forward || generation == math.MaxUint32 {
		return k, nil, limited("a message %d generations ahead", generation-r.next)
	}
	passed := map[uint32]messageKey{}
	secret := append([]byte(nil), r.secret...)
	for g := r.next; ; g++ {
		var next []byte
		k, next = r.derive(secret, g)
		clear(secret)
		secret = next
		if g == generation {
			break
		}
		passed[g] = k
	}
	return k, func(authentic bool) {
		if authentic && !r.destroyed { // as it is when the message was the commit that removed us
			r.advance(generation, k, secret, passed, l.Skipped)
			return
		}
		k.destroy()
		clear(secret)
		for _, p := range passed {
			p.destroy()
		}
	}, nil
}

// advance moves the ratchet behind a generation that has been used, keeping the keys passed over, the newest first.
func (r *ratchet) advance(generation uint32, used messageKey, secret []byte, passed map[uint32]messageKey, limit int) {
	used.destroy()
	clear(r.secret)
	if r.skipped == nil {
		r.skipped = map[uint32]messageKey{}
	}
	for g, k := range passed {
		r.skipped[g] = k
	}
	r.secret, r.next = secret, generation+1
	for g := oldest(r.skipped); len(r.skipped) > max(limit, 0); g++ {
		if k, ok := r.skipped[g]; ok {
			k.destroy()
			delete(r.skipped, g)
		}
	}
}

// oldest is the lowest generation of which a key is kept.
func oldest(skipped map[uint32]messageKey) uint32 {
	low := uint32(math.MaxUint32)
	for g := range skipped {
		low = min(low, g)
	}
	return low
}

func (r *ratchet) destroy() {
	r.destroyed = true
	clear(r.secret)
	for _, k := range r.skipped {
		k.destroy()
	}
	clear(r.skipped)
	r.skipped = nil
}
