#!/bin/bash
# Runs a command in this network namespace, which is new. Browsers find no network where there is loopback alone, so it has a card, of
# a benchmarking range (RFC 2544). On loopback a packet is no larger than on a real link: what shapes it counts packets.
set -e
ip link set lo up mtu 1500
ip link add weir0 type veth peer name weir1
ip address add 198.18.0.1/24 dev weir0
ip link set weir0 up
ip link set weir1 up
ip route add default dev weir0
exec "$@"
