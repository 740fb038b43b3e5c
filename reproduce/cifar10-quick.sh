#!/usr/bin/env bash
# CIFAR-10 with cuda-convnet's "26 % error in 80 seconds" network (layers-80sec): per-pixel mean, batch 128, learning rate 0.001 (0.002
# for biases), momentum 0.9, weight decay 0.004 (0.03 for fully connected layers); 12 epochs, then two at a tenth of the rate and one at a
# hundredth (Caffe's cifar10_quick drops its rate once, too). DATA is CIFAR-10 as class folders in train/ and test/, or its binary batches.
# With "fast" as third argument 9 epochs with a rate that rises to 0.006 and falls along a cosine, everything else as before: of 0.0015, 0.0025,
# 0.004 and 0.006 the best on a tenth of the training images that was held out (74.3 % right; 12 + 2 + 1 epochs squeezed into 7 + 1 + 1: 71.2 %).
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || { [ $# -eq 3 ] && [ "$3" = fast ]; } || usage "DATA: CIFAR-10; third argument, if any: fast"
build
schedule=(--epochs 15 --learning-rate 0.001 --schedule multi-step --milestones 12,14)
[ "${3:-}" = fast ] && schedule=(--epochs 9 --learning-rate 0.006 --schedule cosine --warmup-steps 300 --validation-epochs 3)
"$alexnet" train "$1" --out "$2" --network cifar10-quick "${schedule[@]}" --batch-size 128 --momentum 0.9 --weight-decay 0.004 --seed 1
finish "$1" "$2"
