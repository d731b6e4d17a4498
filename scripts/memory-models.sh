#!/usr/bin/env bash
# Prints the table of docs/validation.md, "Bandwidth against banked", and draws
# docs/plots/memory-models.svg from the tables of two sweeps:
#   unnasim sweep configs/sweeps/memory-models.yaml -o out/memory-models
#   unnasim sweep configs/sweeps/memory-models-large.yaml -o out/memory-models-large
#   scripts/memory-models.sh [directory of the run directories]
# An error is cycles with `dram.model: bandwidth` over those with `banked`, less one; medians and
# worst are of absolute values. Needs gnuplot (Debian: gnuplot-nox) for the chart.
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
out=${1:-out}
tables=("$out/memory-models/sweep.csv" "$out/memory-models-large/sweep.csv")
for table in "${tables[@]}"; do
  if [[ ! -f $table ]]; then
    echo "memory-models.sh: no $table, expected the table of configs/sweeps/memory-models*.yaml" >&2
    exit 2
  fi
  if cut -d, -f 1-8 "$table" | grep -q failed; then
    echo "memory-models.sh: $table has points that failed" >&2
    exit 2
  fi
done

# A row a pair of runs: network, cores, standard, channels, channels over the preset's, error.
# shellcheck disable=SC2016 # the dollars are awk's
awk -F, '
  FNR == 1 {delete at; for (i = 1; i <= NF; ++i) at[$i] = i; next}
  {
    name = $at["network"]; sub(".*/", "", name); sub(".yaml", "", name)
    cores = $at["cores"]; channels = $at["machine.dram.channels"]
    key = name "," cores "," $at["machine.dram.standard"] "," channels
    if (!(key in seen)) {seen[key] = 1; keys[++n] = key; share[key] = channels / (cores == 1 ? 2 : cores <= 4 ? 8 : 16)}
    cycles[key, $at["machine.dram.model"]] = $at["cycles"]
  }
  END {
    for (i = 1; i <= n; ++i)
      printf "%s,%g,%.5f\n", keys[i], share[keys[i]], cycles[keys[i], "bandwidth"] / cycles[keys[i], "banked"] - 1
  }
' "${tables[@]}" >"$out/memory-models.csv"

# shellcheck disable=SC2016
awk -F, '
  function abs(x) {return x < 0 ? -x : x}
  function counted(n, what) {return n " " what (n == 1 ? "" : "s")}
  function add(group) {
    errors[group, ++count[group]] = abs($6)
    if (abs($6) > worst[group]) {worst[group] = abs($6); where[group] = $0}
  }
  {add($3); add($2 == 1 ? "1 core" : $2 " cores"); add("all")}
  END {
    printf "| runs with | pairs | median | worst | where |\n|---|---|---|---|---|\n"
    groups = split("all,1 core,4 cores,16 cores,64 cores,ddr4-2400,ddr5-4800,lpddr4-3200,lpddr5-6400,hbm2,hbm3", order, ",")
    for (g = 1; g <= groups; ++g) {
      group = order[g]; n = count[group]
      if (!n) continue
      for (i = 2; i <= n; ++i) {
        x = errors[group, i]
        for (j = i - 1; j > 0 && errors[group, j] > x; --j) errors[group, j + 1] = errors[group, j]
        errors[group, j + 1] = x
      }
      middle = n % 2 ? errors[group, (n + 1) / 2] : (errors[group, n / 2] + errors[group, n / 2 + 1]) / 2
      split(where[group], f, ",")
      printf "| %s | %d | %.1f %% | %.1f %% | `%s`, %s, %s of %s |\n", group, n, 100 * middle, 100 * worst[group], f[1], counted(f[2], "core"), counted(f[4], "channel"), f[3]
    }
  }
' "$out/memory-models.csv"

mkdir -p "$root/docs/plots"
gnuplot -e "table='$out/memory-models.csv'; output='$root/docs/plots/memory-models.svg'" "$root/scripts/memory-models.gp"
