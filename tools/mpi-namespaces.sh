#!/usr/bin/env bash
# Two "hosts" on one Linux machine: network namespaces with names of their own, joined by a virtual cable with a bandwidth and a delay.
# The kernel's netem makes the delay, or, where a kernel has none, tools/delay.py in a third namespace in the middle of the cable.
# Needs root, iproute2, python3 and Open MPI.
#
#   tools/mpi-namespaces.sh 1gbit 0ms alexnet bench --network torchvision --gradients all
#   tools/mpi-namespaces.sh 10gbit 0.1ms -n 4 alexnet train photos --out runs/first       two processes on each
#
# The first two words are rate and delay; -n N is the number of processes, 2 unless given; CUT=FILE cuts the cable when that file is there.
set -euo pipefail
tools=$(cd "$(dirname "$0")" && pwd)
rate=$1 delay=$2
shift 2
processes=2
if [ "$1" = -n ]; then
    processes=$2
    shift 2
fi
[ "$1" = alexnet ] && { shift; set -- ${ALEXNET:-alexnet} "$@"; }

a=alexnet-a-$$ b=alexnet-b-$$ middle=alexnet-m-$$
work=$(mktemp -d)
forwarder=
cleanup() {
    if [ -n "$forwarder" ]; then
        kill "$forwarder" 2>/dev/null || true
        wait "$forwarder" 2>/dev/null || true
    fi
    for host in "$a" "$b" "$middle"; do
        # The daemon behind a cut cable may wait for its mpirun.
        ip netns pids "$host" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
        ip netns delete "$host" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap cleanup EXIT

ip netns add "$a"
ip netns add "$b"
netem=
[ "$delay" = 0ms ] || ! ip netns exec "$a" tc qdisc add dev lo root netem delay 1ms 2>/dev/null || netem=yes
if [ "$delay" = 0ms ] || [ -n "$netem" ]; then
    ip link add cable netns "$a" type veth peer name cable netns "$b"
else
    ip netns add "$middle"
    ip link add cable netns "$a" type veth peer name left netns "$middle"
    ip link add cable netns "$b" type veth peer name right netns "$middle"
    ip -n "$middle" link set left up
    ip -n "$middle" link set right up
    ip netns exec "$middle" python3 "$tools/delay.py" left right "$delay" &
    forwarder=$!
fi
number=1
for host in "$a" "$b"; do
    ip -n "$host" address add 10.99.0.$number/24 dev cable
    ip -n "$host" link set cable up
    ip -n "$host" link set lo up
    # What is sent and not confirmed is given up after seconds in place of a quarter of an hour: mpirun tells its daemon behind a cut cable to end.
    ip netns exec "$host" sh -c 'echo 4 >/proc/sys/net/ipv4/tcp_retries2'
    if [ -n "$netem" ]; then
        ip netns exec "$host" tc qdisc del dev lo root 2>/dev/null || true
        ip netns exec "$host" tc qdisc add dev cable root netem rate "$rate" delay "$delay"
    else
        ip netns exec "$host" tc qdisc add dev cable root tbf rate "$rate" burst 256kb latency 50ms
    fi
    number=$((number + 1))
done

# Runs a command on a host, which has its own name: processes tell by it whether they share one.
cat >"$work/on" <<'ON'
#!/bin/sh
host=$1
shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$host" "$@"
ON
# What mpirun calls in place of ssh: the host's address says which one.
cat >"$work/agent" <<AGENT
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
case "\$1" in 10.99.0.1) host=$a ;; *) host=$b ;; esac
shift
exec "$work/on" "\$host" sh -c "\$*"
AGENT
chmod +x "$work/on" "$work/agent"
each=$(((processes + 1) / 2))
printf '10.99.0.1 slots=%d\n10.99.0.2 slots=%d\n' "$each" "$each" >"$work/hosts"
if [ -n "${CUT:-}" ]; then
    (
        until [ -e "$CUT" ] || ! [ -d "$work" ]; do sleep 0.2; done
        ip -n "$b" link set cable down 2>/dev/null
    ) &
fi
# Without keepalive mpirun looks after minutes only whether its daemon is there.
alive="--mca oob_tcp_keepalive_time 12 --mca oob_tcp_keepalive_intvl 2 --mca oob_tcp_keepalive_probes 3"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$work/on" "$a" mpirun -n "$processes" --hostfile "$work/hosts" --map-by node --bind-to none \
    --mca plm_rsh_agent "$work/agent" --mca btl self,tcp --mca btl_tcp_if_include 10.99.0.0/24 --mca oob_tcp_if_include 10.99.0.0/24 \
    $alive --mca mpi_yield_when_idle 1 -x TERM=dumb "$@"
