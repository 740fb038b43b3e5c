#!/usr/bin/env bash
# Fashion-MNIST with a network of cifar10-quick's shape on 28×28×1, He's initial values and a cosine schedule.
# DATA is the folder with the four IDX files, gzip or not (Debian: package dataset-fashion-mnist, /usr/share/datasets/fashion-mnist).
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || usage "DATA: Fashion-MNIST's IDX files"
build
"$alexnet" train "$1" --out "$2" --network cifar10-quick --initial he --normalize channel --epochs 20 --batch-size 128 \
    --learning-rate 0.04 --schedule cosine --warmup-steps 100 --momentum 0.9 --weight-decay 0.0005 --seed 1
finish "$1" "$2"
