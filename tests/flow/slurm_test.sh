#!/usr/bin/env bash
# slurm_test.sh <unnasim>: a sweep of 60 points on a Slurm of its own, of one node on the loopback, with a key
# of its own. A task is killed in the middle; what was finished is kept, the rest is resumed, and the
# table is that of a local sweep, byte by byte. Exit code 77, which skips the test, where Slurm is
# not installed or can't be started.
set -euo pipefail

unnasim=$1
export PATH=$PATH:/usr/sbin:/sbin
skip() {
  echo "skipped: $*"
  exit 77
}
for tool in slurmctld slurmd munged sbatch squeue sqlite3; do
  command -v "$tool" >/dev/null || skip "$tool is not installed (apt install slurm-wlm munge sqlite3)"
done

scratch=$(mktemp -d)
me=$(id -un)
host=$(hostname -s)
export SLURM_CONF=$scratch/slurm.conf
stop() {
  local pid file
  scancel --user="$me" 2>/dev/null || true
  for file in "$scratch"/*.pid; do
    pid=$(cat "$file" 2>/dev/null) && kill "$pid" 2>/dev/null && tail --pid="$pid" -f /dev/null
  done
  rm -rf "$scratch"
}
trap stop EXIT
fail() {
  echo "FAILED: $*"
  tail -n 20 "$scratch"/log/* 2>/dev/null || true
  exit 1
}
# until <seconds> <command...>: waits until the command succeeds.
until_good() {
  local left=$(($1 * 5))
  shift
  until "$@" >/dev/null 2>&1; do
    ((left-- > 0)) || return 1
    sleep 0.2
  done
}

chmod 711 "$scratch"
mkdir -p "$scratch"/{state,spool,log,munge,work}
dd if=/dev/urandom of="$scratch/key" bs=1024 count=1 status=none
chmod 600 "$scratch/key"
munged --force --key-file="$scratch/key" --socket="$scratch/munge/socket" \
  --pid-file="$scratch/munged.pid" --log-file="$scratch/log/munged" \
  --seed-file="$scratch/munge/seed" 2>/dev/null || skip "munged can't be started"
port=$((20000 + $$ % 20000))
cat >"$SLURM_CONF" <<END
ClusterName=unnasim
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$me
SlurmdUser=$me
AuthType=auth/munge
AuthInfo=socket=$scratch/munge/socket
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldLogFile=$scratch/log/slurmctld
SlurmdLogFile=$scratch/log/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,sched_min_interval=100000,batch_sched_delay=0
MinJobAge=3600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
slurmctld -f "$SLURM_CONF" 2>/dev/null || skip "slurmctld can't be started"
slurmd -f "$SLURM_CONF" 2>/dev/null || skip "slurmd can't be started"
idle() { sinfo --noheader --format=%t | grep -q idle; }
until_good 30 idle || skip "no node of Slurm becomes ready: $(tail -n 2 "$scratch"/log/slurm*)"

cd "$scratch/work"
# Points that take a while, so that a task can be killed between two of them.
cat >tiny.yaml <<END
name: tiny
inputs: {x: [1, 16, 96, 96]}
ops:
  - {op: conv, name: a, channels: 32, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: b, channels: 32, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: c, channels: 32, kernel: 3, pad: 1, act: relu}
  - {op: conv, name: d, channels: 8, kernel: 1}
END
cat >sweep.yaml <<END
sweep: s
axes:
  network: [tiny.yaml]
  cores: [1, 2, 4]
  planner: [naive, auto]
  machine.dram.capacity_bytes: [800000, 10000000]
  machine.core.queue_depth: [2, 3, 4, 5, 6]
END
"$unnasim" sweep sweep.yaml -o local >/dev/null 2>&1
[[ $(wc -l <local/sweep.csv) == 61 ]] || fail "no 60 points"

# Shares of 10 points each.
"$unnasim" sweep sweep.yaml -o cluster --slurm --tasks 6 --sbatch "--time=10 --comment=test" >submitted ||
  fail "--slurm: $(cat submitted)"
cat submitted
grep -q '^60 points in 6 tasks: jobs' submitted || fail "another text: $(cat submitted)"
array=$(head -n 1 cluster/slurm/jobs)
merge=$(tail -n 1 cluster/slurm/jobs)
"$unnasim" sweep sweep.yaml -o cluster >second 2>&1 && fail "a second sweep beside the jobs"
grep -q "jobs $array and $merge" second || fail "another message: $(cat second)"

# A task is killed once it has finished a point: its batch script, and what runs in it.
victim=""
for _ in $(seq 300); do
  for store in cluster/shares/*.db; do
    [[ -f $store ]] || continue
    number=$(basename "$store" | cut -d- -f1)
    done_points=$(sqlite3 -cmd ".timeout 10000" "$store" 'SELECT count(*) FROM results' 2>/dev/null || echo 0)
    if ((done_points >= 1 && done_points < 10)); then
      scancel --signal=KILL --full "${array}_$number" 2>/dev/null && victim=$number && break 2
    fi
  done
  sleep 0.02
done
[[ -n $victim ]] || fail "no task could be killed in the middle"
kept=$(sqlite3 -cmd ".timeout 10000" "cluster/shares/$victim-of-6.db" 'SELECT count(*) FROM results')
"$unnasim" sweep sweep.yaml -o cluster --status >status || fail "--status while tasks run"
cat status
grep -q '^s: 60 points' status || fail "another status: $(cat status)"
"$unnasim" sweep sweep.yaml -o cluster --resume >meanwhile || fail "--resume while tasks run"

ended() { [[ -z $(squeue --noheader --jobs="$array,$merge") ]]; }
until_good 240 ended || fail "the jobs do not end"
until_good 30 test -s cluster/slurm/merge.log || fail "no merge"
cat cluster/slurm/merge.log
after=$(sqlite3 -cmd ".timeout 10000" "cluster/shares/$victim-of-6.db" 'SELECT count(*) FROM results')
echo "task $victim was killed after $kept points and has $after of 10"
merged=$(sqlite3 -cmd ".timeout 10000" cluster/sweep.db 'SELECT count(status) FROM sweep')
((after < 10)) || fail "the killed task finished all the same"
((merged == 50 + after)) || fail "$merged of $((50 + after)) finished points were merged"

"$unnasim" sweep sweep.yaml -o cluster --resume --slurm --tasks 6 >resumed ||
  fail "--resume --slurm: $(cat resumed)"
cat resumed
grep -q "^$((10 - after)) points\? in 1 task" resumed || fail "another share: $(cat resumed)"
array=$(head -n 1 cluster/slurm/jobs)
merge=$(tail -n 1 cluster/slurm/jobs)
until_good 240 ended || fail "the resumed jobs do not end"
until_good 30 cmp -s local/sweep.csv cluster/sweep.csv || fail "another table than the local sweep's"
"$unnasim" sweep sweep.yaml -o cluster --status | tee status
"$unnasim" sweep sweep.yaml -o local --status | cmp - status || fail "another status"
