package calltest

import (
	"bytes"
	"errors"
)

// MediaAttacks lists what whoever carries the media can try. They need a stage whose Media is set, one each.
func MediaAttacks() []Attack {
	return []Attack{
		{Name: "replayed media", Tries: "deliver every media packet twice", prepare: onMedia(func(d Datagram) [][]byte { return [][]byte{d.Data, d.Data} })},
		{Name: "forged media", Tries: "put before every media packet a copy with one bit of its payload changed", prepare: onMedia(flipped)},
		{Name: "dropped media", Tries: "lose every tenth media packet", prepare: func(s *Scene) error {
			s.loses = true
			return onMedia(every(10))(s)
		}},
		{Name: "reordered media", Tries: "let every second media packet overtake the one before it", prepare: func(s *Scene) error { return onMedia(overtaking())(s) }},
	}
}

var errNoTap = errors.New("the stage has no media tap")

// onMedia applies a rule to what reaches clients as SRTP.
func onMedia(rule func(Datagram) [][]byte) func(*Scene) error {
	return func(s *Scene) error {
		if s.stage.Media == nil {
			return errNoTap
		}
		s.stage.Media.Use(func(d Datagram) [][]byte {
			if d.ToServer || !d.SRTP() {
				return [][]byte{d.Data}
			}
			return rule(d)
		})
		return nil
	}
}

func flipped(d Datagram) [][]byte {
	b := bytes.Clone(d.Data)
	b[len(b)/2] ^= 1
	return [][]byte{b, d.Data}
}

// every loses the nth packet to each client, and its multiples.
func every(n int) func(Datagram) [][]byte {
	count := map[string]int{}
	return func(d Datagram) [][]byte {
		if count[d.Client]++; count[d.Client]%n == 0 {
			return nil
		}
		return [][]byte{d.Data}
	}
}

// overtaking holds a packet back until the next one to the same client.
func overtaking() func(Datagram) [][]byte {
	held := map[string][]byte{}
	return func(d Datagram) [][]byte {
		if b := held[d.Client]; b != nil {
			delete(held, d.Client)
			return [][]byte{d.Data, b}
		}
		held[d.Client] = d.Data
		return nil
	}
}

// testifyMedia says what became of the packets that the path meddled with.
func (s *Scene) testifyMedia() {
	if s.stage.Media == nil || s.Talk == nil || s.stage.Media.Acts() == 0 {
		return
	}
	s.attempt.Acts += s.stage.Media.Acts()
	s.testifyWay("Alice to Bob", s.Talk.Alice, s.Talk.Bob)
	s.testifyWay("Bob to Alice", s.Talk.Bob, s.Talk.Alice)
}

// testifyWay counts until just before the hang-up, at each end by its own clock.
func (s *Scene) testifyWay(name string, from, to *End) {
	var sent, taken, nacks, recovered, failed uint64
	for _, t := range from.Stats.Media.Sent {
		sent += t.Packets
	}
	for _, r := range to.Stats.Media.Received {
		taken, nacks, recovered, failed = taken+r.Packets, nacks+r.NACKs, recovered+r.Recovered, failed+r.FailedSum()
	}
	s.why("%s: %d packets sent, %d taken", name, sent, taken)
	if recovered > 0 {
		s.why("%s: asked for again %d, recovered %d", name, nacks, recovered)
	}
	s.why("%s: %d frames that nobody sent, %d twice, %d that did not open", name, to.Heard.Forged, to.Heard.Again, failed)
}

// judgeMedia searches what was on the path.
func (s *Scene) judgeMedia() {
	if s.stage.Media == nil {
		return
	}
	for name, secret := range s.Secrets() {
		if n := s.stage.Media.Find(secret); n > 0 {
			s.broken("%d media packets hold %s", n, name)
		}
	}
}
