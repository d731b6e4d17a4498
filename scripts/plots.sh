#!/usr/bin/env bash
# Draws docs/plots/*.svg from the tables of sweeps: scripts/plots.sh [directory of the run directories]
# Needs gnuplot (Debian: gnuplot-nox), as scripts/scaling.sh does and nothing else in this tree.
#   unnasim sweep configs/sweeps/density.yaml -o out/density
#   unnasim sweep configs/sweeps/index-bits.yaml -o out/index-bits
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
out=${1:-out}
for sweep in density index-bits; do
  if [[ ! -f $out/$sweep/sweep.csv ]]; then
    echo "plots.sh: no $out/$sweep/sweep.csv, expected the table of configs/sweeps/$sweep.yaml" >&2
    exit 2
  fi
done
mkdir -p "$root/docs/plots"
gnuplot -e "table='$out/density/sweep.csv'; folder='$root/docs/plots'" "$root/scripts/density.gp"
gnuplot -e "table='$out/index-bits/sweep.csv'; folder='$root/docs/plots'" "$root/scripts/index-bits.gp"
