#!/usr/bin/env bash
# Does the fast way learn as well as the plain one? Held-out loss of both at 1, 2 and 3 M tokens of documentation text, on the
# shape of causal14, from the same weights and batches: bench/learning.sh [--tokens 3000000] [--precision bf16] [--threads 2]
set -euo pipefail
exec "$(dirname "$0")/run.sh" learning "$@"
