#!/usr/bin/env bash
# The notebook's network at 224×224 learns nineteen photographs by heart, one class each, in at most 100 steps: the whole network can learn.
# DATA is a folder of images; each becomes a class of its own, by its file name.
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || usage "DATA: a folder of images"
build
images="$2/images"
mkdir -p "$images"
for file in "$1"/*; do
    name=$(basename "${file%.*}")
    mkdir -p "$images/$name"
    cp "$file" "$images/$name/"
done
"$alexnet" train "$images" --out "$2/run" --network tensorflow --initial he --epochs 100 --checkpoint-epochs 100 --batch-size 19 \
    --learning-rate 0.003 --schedule cosine --warmup-steps 10 --clip-norm 5 --momentum 0.9 --weight-decay 0.0005 --seed 1
finish "$images" "$2/run"
