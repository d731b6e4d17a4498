#!/usr/bin/env bash
# bench/usage_records.sh FILE...: usage records (name, bytes, bytes_aligned64, first_op, last_op,
# shape) as files that `unnasim plan` reads, with the same names in out/usage_records.
set -euo pipefail

mkdir -p out/usage_records
for file in "$@"; do
  awk -F, 'NR == 1 { print "id,size,lower,end"; next }
           { print NR - 2 "," $3 "," $4 "," $5 }' "$file" >"out/usage_records/${file##*/}"
done
