#!/usr/bin/env bash
# Prints the table of docs/results.md, "Layouts chosen by latency": what the fastest layouts that
# `unnasim plan --objective` finds are worth on several networks and machines. Half an hour.
#   scripts/layout-objectives.sh [unnasim [directory for the tables of layouts]]
set -euo pipefail

unnasim=${1:-build/release/cli/unnasim}
out=${2:-out/layout-objectives}
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
mkdir -p "$out"

echo '| network | cores | cache | layouts at the best peak | cycles: without sharing | auto | fastest at its peak | slowest at its peak | fastest within 5 % | row hits: auto | fastest at its peak |'
echo '|---|---|---|---|---|---|---|---|---|---|---|'
for network in resnet18 mobilenet_v2 googlenet densenet121; do
  for cores in 1 4 16; do
    for cache in 0 1048576; do
      csv=$out/$network.$cores.$cache.csv
      [[ -f $csv ]] || "$unnasim" plan "$root/workloads/$network.yaml" --cores $cores \
        --set dram.model=banked --set cache.size_bytes=$cache --granularity tensor --objective peak,latency --candidates 32 \
        --csv "$csv" >"${csv%.csv}.txt" 2>/dev/null
      awk -F, -v network="$network" -v cores="$cores" -v cache="$cache" '
        NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
        {cycles = $at["cycles"]; peak = $at["peak"]; rows = $at["row_hit_rate"]}
        NR == 2 {none = cycles; next}
        NR == 3 {first = fast = slow = any = cycles; first_rows = fast_rows = rows; first_peak = peak}
        peak <= first_peak {
          ++count
          if (cycles < fast) {fast = cycles; fast_rows = rows}
          if (cycles > slow) slow = cycles
        }
        cycles < any {any = cycles}
        END {
          printf "| %s | %d | %s | %d | %+.2f %% | %d | %+.2f %% | %+.2f %% | %+.2f %% | %.1f %% | %.1f %% |\n",
            network, cores, (cache > 0 ? cache / 1024 " KiB" : "none"), count,
            100 * (none / first - 1), first, 100 * (fast / first - 1), 100 * (slow / first - 1),
            100 * (any / first - 1), 100 * first_rows, 100 * fast_rows
        }' "$csv"
    done
  done
done
