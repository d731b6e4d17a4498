#!/usr/bin/env bash
# Prints the table of docs/results.md, "Machines beside Cambricon-X", from the table of a sweep:
#   unnasim sweep configs/sweeps/machines.yaml -o out/machines
#   scripts/machines-table.sh [directory of the run directories]
set -euo pipefail

table=${1:-out}/machines/sweep.csv
if [[ ! -f $table ]]; then
  echo "machines-table.sh: no $table, expected the table of that sweep" >&2
  exit 2
fi

echo '| network | machine | cycles | utilisation | share of the roofline | of the peak bandwidth | limited by | footprint |'
echo '|---|---|---|---|---|---|---|---|'
awk -F, '
  function name(path) {sub(".*/", "", path); sub(".yaml", "", path); return path}
  function grouped(number,  text) {
    text = sprintf("%d", number)
    while (match(text, /[0-9][0-9][0-9][0-9]+/))
      text = substr(text, 1, RSTART + RLENGTH - 4) "," substr(text, RSTART + RLENGTH - 3)
    return text}
  NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
  $at["status"] != "ok" {print "machines-table.sh: point " $1 " failed" >"/dev/stderr"; exit 1}
  {printf "| %s | %s | %s | %.1f %% | %.1f %% | %.1f %% | %s | %.2f MiB |\n", name($at["network"]),
     name($at["machine"]), grouped($at["cycles"]), 100 * $at["utilisation"],
     100 * $at["roofline_share"], 100 * $at["bandwidth_utilisation"], $at["limit"],
     $at["peak"] / 1048576}' "$table"
