#!/usr/bin/env bash
# CIFAR-10 with cuda-convnet's "26 % error in 80 seconds" network (layers-80sec): per-pixel mean, batch 128, learning rate 0.001 (0.002
# for biases), momentum 0.9, weight decay 0.004 (0.03 for fully connected layers); 12 epochs, then two at a tenth of the rate and one at a hundredth (Caffe's
# cifar10_quick drops its rate once, too). DATA is CIFAR-10 as class folders in train/ and test/, or its binary batches.
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || usage "DATA: CIFAR-10"
build
"$alexnet" train "$1" --out "$2" --network cifar10-quick --epochs 15 --batch-size 128 \
    --learning-rate 0.001 --schedule multi-step --milestones 12,14 --momentum 0.9 --weight-decay 0.004 --seed 1
finish "$1" "$2"
