#!/usr/bin/env bash
# Runs a schedule of MobileNet v2 on four cores in variations, for the table in docs/walks.md:
# scripts/walk-ideas.sh [unnasim].
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
program=$(realpath "${1:-$root/build/release/cli/unnasim}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# figures <directory of a run> <title>
figures() {
  python3 - "$scratch/base" "$1" "$2" <<'END'
import json
import sys

def read(directory):
    with open(directory + "/summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    performance = summary["performance"]
    moved = performance["dram_read"]["value"] + performance["dram_written"]["value"]
    return performance["cycles"]["value"], moved, summary["memory"]["lower_bound"]["value"]

base, this = read(sys.argv[1]), read(sys.argv[2])
print(f"| {sys.argv[3]} | {this[0]:,} | {100 * (this[0] / base[0] - 1):+.1f} % | "
      f"{100 * (this[1] / base[1] - 1):+.1f} % | {this[2] / 1024:,.0f} |")
END
}

# simulated <directory> <options>
simulated() {
  "$program" simulate mobilenet_v2 --cores 4 --planner greedy-by-size --perturb 0 --quiet \
    -o "$@"
}

# varied <title> <skew> <sync> [<division>] [<synapses>]
varied() {
  sed -E "/steps=1 /!{s/steps=([0-9]+)/steps=\1 skew=$2/; s/division=([a-z]+)/division=${4:-\\1}/; s/sync=[a-z]+/sync=$3 synapses=${5:-stay}/}" \
    "$root/docs/data/mobilenet_v2.4.schedule" >"$scratch/schedule"
  simulated "$scratch/run" --schedule "$scratch/schedule"
  figures "$scratch/run" "$1"
}

simulated "$scratch/base" --granularity band
echo '| schedule | cycles | against layers in bands | DRAM bytes | bound, KiB |'
echo '|---|---|---|---|---|'
figures "$scratch/base" 'layer by layer, in bands'
varied 'signals, synapses loaded for each band' 0 signals '' reload
varied 'the same, skew 1' 1 signals '' reload
varied 'signals, synapses stay' 0 signals
varied 'signals, skew 1' 1 signals
varied 'signals, skew 2' 2 signals
varied 'acknowledged signals' 0 acknowledged
varied 'acknowledged signals, skew 1' 1 acknowledged
varied 'acknowledged signals, skew 2' 2 acknowledged
varied 'barriers' 0 barriers
varied 'barriers, skew 1' 1 barriers
varied 'acknowledged signals, channels' 0 acknowledged channels
varied 'acknowledged signals, channels, skew 1' 1 acknowledged channels
