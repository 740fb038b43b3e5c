#!/usr/bin/env bash
# ONNX Runtime against us on all five networks at full size, with random weights and with trained ones (each network learns the given
# images by heart, a class each). Usage: tools/onnx/agreement.sh IMAGES FOLDER; FOLDER receives about 4 GB of models.
set -euo pipefail
. "$(dirname "$0")/../arguments.sh"
arguments 2 2 "$@"
cd "$(dirname "$0")/../.."
dotnet build -c Release src/AlexNetSharp.Cli -v q --nologo >&2
alexnet="src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet"
mkdir -p "$2/images"
for file in "$1"/*; do
    name=$(basename "${file%.*}")
    mkdir -p "$2/images/$name"
    cp "$file" "$2/images/$name/"
done
models=()
for network in tensorflow torchvision paper caffe caffenet; do
    "$alexnet" init "$2/$network-random.safetensors" --network "$network" --seed 1 >&2
    rm -rf "$2/run"
    "$alexnet" train "$2/images" --out "$2/run" --network "$network" --initial he --epochs "${EPOCHS:-40}" --checkpoint-epochs 1000 \
        --batch-size 19 --learning-rate 0.003 --schedule cosine --warmup-steps 10 --clip-norm 5 --seed 1 >&2
    "$alexnet" convert "$2/run" "$2/$network-trained.safetensors" >&2
    models+=("$2/$network-random.safetensors" "$2/$network-trained.safetensors")
done
rm -rf "$2/run"
dotnet run -c Release tools/onnx/agreement.cs "$1" "${models[@]}"
