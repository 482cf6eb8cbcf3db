package mls

import "bytes"

// pskSource finds the pre-shared keys that a commit or Welcome names.
type pskSource interface {
	psk(id *PSKID) ([]byte, error)
}

// pskFor looks up all keys and mixes them.
func pskFor(source pskSource, ids []PSKID) ([]byte, error) {
	keys := make([][]byte, len(ids))
	for i := range ids {
		var err error
		if keys[i], err = source.psk(&ids[i]); err != nil {
			return nil, err
		}
	}
	return pskSecret(ids, keys), nil
}

// psk finds the group's own resumption secrets, and asks the caller for the rest.
func (s *state) psk(id *PSKID) ([]byte, error) {
	if id.Type == PSKResumption && bytes.Equal(id.GroupID, s.now.context.groupID) {
		for _, r := range s.resumption {
			if r.epoch == id.Epoch {
				return r.secret, nil
			}
		}
	}
	if s.from != nil && id.Type == PSKResumption {
		return s.from.psk(id)
	}
	return s.c.psk(id)
}

// psk asks the caller.
func (c *config) psk(id *PSKID) ([]byte, error) {
	if c.PSK == nil {
		return nil, ErrUnknown
	}
	key, err := c.PSK(*id)
	if err != nil {
		return nil, err
	}
	return key, nil
}
