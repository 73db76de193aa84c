#!/usr/bin/env bash
# Measures speed and memory: bench/run.sh [JOB ...] [--seconds 15] [--threads 2]
# Prints a JSON line a measurement on stdout and nothing else; jobs: matmul bandwidth causal14 llama causal124 encode train-tokenizer (default: all).
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
dotnet build bench/Ml.Llm.Bench --configuration Release --verbosity quiet -consoleLoggerParameters:NoSummary >&2
exec dotnet bench/Ml.Llm.Bench/bin/Release/net10.0/Ml.Llm.Bench.dll "$@"
