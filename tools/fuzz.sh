#!/usr/bin/env bash
# Feeds every reader of files from outside (model formats and pictures) 100,000 damaged and invented inputs, or as many as the argument says.
# Usage: tools/fuzz.sh [INPUTS]
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build -c Release tests/AlexNetSharp.Tests -v q --nologo
ALEXNETSHARP_FUZZ="${1:-100000}" tests/AlexNetSharp.Tests/bin/Release/net10.0/AlexNetSharp.Tests -class "*Fuzz*"
