#!/usr/bin/env bash
# CIFAR-10 with cuda-convnet's "18 % error" network (layers-18pct): as cifar10-quick.sh, with response normalization within each map and a
# weight decay of 1 for the fully connected layer; 120 epochs, then 10 at a tenth of the rate, then 10 at a hundredth. Whole 32×32 images
# without random changes, as for the published figure; with "flip" as third argument half of them are mirrored, drawn anew in every epoch,
# and in the end the network's answers for an image and its mirror image are averaged (--ten-crop of images that are not larger than the
# crop; docs/training.md says how that differs from the original's multi-view variant). Validation every fifth epoch.
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || { [ $# -eq 3 ] && [ "$3" = flip ]; } || usage "DATA: CIFAR-10; third argument, if any: flip"
build
augmentation=() views=()
[ "${3:-}" = flip ] && augmentation=(--flip) && views=(--ten-crop)
"$alexnet" train "$1" --out "$2" --network cifar10-full --epochs 140 --validation-epochs 5 --batch-size 128 \
    --learning-rate 0.001 --schedule multi-step --milestones 120,130 --momentum 0.9 --weight-decay 0.004 --seed 1 "${augmentation[@]}"
finish "$1" "$2" "${views[@]}"
