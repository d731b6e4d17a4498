#!/usr/bin/env bash
# Prints the table of docs/results.md, "Granularity", from the table of a sweep:
#   unnasim sweep configs/sweeps/granularity.yaml -o out/granularity
#   scripts/granularity-table.sh [directory of the run directories]
# Means are geometric, over the networks, of the ratio to whole tensors.
set -euo pipefail

table=${1:-out}/granularity/sweep.csv
if [[ ! -f $table ]]; then
  echo "granularity-table.sh: no $table, expected the table of that sweep" >&2
  exit 2
fi

echo '| cores | granularity | footprint | cycles | slowest against whole tensors |'
echo '|---|---|---|---|---|'
awk -F, '
  function name(path) {sub(".*/", "", path); sub(".yaml", "", path); return path}
  NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
  $at["status"] != "ok" {print "granularity-table.sh: point " $1 " failed" >"/dev/stderr"; exit 1}
  {
    of = $at["network"] "," $at["cores"]; kind = $at["granularity"]; group = $at["cores"] "," kind
    if (kind == "tensor") {cycles[of] = $at["cycles"]; peak[of] = $at["peak"]; next}
    if (!(group in count)) order[++groups] = group
    slower = $at["cycles"] / cycles[of]
    ++count[group]; time[group] += log(slower); bytes[group] += log($at["peak"] / peak[of])
    if (slower > worst[group]) {worst[group] = slower; where[group] = name($at["network"])}
  }
  END {
    for (g = 1; g <= groups; ++g) {
      group = order[g]; split(group, part, ","); n = count[group]
      printf "| %s | `%s` | %.1f %% less | %+.2f %% | %+.1f %%, `%s` |\n", part[1], part[2],
        100 * (1 - exp(bytes[group] / n)), 100 * (exp(time[group] / n) - 1), 100 * (worst[group] - 1), where[group]
    }
  }' "$table"
