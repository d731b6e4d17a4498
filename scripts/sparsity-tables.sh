#!/usr/bin/env bash
# Prints the tables of docs/validation.md, "Sparsity", from the tables of two sweeps:
#   unnasim sweep configs/sweeps/pruned.yaml -o out/pruned
#   unnasim sweep configs/sweeps/density.yaml -o out/density
#   scripts/sparsity-tables.sh [directory of the run directories]
set -euo pipefail

out=${1:-out}
for sweep in pruned density; do
  if [[ ! -f $out/$sweep/sweep.csv ]]; then
    echo "sparsity-tables.sh: no $out/$sweep/sweep.csv, expected the table of that sweep" >&2
    exit 2
  fi
done

# shellcheck disable=SC2016 # the dollars are awk's
columns='NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
  {network = $at["network"]; sub(".*/", "", network); sub(".yaml", "", network)
   cycles = $at["cycles"]; cores = $at["cores"]; step = $at["machine.core.indexing"] == "step"
   bytes = $at["dram_read"] + $at["dram_written"]
   energy = $at["energy_nj"]; chip = energy - $at["energy_dram_nj"]}'

echo '| network | cores | MACs left | cycles, no indexing | indexing, not pruned | indexing, pruned | speed-up | of that by pruning | DRAM bytes | roofline share | energy | energy but DRAM |'
echo '|---|---|---|---|---|---|---|---|---|---|---|---|'
awk -F, "$columns"'
  !step {none = cycles; moved = bytes; all = energy; core = chip}
  step && $at["weight_density"] == "network" {
    pruned = cycles; left = bytes; less = energy; core_less = chip; density = $at["macs"] / $at["dense_macs"]; share = $at["roofline_share"]}
  step && $at["weight_density"] == "1" {
    printf "| `%s` | %d | %.1f %% | %d | %d | %d | %.2f | %.2f | / %.2f | %.1f %% | / %.2f | / %.2f |\n", network, cores,
      100 * density, none, cycles, pruned, none / pruned, cycles / pruned, moved / left, 100 * share,
      all / less, core / core_less}
' "$out/pruned/sweep.csv"

echo
echo '| layer | cores | 5 % | 10 % | 20 % | 35 % | 50 % | 75 % | 100 % |'
echo '|---|---|---|---|---|---|---|---|---|'
awk -F, "$columns"'
  !step {none = cycles; printf "| `%s` | %d |", network, cores}
  step && $at["weight_density"] ~ /^(0.05|0.1|0.2|0.35|0.5|0.75|1)$/ {printf " %.2f |", none / cycles}
  step && $at["weight_density"] == "1" {print ""}
' "$out/density/sweep.csv"
