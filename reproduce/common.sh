# Shared by the scripts of this folder: builds the command, runs a training, evaluates its last state.
# The clock starts after the build.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
alexnet="$root/src/AlexNetSharp.Cli/bin/Release/net10.0/alexnet"

usage() {
    echo "usage: $0 DATA OUT   ($1)" >&2
    exit 2
}

# build: compiles the command, quietly.
build() {
    dotnet build -c Release -v quiet --nologo "$root/src/AlexNetSharp.Cli" >&2
    started=$(date +%s.%N)
}

# finish DATA OUT [OPTION…]: measures the last state of the run on the test images and prints the last line; options are those of eval.
finish() {
    "$alexnet" eval "$2" "$1" --checkpoint last --json "$2/eval.json" "${@:3}"
    local ended top1
    ended=$(date +%s.%N)
    top1=$(sed -n 's/^ *"top1": *\([0-9.eE+-]*\),*$/\1/p' "$2/eval.json")
    LC_ALL=C awk -v top1="$top1" -v seconds="$(LC_ALL=C awk "BEGIN { print $ended - $started }")" \
        'BEGIN { printf "test error %.1f %% after %.0f s\n", 100 * (1 - top1), seconds }'
}
