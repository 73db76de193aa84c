#!/usr/bin/env bash
# Breaks small tokenizer.json files in many ways; each must give a tokenizer that works or a typed error, within bounds of
# time and memory. The same test runs 2,000 of them in the suite; the environment variables below ask it for more.
# usage: bench/fuzz.sh [COUNT] [SEED]   (default 100000 files, seed 1)
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
export MLLLM_FUZZ_COUNT=${1:-100000} MLLLM_FUZZ_SEED=${2:-1}
MLLLM_FUZZ_PLACE=$(mktemp)
export MLLLM_FUZZ_PLACE
trap 'rm -f "$MLLLM_FUZZ_PLACE"' EXIT
dotnet build tests/Ml.Llm.Core.Tests --configuration Release --verbosity quiet
dotnet test --project tests/Ml.Llm.Core.Tests --configuration Release --no-build --output Detailed --filter "FullyQualifiedName~MutatedFilesTests" \
  || { echo "failed; the last case was $(cat "$MLLLM_FUZZ_PLACE") of seed $MLLLM_FUZZ_SEED"; exit 1; }
