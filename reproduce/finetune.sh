#!/usr/bin/env bash
# What fine-tuning is worth, by the number of images. cifar10-quick learns eight classes of CIFAR-10 (no airplane, no automobile); then it
# learns those two from 10, 50, 200 and 1000 images a class, five draws each: the last layer alone, the fully connected layers, or everything,
# against the same network from nothing and against frozen random convolutions. A fifth of each draw is validated on and chooses the epoch;
# the error is that on the 2000 test images of the two classes. DATA is CIFAR-10 as class folders in train/ and test/ (JPEG or PNG).
# OUT/table.md has the median error of the draws and their range, OUT/finetuning.png shows them. Third argument: how many draws (5).
source "$(dirname "$0")/common.sh"
[ $# -eq 2 ] || [ $# -eq 3 ] || usage "DATA: CIFAR-10 as class folders; third argument, if any: the number of draws"
build
data=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
draws=${3:-5}
sizes=(10 50 200 1000)
variants=(all-but-last conv none scratch random)

for class in bird cat deer dog frog horse ship truck; do
    mkdir -p "$out/eight/train" "$out/eight/test"
    cp -r "$data/train/$class" "$out/eight/train/"
    cp -r "$data/test/$class" "$out/eight/test/"
done
mkdir -p "$out/two/test"
cp -r "$data/test/airplane" "$data/test/automobile" "$out/two/test/"
[ -e "$out/base/checkpoints/last.safetensors" ] || "$alexnet" train "$out/eight" --out "$out/base" --network cifar10-quick \
    --epochs 9 --learning-rate 0.006 --schedule cosine --warmup-steps 300 --validation-epochs 3 --batch-size 128 --seed 1
"$alexnet" init --network cifar10-quick --classes 8 "$out/untrained.safetensors"

error() {   # RUN: error on the test images in percent
    "$alexnet" eval "$1" "$out/two/test" --out "$1/test" --json "$1/test.json" > /dev/null
    awk -F'[:,]' '/"top1"/ { printf "%.2f\n", 100 * (1 - $2); exit }' "$1/test.json"
}

: > "$out/errors.csv"
for size in "${sizes[@]}"; do
    # As many steps for few images as for many; from nothing needs more of them.
    epochs=$((50 * (size < 50 ? 8 : size < 200 ? 4 : size < 1000 ? 2 : 1)))
    for ((draw = 1; draw <= draws; draw++)); do
        images="$out/draws/$size-$draw"
        for class in airplane automobile; do
            mkdir -p "$images/$class"
            find "$data/train/$class" -type f | sort | shuf -n "$size" --random-source=<(yes "$size $draw $class") | xargs cp -t "$images/$class"
        done
        for variant in "${variants[@]}"; do
            run="$out/runs/$variant-$size-$draw"
            common=(--out "$run" --val-split 0.2 --epochs "$epochs" --batch-size 32 --patience 0 --seed "$draw")
            case $variant in
                scratch) "$alexnet" train "$images" "${common[@]}" --network cifar10-quick --schedule cosine > "$out/log.txt" 2>&1 ;;
                random) "$alexnet" train "$images" "${common[@]}" --from "$out/untrained.safetensors" --freeze conv > "$out/log.txt" 2>&1 ;;
                *) "$alexnet" train "$images" "${common[@]}" --from "$out/base" --freeze "$variant" > "$out/log.txt" 2>&1 ;;
            esac
            echo "$variant,$size,$draw,$(error "$run")" | tee -a "$out/errors.csv"
            rm -rf "$run"
        done
    done
done

{
    echo "| images a class | last layer | fully connected layers | everything | from nothing | random frozen convolutions | last layer / from nothing |"
    echo "|---|---|---|---|---|---|---|"
    for size in "${sizes[@]}"; do
        row="| $size |"
        for variant in "${variants[@]}"; do
            sorted=$(awk -F, -v v="$variant" -v s="$size" '$1 == v && $2 == s { print $4 }' "$out/errors.csv" | sort -n)
            middle=$(sed -n "$(((draws + 1) / 2))p" <<< "$sorted")
            [ "$variant" = all-but-last ] && tuned=$middle
            [ "$variant" = scratch ] && scratch=$middle
            row+=" $middle ($(head -1 <<< "$sorted")–$(tail -1 <<< "$sorted")) % |"
        done
        echo "$row $(awk -v a="$tuned" -v b="$scratch" 'BEGIN { printf "%.2f", a / b }') |"
    done
} | tee "$out/table.md"
dotnet run -c Release --project "$root/tools/figures" -- "$out" --errors "$out/errors.csv"
