#!/usr/bin/env bash
# Draws docs/plots/sweep.svg, the example of docs/sweeps.md, "Plots":
#   scripts/sweep-plot.sh [unnasim]
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
unnasim=${1:-$root/build/release/cli/unnasim}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$unnasim" sweep "$root/configs/sweeps/cores-and-buffers.yaml" -o "$scratch" --jobs "$(nproc)" --quiet
"$unnasim" plot "$scratch" --x cores --y latency_s --by machine.core.nbin_bytes \
  --where network=../../workloads/mobilenet_v2.yaml --where granularity=tensor --log x \
  -o "$root/docs/plots/sweep.svg"
