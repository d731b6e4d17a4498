#!/usr/bin/env bash
# Makes docs/data/compare.csv and draws docs/plots/compare.svg from it: scripts/compare-data.sh
# [unnasim]. Needs gnuplot (Debian: gnuplot-nox).
set -euo pipefail

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
program=$(realpath "${1:-$root/build/release/cli/unnasim}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cd "$root"
networks=(alexnet_pruned blazeface lenet5 lenet5_pruned lstm mobilenet_v1 mobilenet_v2 posenet resnet18
  squeezenet1_1 transformer_encoder)
files=("${networks[@]/#/workloads/}")
files=("${files[@]/%/.yaml}")
"$program" compare "${files[@]}" --cores 4,16 --granularity band --planners bfc,auto --no-timing -o "$scratch"
cp "$scratch/compare.csv" docs/data/compare.csv
gnuplot -e "table='docs/data/compare.csv'; output='docs/plots/compare.svg'" scripts/compare.gp
