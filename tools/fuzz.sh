#!/usr/bin/env bash
# Damaged, invented and random inputs for every reader of files and of images: 100,000 each, or as many as the argument says.
# Prints a row for each reader: inputs, refused ones, time, slowest input, largest allocation of managed memory, peak of the process.
# Usage: tools/fuzz.sh [INPUTS]
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
arguments 0 1 "$@"
cd "$(dirname "$0")/.."
dotnet build -c Release tests/AlexNetSharp.Tests -v q --nologo
report="$(mktemp)"
trap 'rm -f "$report"' EXIT
ALEXNETSHARP_FUZZ="${1:-100000}" ALEXNETSHARP_FUZZ_REPORT="$report" \
    tests/AlexNetSharp.Tests/bin/Release/net10.0/AlexNetSharp.Tests -parallelMode none -class "*Fuzz*"
cat "$report"
