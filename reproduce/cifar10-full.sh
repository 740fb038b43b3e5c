#!/usr/bin/env bash
# CIFAR-10 with cuda-convnet's "18 % error" network (layers-18pct): as cifar10-quick.sh, with response normalisation within each map and a
# weight decay of 1 for the fully connected layer; 120 epochs, then 10 at a tenth of the rate, then 10 at a hundredth. Whole 32×32 pictures
# without random changes, as for the published figure; with "augment" as third argument they are mirrored and shifted by up to 4 pixels at
# random (docs/training.md says how that differs from the original's crops of 24×24). Validation every fifth epoch.
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || { [ $# -eq 3 ] && [ "$3" = augment ]; } || usage "DATA: CIFAR-10; third argument, if any: augment"
build
augment=()
[ "${3:-}" = augment ] && augment=(--flip --crop-padding 4)
"$alexnet" train "$1" --out "$2" --network cifar10-full --epochs 140 --validation-epochs 5 --batch-size 128 \
    --learning-rate 0.001 --schedule multi-step --milestones 120,130 --momentum 0.9 --weight-decay 0.004 --seed 1 "${augment[@]}"
finish "$1" "$2"
