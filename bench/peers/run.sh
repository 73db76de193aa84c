#!/usr/bin/env bash
# Ours and the peers side by side on the same files, one JSON line a measurement: bench/peers/run.sh [--seconds 15] [--threads 2]
# Jobs encode, train-tokenizer and chat. Needs Node and npm (Debian: apt-get install nodejs npm); nothing else of this project does.
set -euo pipefail
cd "$(dirname "$0")"
command -v npm >/dev/null || { echo "npm is missing: install Node, for example by apt-get install nodejs npm" >&2; exit 2; }
[ -d node_modules ] || npm install --no-audit --no-fund --silent >&2
exec ../run.sh encode train-tokenizer chat --peers "$PWD" "$@"
