#!/usr/bin/env bash
# Builds and runs the tests. ./test.sh: all; ./test.sh golden [AREA ...]: only the golden cases, of the areas named.
# The last line counts: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

projects=(tests/Ml.Llm.Core.Tests tests/Ml.Llm.Transforms.Tests tests/Ml.Llm.Trainers.Tests tests/Ml.Llm.Samples.Tests tests/Golden tests/Ml.Llm.Packaging.Tests)
filter=()
if [ "${1:-}" = golden ]; then
  projects=(tests/Golden)
  shift
  for area in "$@"; do filter+=("TestCategory=golden-$area"); done
elif [ $# -gt 0 ]; then
  echo "usage: ./test.sh [golden [AREA ...]]" >&2
  exit 2
fi

dotnet build MlLlm.sln --configuration Release --verbosity quiet || { echo "The build failed; no test ran."; exit 1; }

passed=0 failed=0 skipped=0 status=0
joined=$(IFS='|'; echo "${filter[*]:-}")
for project in "${projects[@]}"; do
  arguments=(--project "$project" --configuration Release --no-build)
  [ -n "$joined" ] && arguments+=(--filter "$joined")
  output=$(mktemp)
  dotnet test "${arguments[@]}" 2>&1 | tee "$output"
  code=${PIPESTATUS[0]}
  count() { local n; n=$(grep -oE "^ *$1: [0-9]+" "$output" | grep -oE '[0-9]+' | tail -n 1); echo "${n:-0}"; }
  total=$(count total)
  passed=$((passed + $(count succeeded))) failed=$((failed + $(count failed))) skipped=$((skipped + $(count skipped)))
  if [ "$code" -ne 0 ] || [ "$total" -eq 0 ]; then status=1; fi
  # A project that crashed has counted nothing: that is a failure too.
  if [ "$code" -ne 0 ] && [ "$(count failed)" -eq 0 ]; then failed=$((failed + 1)); fi
  rm -f "$output"
done
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
