#!/usr/bin/env bash
# Trains a small language model on text that every .NET SDK has, saves it as an ML.NET model, and completes three prompts with it.
# Needs the .NET 10 SDK and nothing else. ./run.sh --help lists the options.
set -euo pipefail
root=$(cd "$(dirname "$0")" && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
command -v dotnet > /dev/null || { echo "The .NET 10 SDK is needed: https://dot.net/download" >&2; exit 1; }
(cd "$root" && dotnet build samples/QuickStart --configuration Release --verbosity quiet -consoleLoggerParameters:NoSummary)
exec dotnet "$root/samples/QuickStart/bin/Release/net10.0/QuickStart.dll" "$@"
