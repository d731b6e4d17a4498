#!/usr/bin/env bash
# Prints the table of docs/validation.md, "Bandwidth against banked", from the table of a sweep:
#   unnasim sweep configs/sweeps/calibration.yaml -o out/calibration
#   scripts/calibration-table.sh [directory of the run directories]
#   unnasim sweep configs/sweeps/calibration-fit.yaml -o out/calibration-fit
# where there is the second one, also the medians for every dram.gap_bytes.
# An error is cycles with `dram.model: bandwidth` over those with `banked`, less one; medians and
# worst are of the absolute values.
set -euo pipefail

table=${1:-out}/calibration/sweep.csv
if [[ ! -f $table ]]; then
  echo "calibration-table.sh: no $table, expected the table of configs/sweeps/calibration.yaml" >&2
  exit 2
fi
if cut -d, -f 1-6 "$table" | grep -q failed; then
  echo "calibration-table.sh: $table has points that failed" >&2
  exit 2
fi

# shellcheck disable=SC2016 # the dollars are awk's
awk -F, '
  function abs(x) {return x < 0 ? -x : x}
  function sort(a, n,   i, j, t) {
    for (i = 2; i <= n; ++i) {
      t = a[i]
      for (j = i - 1; j > 0 && a[j] > t; --j) a[j + 1] = a[j]
      a[j + 1] = t
    }
  }
  function median(a, n) {sort(a, n); return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2}
  # Medians of columns of cores, then of all; the same of the largest.
  function row(name, which,   k, i, n, m, all, some) {
    printf "| **%s** |", name
    for (k = 1; k <= columns; ++k) {
      delete some
      for (i = 1; i <= count[k]; ++i) {some[i] = errors[k, i]; all[++m] = errors[k, i]}
      n = count[k]
      sort(some, n)
      printf " | | **%.1f %%** |", 100 * (which == "median" ? median(some, n) : some[n])
    }
    sort(all, m)
    printf "\n"
    summary[which] = 100 * (which == "median" ? median(all, m) : all[m])
  }
  NR == 1 {for (i = 1; i <= NF; ++i) at[$i] = i; next}
  {
    name = $at["network"]; sub(".*/", "", name); sub(".yaml", "", name)
    cores = $at["cores"]
    if (!(name in seen)) {seen[name] = 1; names[++networks] = name}
    if (!(cores in column)) {column[cores] = ++columns; cores_of[columns] = cores}
    cycles[name, cores, $at["machine.dram.model"]] = $at["cycles"]
  }
  END {
    printf "| network |"
    for (k = 1; k <= columns; ++k)
      printf " %d core%s: bandwidth | banked | error |", cores_of[k], cores_of[k] == 1 ? "" : "s"
    printf "\n|---|"
    for (k = 1; k <= columns; ++k) printf "---|---|---|"
    printf "\n"
    for (i = 1; i <= networks; ++i) {
      printf "| `%s` |", names[i]
      for (k = 1; k <= columns; ++k) {
        fast = cycles[names[i], cores_of[k], "bandwidth"]
        exact = cycles[names[i], cores_of[k], "banked"]
        error = fast / exact - 1
        errors[k, ++count[k]] = abs(error)
        printf " %d | %d | %+.1f %% |", fast, exact, 100 * error
      }
      printf "\n"
    }
    row("median", "median")
    row("worst", "worst")
    printf "\nOver all %d runs: median %.1f %%, worst %.1f %%.\n", networks * columns,
      summary["median"], summary["worst"]
  }
' "$table"

fit=${1:-out}/calibration-fit/sweep.csv
[[ -f $fit ]] || exit 0
# shellcheck disable=SC2016 # the dollars are awk's
awk -F, '
  function abs(x) {return x < 0 ? -x : x}
  function median(a, n,   i, j, t) {
    for (i = 2; i <= n; ++i) {
      t = a[i]
      for (j = i - 1; j > 0 && a[j] > t; --j) a[j + 1] = a[j]
      a[j + 1] = t
    }
    return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
  }
  FNR == 1 {delete at; for (i = 1; i <= NF; ++i) at[$i] = i; next}
  {network = $at["network"]; cores = $at["cores"]}
  NR == FNR {if ($at["machine.dram.model"] == "banked") exact[network, cores] = $at["cycles"]; next}
  {
    gap = $at["machine.dram.gap_bytes"]
    if (!(gap in seen)) {seen[gap] = 1; gaps[++rows] = gap}
    if (!(cores in column)) {column[cores] = ++columns; cores_of[columns] = cores}
    errors[gap, cores, ++count[gap, cores]] = abs($at["cycles"] / exact[network, cores] - 1)
  }
  END {
    printf "\n| `dram.gap_bytes` |"
    for (k = 1; k <= columns; ++k) printf " %d core%s |", cores_of[k], cores_of[k] == 1 ? "" : "s"
    printf "\n|---|"
    for (k = 1; k <= columns; ++k) printf "---|"
    printf "\n"
    for (r = 1; r <= rows; ++r) {
      printf "| %d |", gaps[r]
      for (k = 1; k <= columns; ++k) {
        n = count[gaps[r], cores_of[k]]
        delete some
        for (i = 1; i <= n; ++i) some[i] = errors[gaps[r], cores_of[k], i]
        printf " %.1f %% |", 100 * median(some, n)
      }
      printf "\n"
    }
  }
' "${1:-out}/calibration/sweep.csv" "$fit"
