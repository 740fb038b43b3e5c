#!/usr/bin/env bash
# How long a cache line takes from one processor to another and back, in nanoseconds: some 50 where both share their last cache, several
# hundred where they do not. Virtual machines may be moved between the two at any time, which changes what a benchmark measures.
# Usage: tools/core-distance.sh [first processor] [second processor]     (needs Linux)
set -euo pipefail
dotnet run -c Release "$(dirname "$0")/core-distance.cs" -- "${1:-0}" "${2:-1}"
