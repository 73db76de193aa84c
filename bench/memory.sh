#!/usr/bin/env bash
# Does memory stay flat? Anonymous resident memory and live tensors over training steps on the shape of causal14, through the
# pipeline; --repeat 10 takes a corpus 10 times larger: bench/memory.sh [--steps 1000] [--repeat 1] [--precision bf16] [--threads 2]
set -euo pipefail
exec "$(dirname "$0")/run.sh" memory "$@"
