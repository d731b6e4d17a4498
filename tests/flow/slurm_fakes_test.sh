#!/usr/bin/env bash
# slurm_fakes_test.sh <unnasim>: what a sweep asks of sbatch and squeue, and what it makes of their
# answers, with programs of these names that this test writes. slurm_test.sh has a real Slurm.
set -euo pipefail

unnasim=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
  echo "FAILED: $*"
  exit 1
}
# refused <pattern> <option...>: exit code 2 and one line that has the pattern.
refused() {
  local pattern=$1 code=0
  shift
  "$unnasim" sweep sweep.yaml -o run "$@" >text 2>&1 || code=$?
  ((code == 2)) || fail "$*: exit code $code: $(cat text)"
  [[ $(wc -l <text) == 1 ]] || fail "$*: more than a line: $(cat text)"
  grep -qF -- "$pattern" text || fail "$*: another message: $(cat text)"
}

mkdir "$scratch/bin" "$scratch/100%a"
cd "$scratch/100%a"
export PATH=$scratch/bin:$PATH
cat >"$scratch/bin/sbatch" <<END
#!/bin/sh
echo "sbatch: warning: 77 is no number of a job" >&2
for word in "\$@"; do echo "\$word"; done >>"$scratch/asked"
echo >>"$scratch/asked"
echo 12
END
squeue() {
  printf '#!/bin/sh\n%s\n' "$1" >"$scratch/bin/squeue"
  chmod +x "$scratch/bin/squeue"
}
chmod +x "$scratch/bin/sbatch"
cat >sweep.yaml <<END
sweep: s
axes:
  network: [tiny.yaml]
  cores: [1, 2]
END
cat >tiny.yaml <<END
name: tiny
inputs: {x: [1, 16, 8, 8]}
ops:
  - {op: conv, name: a, channels: 8, kernel: 1}
END

# One mode at a time.
for pair in "--share 1/2 --slurm" "--share 1/2 --merge" "--merge --slurm" "--list --status"; do
  read -ra words <<<"$pair"
  refused "expected one of --list, --status, --share, --merge, --slurm" "${words[@]}"
done
refused "--strict: takes no effect with --share" --share 1/2 --strict
refused "expected no option of arrays" --slurm --sbatch --array=1-3

# Both jobs get the options; a % of the path is none of a pattern.
"$unnasim" sweep sweep.yaml -o run --slurm --sbatch "--account=me --job-name=mine" >/dev/null
[[ $(grep -c '^--account=me$' "$scratch/asked") == 2 ]] || fail "not both jobs have the account"
[[ $(grep -c '^--output=.*/100%%a/run/slurm/' "$scratch/asked") == 2 ]] || fail "a pattern in the path"
grep -v '^--wrap' "$scratch/asked" | tail -n 4 | grep -q '^--job-name=s-merge$' ||
  fail "the merging job has another name"

squeue 'echo "squeue: warning: old" >&2; echo RUNNING'
"$unnasim" sweep sweep.yaml -o run --resume >text
grep -q '^jobs 12 and 12: 1 running; nothing' text || fail "another state: $(cat text)"
squeue 'echo "squeue: error: cannot connect" >&2; exit 1'
refused "expected squeue; remove run/slurm/jobs if they have ended" --resume
refused "expected squeue; remove run/slurm/jobs if they have ended"
"$unnasim" sweep sweep.yaml -o run --status | grep -q "Slurm can't be asked here" || fail "--status"
squeue 'echo "squeue: warning: old" >&2'
"$unnasim" sweep sweep.yaml -o run --resume >/dev/null || fail "--resume after the jobs ended"
[[ -f run/sweep.csv ]] || fail "no table"
