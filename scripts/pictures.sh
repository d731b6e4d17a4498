#!/usr/bin/env bash
# Draws docs/pictures anew, from what the program prints.
set -euo pipefail
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
cd "$root"
mkdir -p docs/pictures
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

python3 scripts/machine_picture.py >docs/pictures/machine.svg

network=workloads/alexnet.yaml
./dev run simulate $network --cores 4 --granularity tensor --trace "$work/run.unt" -o "$work/run" >/dev/null
./dev run trace "$work/run.unt" >"$work/trace.txt"
./dev run compare $network --cores 4 --granularity tensor --planners auto --no-timing \
  -o "$work/compare" >/dev/null
python3 scripts/liveness_picture.py "$work/trace.txt" "$work/compare/compare.json" \
  >docs/pictures/liveness.svg
