package sim

import (
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/vnet"
)

// A NATKind is how a NAT maps and filters (RFC 4787).
type NATKind uint8

const (
	// Cone maps independently of the peer and filters by its address and port, as most homes do.
	Cone NATKind = iota + 1
	// Symmetric maps by the peer's address and port: only a relay crosses two of them.
	Symmetric
)

// A NAT is a private network, 10.0.0.0/24, behind one public address.
type NAT struct {
	world *World
	lan   *vnet.Router
}

// NAT adds one.
func (w *World) NAT(kind NATKind, public string) *NAT {
	w.t.Helper()
	natType := &vnet.NATType{
		MappingBehavior:   vnet.EndpointIndependent,
		FilteringBehavior: vnet.EndpointAddrPortDependent,
	}
	if kind == Symmetric {
		natType.MappingBehavior = vnet.EndpointAddrPortDependent
	}
	lan, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR: "10.0.0.0/24", StaticIPs: []string{public}, NATType: natType, LoggerFactory: silent{},
	})
	if err != nil {
		w.t.Fatalf("sim: NAT %s: %v", public, err)
	}
	return &NAT{world: w, lan: lan}
}

// Host adds the one host behind the NAT.
func (n *NAT) Host(private string) transport.Net {
	n.world.t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{private}})
	if err == nil {
		err = n.lan.AddNet(host)
	}
	if err == nil {
		err = n.world.wan.AddRouter(n.lan)
	}
	if err != nil {
		n.world.t.Fatalf("sim: host %s behind a NAT: %v", private, err)
	}
	n.world.start()
	n.world.mu.Lock()
	defer n.world.mu.Unlock()
	if err := n.lan.Start(); err != nil {
		n.world.t.Fatalf("sim: NAT: %v", err)
	}
	return host // the public network stops it
}
