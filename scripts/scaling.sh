#!/usr/bin/env bash
# Prints the table of docs/scaling.md and draws docs/plots/scaling.svg from the table of a sweep:
#   unnasim sweep configs/sweeps/scaling.yaml -o out/scaling
#   scripts/scaling.sh [directory of the run directories]
# Needs gnuplot (Debian: gnuplot-nox) for the plot.
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
table=${1:-out}/scaling/sweep.csv
if [[ ! -f $table ]]; then
  echo "scaling.sh: no $table, expected the table of configs/sweeps/scaling.yaml" >&2
  exit 2
fi
if cut -d, -f 1-6 "$table" | grep -q failed; then
  echo "scaling.sh: $table has points that failed" >&2
  exit 2
fi

# shellcheck disable=SC2016 # the dollars are awk's
awk -F, '
  NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
  {
    name = $at["network"]; sub(".*/", "", name); sub(".yaml", "", name)
    cores = $at["cores"]
    if (!(name in one)) {one[name] = $at["cycles"]; names[++networks] = name}
    if (!(cores in seen)) {seen[cores] = 1; cores_of[++columns] = cores}
    speed_up[name, cores] = one[name] / $at["cycles"]
    milliseconds[name, cores] = 1000 * $at["latency_s"]
    limit[name, cores] = toupper(substr($at["limit"], 1, 1))
  }
  END {
    printf "| network | 1 core |"
    for (k = 2; k <= columns; ++k) printf " %d |", cores_of[k]
    printf "\n|---|---|"
    for (k = 2; k <= columns; ++k) printf "---|"
    printf "\n"
    for (i = 1; i <= networks; ++i) {
      name = names[i]
      printf "| `%s` | %.3g ms, %s |", name, milliseconds[name, 1], limit[name, 1]
      for (k = 2; k <= columns; ++k) {
        c = cores_of[k]
        printf " %.3g ms, %.0f %%, %s |", milliseconds[name, c], 100 * speed_up[name, c] / c, limit[name, c]
      }
      printf "\n"
    }
  }
' "$table"

mkdir -p "$root/docs/plots"
gnuplot -e "table='$table'; output='$root/docs/plots/scaling.svg'" "$root/scripts/scaling.gp"
