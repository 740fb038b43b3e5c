#!/usr/bin/env bash
# Two "hosts" on one Linux machine: network namespaces joined by a virtual cable, with a bandwidth and, where the kernel can, a delay.
# Needs root, iproute2 and Open MPI.
#
#   tools/mpi-namespaces.sh 1gbit 0ms alexnet bench --network torchvision --gradients all
#   tools/mpi-namespaces.sh 10gbit 0.1ms -n 4 alexnet train photos --out runs/first       two processes on each
#
# The first two words are rate and delay; -n N is the number of processes, 2 unless given; CUT=SECONDS cuts the cable after that time.
set -euo pipefail
rate=$1 delay=$2
shift 2
processes=2
if [ "$1" = -n ]; then
    processes=$2
    shift 2
fi
[ "$1" = alexnet ] && { shift; set -- ${ALEXNET:-alexnet} "$@"; }

a=alexnet-a-$$ b=alexnet-b-$$
work=$(mktemp -d)
cleanup() {
    ip netns delete "$a" 2>/dev/null || true
    ip netns delete "$b" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

ip netns add "$a"
ip netns add "$b"
ip link add cable netns "$a" type veth peer name cable netns "$b"
number=1
for host in "$a" "$b"; do
    ip -n "$host" address add 10.99.0.$number/24 dev cable
    ip -n "$host" link set cable up
    ip -n "$host" link set lo up
    number=$((number + 1))
done
for host in "$a" "$b"; do
    if [ "$delay" != 0ms ]; then
        ip netns exec "$host" tc qdisc add dev cable root netem rate "$rate" delay "$delay" ||
            { echo "this kernel has no netem: leave the delay at 0ms, for which tbf sets the rate" >&2; exit 1; }
    else
        ip netns exec "$host" tc qdisc add dev cable root tbf rate "$rate" burst 256kb latency 50ms
    fi
done

# What mpirun calls in place of ssh: the host's address says which namespace.
cat >"$work/agent" <<AGENT
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
case "\$1" in 10.99.0.1) host=$a ;; *) host=$b ;; esac
shift
exec ip netns exec "\$host" sh -c "\$*"
AGENT
chmod +x "$work/agent"
each=$(((processes + 1) / 2))
printf '10.99.0.1 slots=%d\n10.99.0.2 slots=%d\n' "$each" "$each" >"$work/hosts"
if [ -n "${CUT:-}" ]; then
    (sleep "$CUT"; ip -n "$b" link set cable down) &
fi
# mpirun itself would wait for minutes for its daemon behind a cut cable: keepalive makes it give up after ten seconds.
alive="--mca oob_tcp_keepalive_time 4 --mca oob_tcp_keepalive_intvl 2 --mca oob_tcp_keepalive_probes 3"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
ip netns exec "$a" mpirun -n "$processes" --hostfile "$work/hosts" --map-by node --bind-to none \
    --mca plm_rsh_agent "$work/agent" --mca btl self,tcp --mca btl_tcp_if_include 10.99.0.0/24 --mca oob_tcp_if_include 10.99.0.0/24 \
    $alive --mca mpi_yield_when_idle 1 -x TERM=dumb "$@"
