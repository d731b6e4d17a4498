#!/usr/bin/env bash
# bench/models.sh <unnasim>: CPU time of whole commands on models of today, each planned and
# validated; of a chain, which shows what grows with a network's length, and of a decoder.
set -euo pipefail

program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cat >"$scratch/chain.yaml" <<'CHAIN'
name: chain
inputs: {x: [1, 8, 8, 8]}
ops:
  - repeat: {i: 12000}
    ops: [{op: conv, name: conv$(i), channels: 8, kernel: 1}]
CHAIN

# measure <name> <arguments of unnasim>
measure() {
  local title=$1 seconds
  shift
  TIMEFORMAT='%U %S'
  seconds=$({ time "$program" "$@" >"$scratch/out"; } 2>&1)
  printf '%-42s %8.1f s\n' "$title" "$(awk '{print $1 + $2}' <<<"$seconds")"
}

printf '%-42s %10s\n' model 'CPU time'
measure 'ViT-B/16, 4 cores' simulate vit_b_16 --cores 4 -o "$scratch/run" --quiet
measure 'BERT-base, 4 cores' simulate bert_base --cores 4 -o "$scratch/run" --quiet
measure '12,000 convolutions, 4 cores' simulate "$scratch/chain.yaml" --cores 4 -o "$scratch/run" --quiet
measure 'Llama-3-8B, 2 of 32 layers, 16 cores' simulate llama3_8b --dim layers=2 --cores 16 -o "$scratch/run" --quiet
measure 'Llama-3-8B, equal blocks once, 16 cores' simulate llama3_8b --cores 16 --equal-blocks once \
  --set dram.rows=65536 --set dram.capacity_bytes=16GiB -o "$scratch/run" --quiet
measure 'GPT-2, 100 + 16 tokens, 4 cores' generate gpt2_cached --prompt 100 --tokens 16 --cores 4 --quiet
