#!/bin/sh
# Runs a command in a local network of its own. The command's machine is 192.168.77.2. The other one is 192.168.77.1: what runs in
# the network namespace of the process $SOTTO_LAN. Needs root, iproute2 and util-linux. Nothing is left of it.
#
#	sh browsers/lan.sh node --test browsers/lan.test.mjs
set -eu
if [ -z "${SOTTO_LAN:-}" ]; then
  SOTTO_LAN=here exec unshare --net sh "$0" "$@"
fi
own=$(readlink /proc/self/ns/net)
unshare --net setpriv --pdeathsig KILL sleep infinity & # it ends with this shell, however that ends
SOTTO_LAN=$!
until [ "$(readlink /proc/$SOTTO_LAN/ns/net)" != "$own" ]; do sleep 0.01; done

ip link add lan0 type veth peer name lan1 netns "$SOTTO_LAN"
join() { # join DEVICE ADDRESS NEIGHBOUR PREFIX… in the namespace that PREFIX enters
  device=$1 address=$2 neighbour=$3
  shift 3
  "$@" ip link set lo up
  "$@" ip address add "$address/24" dev "$device"
  "$@" ip link set "$device" up
  "$@" ip route add default via "$neighbour"
}
join lan0 192.168.77.2 192.168.77.1 env
join lan1 192.168.77.1 192.168.77.2 nsenter --net="/proc/$SOTTO_LAN/ns/net"
export SOTTO_LAN
"$@"
