#!/usr/bin/env bash
# Measures the studio in Chromium, on this machine, as it is:  tools/studio-times.sh MODEL IMAGE [REQUESTS]
# MODEL is a model file (244 MB for AlexNet), IMAGE an image to drop, REQUESTS how many images are classified to see whether memory stays flat.
# Prints: start of the command to a page that can be used, dropping the image to its answer, images a second of the camera, memory.
set -euo pipefail

[ $# -ge 2 ] || { echo "usage: $0 MODEL IMAGE [REQUESTS]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
dotnet build -c Release -v quiet --nologo "$root/src/AlexNetSharp.Cli" >&2
model=$(realpath "$1") image=$(realpath "$2")
cd "$root/src/AlexNetSharp.Studio/web"
[ -d node_modules/playwright-core ] || npm ci >&2
exec node tests/times.mjs "$root/src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet" "$model" "$image" "${3:-10000}"
