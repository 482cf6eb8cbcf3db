package mls

import "bytes"

// welcome is Welcome (section 12.4.3.1).
type welcome struct {
	suite     Suite
	secrets   []encryptedGroupSecrets
	groupInfo []byte // encrypted
}

type encryptedGroupSecrets struct {
	newMember []byte // KeyPackageRef
	sealed    hpkeCiphertext
}

func (m *welcome) encode(w *writer) {
	w.u16(uint16(m.suite))
	w.vector(func(w *writer) {
		for i := range m.secrets {
			w.opaque(m.secrets[i].newMember)
			m.secrets[i].sealed.encode(w)
		}
	})
	w.opaque(m.groupInfo)
}

func (m *welcome) decode(r *reader) {
	m.suite = Suite(r.u16())
	r.vector(func(r *reader) {
		e := encryptedGroupSecrets{newMember: r.opaqueView()}
		e.sealed.decode(r)
		m.secrets = append(m.secrets, e)
	})
	m.groupInfo = r.opaqueView()
}

// groupSecrets is GroupSecrets: what a new member needs of the key schedule.
type groupSecrets struct {
	joiner     []byte
	pathSecret []byte // nil: none
	psks       []PSKID
}

func (g *groupSecrets) encode(w *writer) {
	w.opaque(g.joiner)
	w.present(g.pathSecret != nil)
	if g.pathSecret != nil {
		w.opaque(g.pathSecret)
	}
	w.vector(func(w *writer) {
		for i := range g.psks {
			g.psks[i].encode(w)
		}
	})
}

func (g *groupSecrets) decode(r *reader) {
	g.joiner = r.opaque()
	if r.present() {
		g.pathSecret = r.opaque()
	}
	r.vector(func(r *reader) {
		var id PSKID
		id.decode(r)
		g.psks = append(g.psks, id)
	})
}

func (g *groupSecrets) destroy() {
	clear(g.joiner)
	clear(g.pathSecret)
}

// open finds and decrypts the secrets for this KeyPackage.
func (m *welcome) open(s *suite, k *keyPackageSecrets) (*groupSecrets, error) {
	if m.suite != s.id || k.public.Suite != s.id {
		return nil, invalid("Welcome of suite 0x%04x", uint16(m.suite))
	}
	ref := k.public.Ref()
	for i := range m.secrets {
		if !bytes.Equal(m.secrets[i].newMember, ref) {
			continue
		}
		plain, err := s.decryptWithLabel(k.init, "Welcome", m.groupInfo, m.secrets[i].sealed)
		if err != nil {
			return nil, err
		}
		defer clear(plain)
		g := &groupSecrets{}
		return g, unmarshal(plain, g)
	}
	return nil, ErrWrongGroup
}

// seal encrypts the secrets of each new member to the init key of its KeyPackage.
func (m *welcome) seal(s *suite, added []*KeyPackage, secrets func(i int) groupSecrets) error {
	m.secrets = make([]encryptedGroupSecrets, len(added))
	sealOne := s.sealer("Welcome", m.groupInfo)
	return parallel(len(added), func(i int) error {
		g := secrets(i)
		plain := marshal(&g)
		defer clear(plain)
		sealed, err := sealOne(added[i].InitKey, plain)
		m.secrets[i] = encryptedGroupSecrets{added[i].Ref(), sealed}
		return err
	})
}
