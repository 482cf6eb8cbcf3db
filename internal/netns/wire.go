package netns

import "fmt"

// A link joins two places. Its interface has the same name at both ends.
type link struct {
	name   string
	places [2]Place
	prefix string // of the addresses, /24
	hosts  [2]int
}

var links = []link{
	{"lana", [2]Place{HostA, NATA}, "10.41.0.", [2]int{2, 1}},
	{"wana", [2]Place{NATA, Middle}, "45.41.0.", [2]int{2, 1}},
	{"wanb", [2]Place{NATB, Middle}, "45.42.0.", [2]int{2, 1}},
	{"lanb", [2]Place{HostB, NATB}, "192.168.42.", [2]int{2, 1}},
}

// wire connects the places, and makes NATs of two of them.
func (w *World) wire() {
	for _, p := range places {
		w.on(p, "ip link set lo up")
	}
	for _, l := range links {
		w.run("ip", "link", "add", l.name, "netns", w.name(l.places[0]), "type", "veth", "peer", "name", l.name, "netns", w.name(l.places[1]))
		for i, p := range l.places {
			w.on(p, fmt.Sprintf("ip addr add %s%d/24 dev %s", l.prefix, l.hosts[i], l.name))
			w.on(p, "ip link set "+l.name+" up")
		}
		w.on(l.places[0], "ip route add default via "+l.prefix+"1")
	}
	w.on(Middle, "ip addr add "+MiddleAddress+"/32 dev lo")
	w.on(Middle, "sysctl -qw net.ipv4.ip_forward=1")
	w.nat(NATA, "lana", "wana")
	w.nat(NATB, "lanb", "wanb")
}

// nat makes p a symmetric NAT: a random port for each destination, and nothing comes in that is not an answer.
func (w *World) nat(p Place, inside, outside string) {
	w.on(p, "sysctl -qw net.ipv4.ip_forward=1")
	w.on(p, "iptables -t nat -A POSTROUTING -o "+outside+" -j MASQUERADE --random-fully")
	w.on(p, "iptables -P FORWARD DROP")
	w.on(p, "iptables -A FORWARD -i "+inside+" -o "+outside+" -j ACCEPT")
	w.on(p, "iptables -A FORWARD -i "+outside+" -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT")
}
