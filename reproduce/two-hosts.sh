#!/usr/bin/env bash
# Holds a training on two "hosts" (network namespaces joined by a cable; needs root, iproute2, python3 and Open MPI) against one process:
#   the same bits over 1 and 10 Gbit/s without delay and with 0.1 and 1 ms, and over a slow cable of 10 Mbit/s,
#   and a cable that is cut during the training ends it within half a minute, with exit code 1, one line that says which host and process is
#   silent, and a checkpoint from which it goes on.
# Where the kernel has no netem tools/delay.py makes the delays, and says how late it was.
#   reproduce/two-hosts.sh
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${ALEXNET:-}" ]; then
    dotnet build -c Release src/AlexNetSharp.Cli
    export ALEXNET="dotnet $PWD/src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet.dll"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Gray images of 12×12 with a bright row or column, as MNIST's files hold them.
python3 - "$work" <<'PYTHON'
import os, random, struct, sys
random.seed(1)
os.mkdir(sys.argv[1] + "/data")
for name, count in (("train", 150), ("t10k", 45)):
    images, labels = bytearray(), bytes(i % 10 for i in range(count))
    for label in labels:
        place = 1 + label % 5 * 2
        images += bytes(255 if (y if label < 5 else x) == place else random.randrange(256) for y in range(12) for x in range(12))
    with open(f"{sys.argv[1]}/data/{name}-images-idx3-ubyte", "wb") as file:
        file.write(struct.pack(">4i", 0x803, count, 12, 12) + images)
    with open(f"{sys.argv[1]}/data/{name}-labels-idx1-ubyte", "wb") as file:
        file.write(struct.pack(">2i", 0x801, count) + labels)
PYTHON

settings="--network cifar10-quick --initial he --normalize channel --batch-size 32 --part-size 6 --flip --crop-padding 1 --threads 1"
$ALEXNET train "$work/data" --out "$work/one" --epochs 3 $settings >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

# The tensors of the last checkpoint without the header, which also holds times.
same() {
    python3 - "$1/checkpoints/last.safetensors" "$2/checkpoints/last.safetensors" <<'PYTHON'
import sys
def tensors(path):
    data = open(path, "rb").read()
    return data[8 + int.from_bytes(data[:8], "little"):]
one, other = map(tensors, sys.argv[1:])
sys.exit(0 if one == other and len(one) > 1000 else f"{sys.argv[2]} has other bits than {sys.argv[1]}")
PYTHON
}

for link in "1gbit 0ms" "10gbit 0ms" "10mbit 0ms" "1gbit 0.1ms" "1gbit 1ms" "10gbit 0.1ms" "10gbit 1ms"; do
    run="$work/${link// /-}"
    if tools/mpi-namespaces.sh $link alexnet train "$work/data" --out "$run" --epochs 3 $settings >"$work/log" 2>&1; then
        same "$work/one" "$run"
        echo "$link: the same bits as one process$(sed -n 's/^delay .* frames late/; frames late/p' "$work/log")"
    else
        cat "$work/log" >&2
        exit 1
    fi
done

# The cable is cut after the first epoch of a training that would take hours.
run="$work/cut"
code=0
CUT="$run/metrics.csv" tools/mpi-namespaces.sh 1gbit 0ms alexnet train "$work/data" --out "$run" --epochs 1000000 --checkpoint-steps 3 $settings >"$work/log" 2>&1 || code=$?
# Every epoch adds a line, several a second: the last one was written when the cable was cut.
took=$(($(date +%s) - $(stat -c %Y "$run/metrics.csv")))
[ "$code" -eq 1 ] && [ "$took" -le 30 ] && [ "$(grep -cE '^host alexnet-b-[0-9]+ rank 1 has given no sign of life for [0-9]+ s: its host or the network' "$work/log")" -eq 1 ] ||
    { echo "the cut cable: exit code $code, $took s after the cut" >&2; cat "$work/log" >&2; exit 1; }
done=$(($(wc -l <"$run/metrics.csv") - 1))
$ALEXNET train --out "$run" --resume --epochs $((done + 2)) >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
echo "the cut cable: ended $took s after the cut with the reason, and went on in one process"
