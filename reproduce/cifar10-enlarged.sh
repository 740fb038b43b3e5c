#!/usr/bin/env bash
# One epoch of the notebook's network at 224×224 on CIFAR-10, enlarged from 32×32: does training keep the speed that bench reports for a step?
# Prints images a second of both before the last line. The images are mirrored and cropped at random; initial values are He's.
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || usage "DATA: CIFAR-10"
build
"$alexnet" train "$1" --out "$2" --network tensorflow --initial he --epochs 1 --batch-size 128 --learning-rate 0.01 --warmup-steps 50 \
    --momentum 0.9 --weight-decay 0.0005 --flip --random-crop --seed 1
"$alexnet" bench --network tensorflow --batch-size 128 --gradients all --forward-backward-only --batches 20 --burn-in 3 --json "$2/bench.json" >&2
trained=$(tail -n 1 "$2/metrics.csv" | cut -d , -f 11)
timed=$(sed -n 's/^ *"imagesPerSecond": *\([0-9.]*\),*$/\1/p' "$2/bench.json")
echo "training: $trained images/s; bench: $timed images/s"
finish "$1" "$2"
