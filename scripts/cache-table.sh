#!/usr/bin/env bash
# Prints the table of docs/results.md, "Layouts and the cache", from the table of a sweep:
#   unnasim sweep configs/sweeps/cache.yaml -o out/cache
#   scripts/cache-table.sh [directory of the run directories]
set -euo pipefail

table=${1:-out}/cache/sweep.csv
if [[ ! -f $table ]]; then
  echo "cache-table.sh: no $table, expected the table of that sweep" >&2
  exit 2
fi

echo '| network | cores | cache | hits: without sharing | greedy | tetris | DRAM MB: without sharing | greedy | tetris | cycles: without sharing | greedy | tetris |'
echo '|---|---|---|---|---|---|---|---|---|---|---|---|'
# The planner varies fastest, and naive comes first.
awk -F, '
  NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
  $at["status"] != "ok" {print "cache-table.sh: point " $1 " failed" >"/dev/stderr"; exit 1}
  {planner = $at["planner"]
   hits[planner] = 100 * $at["shared_cache_hit_rate"]
   bytes[planner] = $at["shared_dram_bytes"]; cycles[planner] = $at["shared_cycles"]}
  planner == "tetris" {
    network = $at["network"]; sub(".*/", "", network); sub(".yaml", "", network)
    printf "| %s | %d | %g KiB |", network, $at["cores"], $at["machine.cache.size_bytes"] / 1024
    printf " %.1f %% | %.1f %% | %.1f %% |", hits["naive"], hits["greedy-by-size"], hits[planner]
    printf " %.1f | %+.1f %% | %+.1f %% |", bytes["naive"] / 1e6,
      100 * (bytes["greedy-by-size"] / bytes["naive"] - 1), 100 * (bytes[planner] / bytes["naive"] - 1)
    printf " %d | %+.1f %% | %+.1f %% |\n", cycles["naive"],
      100 * (cycles["greedy-by-size"] / cycles["naive"] - 1), 100 * (cycles[planner] / cycles["naive"] - 1)
  }' "$table"
