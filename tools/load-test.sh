#!/usr/bin/env bash
# Load test of `alexnet serve`: starts it with a model, sends images from 1, 8 and 32 connections, and writes requests a second,
# latencies and memory into docs/serving.md. Needs wrk (Debian: apt-get install wrk) and curl, on Linux.
#   tools/load-test.sh MODEL IMAGES [SECONDS for each number of connections, 60 unless given]
set -euo pipefail
. "$(dirname "$0")/arguments.sh"
arguments 2 3 "$@"
model=$(realpath "$1") images=$(realpath "$2") seconds=${3:-60} port=5187
cd "$(dirname "$0")/.."
for tool in wrk curl; do
    command -v "$tool" > /dev/null || { echo "load-test: '$tool' is not installed" >&2; exit 1; }
done

work=$(mktemp -d) server=''
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT

find "$images" -type f \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' -o -iname '*.webp' \) | LC_ALL=C sort > "$work/images"
count=$(wc -l < "$work/images")
[ "$count" -gt 0 ] || { echo "load-test: $images: no images" >&2; exit 1; }

cat > "$work/upload.lua" << 'LUA'
-- Sends the images of a list one after the other, and prints the result as one line of numbers.
local bodies, next = {}, 0
for path in io.lines(os.getenv("LOAD_TEST_IMAGES")) do
    local file = io.open(path, "rb")
    bodies[#bodies + 1] = file:read("*a")
    file:close()
end
request = function()
    next = next % #bodies + 1
    return wrk.format("POST", "/classify?top=5", { ["Content-Type"] = "image/jpeg" }, bodies[next])
end
done = function(summary, latency)
    local errors = summary.errors
    print(string.format("RESULT %d %d %d %.1f %.1f %.1f %.1f %.1f", summary.requests, summary.duration,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout,
        latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000, latency:percentile(99.9) / 1000, latency.max / 1000))
end
LUA

dotnet build -c Release src/AlexNetSharp.Cli -o "$work/server" > "$work/build.log" || { cat "$work/build.log" >&2; exit 1; }
dotnet "$work/server/alexnet.dll" serve "$model" --port "$port" > "$work/server.log" 2>&1 &
server=$!
for _ in $(seq 120); do
    curl -s -f -o "$work/answer" --data-binary "@$(head -1 "$work/images")" -H 'Content-Type: image/jpeg' "http://127.0.0.1:$port/classify" && break
    kill -0 "$server" 2> /dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.5
done

memory() { awk '/^VmRSS/ { printf "%d\n", $2 / 1024 }' "/proc/$server/status"; }
load() { LOAD_TEST_IMAGES="$work/images" wrk -t1 -c"$1" -d"$2s" --timeout 30s -s "$work/upload.lua" "http://127.0.0.1:$port"; }

load 32 10 > /dev/null    # plans are made, code is compiled again with what was learnt from running it
rows=''
: > "$work/memory"
for connections in 1 8 32; do
    echo "load-test: $connections connections for $seconds s" >&2
    (while memory >> "$work/memory"; do sleep 1; done) 2> /dev/null &
    sampler=$!
    load "$connections" "$seconds" > "$work/wrk.log"
    kill "$sampler"
    wait "$sampler" 2> /dev/null || true
    rows+=$(awk -v c="$connections" '/^RESULT/ { printf "| %d | %d | %.1f | %s | %s | %s | %s | %s | %d |", c, $2, $2 / ($3 / 1e6), $5, $6, $7, $8, $9, $4 }' "$work/wrk.log")$'\n'
done
flat=$(awk '{ v[NR] = $1; if (NR == 1 || $1 < min) min = $1; if ($1 > max) max = $1 }
    END { n = int(NR / 4); for (i = 1; i <= n; i++) { a += v[i]; b += v[NR + 1 - i] }
          printf "%d MB on average in the first quarter of the test, %d MB in the last; between %d and %d MB in %d samples", a / n, b / n, min, max, NR }' "$work/memory")
processor=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)

cat > "$work/block" << MARKDOWN
<!-- load test -->
${processor:-unknown processor}, $(nproc) processors, $(. /etc/os-release; echo "$PRETTY_NAME"), .NET $(dotnet --list-runtimes | awk '/AspNetCore/ { v = $2 } END { print v }'), $(date -u +%F), commit $(git rev-parse --short HEAD).
\`tools/load-test.sh $(basename "$model") $(basename "$images") $seconds\`: $count images of $(($(xargs -d '\n' cat < "$work/images" | wc -c) / count / 1000)) kB on average, sent in turn by wrk on the same machine, which takes its share of the processors.

| connections | requests | requests/s | median ms | 90 % ms | 99 % ms | 99.9 % ms | longest ms | failed |
|---|---|---|---|---|---|---|---|---|
${rows}
Memory of the server (resident set): $flat.
<!-- /load test -->
MARKDOWN
awk -v block="$work/block" '
    /^<!-- load test -->/ { while ((getline line < block) > 0) print line; inside = 1 }
    !inside { print }
    /^<!-- \/load test -->/ { inside = 0 }' docs/serving.md > "$work/serving.md"
cp "$work/serving.md" docs/serving.md
cat "$work/block"
