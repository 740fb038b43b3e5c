#!/usr/bin/env bash
# How long each reader takes for AlexNet's 244 MB, and the largest memory of the process: `alexnet inspect` in a process of its own each
# time, weights in the system's cache, the middle of nine runs. Usage: tools/load-times.sh FILE…, any files that alexnet reads.
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
arguments 1 1000 "$@"
alexnet="${ALEXNET:-$(dirname "$0")/../src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet}"
echo "| file | MB | seconds | peak memory, MB |"
echo "|---|---|---|---|"
for file in "$@"; do
    cat "$file" > /dev/null
    runs=$(for _ in 1 2 3 4 5 6 7 8 9; do $alexnet inspect "$file" | sed -n 's/^weights read in \([0-9.]*\) s, peak memory \([0-9]*\) MB$/\1 \2/p'; done)
    [ -n "$runs" ] || { echo "$0: $file is no model" >&2; exit 1; }
    seconds=$(cut -d' ' -f1 <<< "$runs" | sort -n | sed -n 5p)
    memory=$(cut -d' ' -f2 <<< "$runs" | sort -n | tail -1)
    size=$(stat -Lc %s "$file")
    echo "| $(basename "$file") | $((size / 1000000)) | $seconds | $memory |"
done
