#!/usr/bin/env bash
# bench/run.sh <build tree> [name [arguments]]: benchmark programs, then whole commands with their
# time and peak memory. Only those whose name contains `name`; programs get the arguments.
set -euo pipefail

build=$1
name=${2:-}
arguments=("${@:3}")
program=$build/cli/unnasim
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

wanted() { [[ $1 == *"$name"* ]]; }

# command <name> <arguments of unnasim>: best of three, as others may use the host.
command_bench() {
  local title=$1 best='' kib='' seconds run
  shift
  wanted "$title" || return 0
  for run in 1 2 3; do
    TIMEFORMAT=%R
    seconds=$({ time "$program" "$@" -o "$scratch/run$run" >"$scratch/out"; } 2>&1)
    if [[ -z $best ]] || awk "BEGIN { exit !($seconds < $best) }"; then best=$seconds; fi
  done
  kib=$(sed -n '/"max_rss"/,/}/s/.*"value": \([0-9]*\).*/\1/p' "$scratch/run1/summary.json" \
    2>/dev/null || true)
  printf '%-28s %8s s %10s\n' "$title" "$best" "${kib:+$((kib / 1024)) MiB}"
}

for binary in "$build"/bench/*_bench; do
  [[ -x $binary ]] || continue
  if wanted "${binary##*/}"; then "$binary" "${arguments[@]}"; fi
done

# Only on request: it fits eleven networks on three machines.
if [[ $name == walks ]]; then exec bench/walks.py "$program" "${arguments[@]}"; fi
# Fourteen networks, ten minutes.
if [[ $name == waits ]]; then exec bench/waits.py "$program" "${arguments[@]}"; fi

# Fifteen runs of each network on three machines: hours, unless networks or cores are named.
if [[ $name == better_machines ]]; then exec bench/better_machines.py "$program" "${arguments[@]}"; fi

# Models of today: a few minutes.
if [[ $name == models ]]; then exec bench/models.sh "$program"; fi

printf '%-28s %10s %10s\n' 'command (best of 3)' time 'peak RSS'
for cores in 1 4 16; do
  command_bench "simulate.resnet50.$cores" simulate workloads/resnet50.yaml --cores "$cores"
done
command_bench compare.resnet50 compare workloads/resnet50.yaml
