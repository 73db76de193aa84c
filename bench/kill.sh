#!/usr/bin/env bash
# Kills a process that writes checkpoints, at random moments (SIGKILL), and checks after each kill that the newest
# checkpoint is whole, has the right content and is no older than the last one acknowledged.
# usage: bench/kill.sh [KILLS] [SEED]   (default 1000 kills, seed 1)
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
dotnet build tests/KillTarget --configuration Release --verbosity quiet
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet exec tests/KillTarget/bin/Release/net10.0/Ml.Llm.KillTarget.dll kill "$folder" "${1:-1000}" "${2:-1}"
