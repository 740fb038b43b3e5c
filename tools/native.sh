#!/usr/bin/env bash
# Publishes the command for the just-in-time compiler and as native code for each level of x86-64, and prints size, start and speed: the table of
# docs/deploy.md. Needs clang or gcc, and zlib's headers (Debian: apt-get install gcc zlib1g-dev).
#     tools/native.sh            publishes into artifacts/native/ and measures
#     tools/native.sh measure    measures what is there
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
arguments 0 1 "$@"
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
out=$PWD/artifacts/native
levels='x86-64-v4 x86-64-v3 x86-64-v2'

if [[ -n ${1:-} && $1 != measure ]]; then
    echo "$0: '$1' is not 'measure' (see --help)" >&2
    exit 2
fi
if [[ ${1:-} != measure ]]; then
    dotnet publish src/AlexNetSharp.Cli -v quiet -o "$out/jit"
    for level in $levels; do
        dotnet publish src/AlexNetSharp.Cli -v quiet -r linux-x64 -p:PublishAot=true -p:IlcInstructionSet="$level" -o "$out/$level"
    done
fi

megabytes() {
    du -scb "$@" | awk 'END { printf "%.1f MB", $1 / 1e6 }'
}

# The best of 20 starts.
start_of() {
    local best=1000000 begin took
    for _ in {1..20}; do
        begin=${EPOCHREALTIME/./}
        "$@" --version > /dev/null
        took=$(( ${EPOCHREALTIME/./} - begin ))
        if (( took < best )); then best=$took; fi
    done
    awk "BEGIN { printf \"%.0f ms\", $best / 1000 }"
}

# The shortest of some steps of forward with four images on one thread. What a build for another level says to that goes to standard error.
step_of() {
    "$@" bench --forward-only --batch-size 4 --threads 1 --burn-in 5 --batches 25 --json "$out/step.json" > /dev/null 2> /dev/null
    awk -F'[:,]' '/minSeconds/ { printf "%.1f ms", $2 * 1000 }' "$out/step.json"
}

printf '| %-17s | %-7s | %-6s | %-8s |\n' build size start forward
printf '|---|---|---|---|\n'
jit=$out/jit/alexnet.dll
printf '| %-17s | %-7s | %-6s | %-8s |\n' 'just in time' "$(megabytes "$out"/jit/*.dll)" "$(start_of dotnet "$jit")" "$(step_of dotnet "$jit")"
for level in $levels; do
    alexnet=$out/$level/alexnet
    # A processor without the level cannot start the build.
    if "$alexnet" --version > /dev/null 2>&1; then
        printf '| %-17s | %-7s | %-6s | %-8s |\n' "native, $level" "$(megabytes "$alexnet")" "$(start_of "$alexnet")" "$(step_of "$alexnet")"
    else
        printf '| %-17s | %-7s | %-6s | %-8s |\n' "native, $level" "$(megabytes "$alexnet")" refuses -
    fi
done
