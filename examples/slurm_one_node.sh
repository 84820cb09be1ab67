#!/usr/bin/env bash
# Knowledge for everyone on a cluster: starts a one-node Slurm of its own, runs a batch as
# an array of four shards, kills one in the middle and requeues it, merges the shards, and
# compares the texts with those of a batch that was never cut.
#
#   sudo apt-get install slurm-wlm munge iproute2
#   cargo build --release && sudo examples/slurm_one_node.sh
#
# The cluster lives in a network namespace and a temporary directory, and is gone afterwards.
# LASERSCOPE names another binary, LIMIT how many subjects of each group (4).
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
laserscope=$(realpath "${LASERSCOPE:-$here/target/release/laserscope}")
limit=${LIMIT:-4}
shards=4
[ "$(id -u)" = 0 ] || { echo "needs root: a network namespace and munged are started" >&2; exit 2; }
export PATH=$PATH:/usr/sbin:/sbin
for tool in slurmctld slurmd munged unshare ip; do
    command -v $tool >/dev/null || {
        echo "$tool is missing: apt-get install slurm-wlm munge iproute2" >&2
        exit 2
    }
done

# Everything below runs in a network namespace of its own, so that ports, addresses and a
# Slurm of this machine are left alone.
if [ -z "${INSIDE:-}" ]; then
    # Profile and model are there before the array starts: every shard drafts by one profile.
    "$laserscope" model fetch >/dev/null
    INSIDE=1 exec unshare --net -- "$0" "$@"
fi

work=$(mktemp -d)
stop() {
    scancel --quiet --user=root 2>/dev/null || true
    for daemon in slurmd slurmctld munged; do
        [ -s "$work/$daemon.pid" ] && kill "$(cat "$work/$daemon.pid")" 2>/dev/null || true
    done
    sleep 1
    rm -rf "$work"
}
trap stop EXIT
host=$(hostname -s)
ip link set lo up
ip address add 127.0.0.2/8 dev lo
mkdir -p "$work"/{state,spool,munge,out}

head -c 1024 /dev/urandom >"$work/munge/key"
chmod 700 "$work/munge"
chmod 400 "$work/munge/key"
munged --force --key-file="$work/munge/key" --socket="$work/munge/socket" \
    --pid-file="$work/munged.pid" --log-file="$work/munge/log" --seed-file="$work/munge/seed"

export SLURM_CONF=$work/slurm.conf
cat >"$SLURM_CONF" <<CONF
ClusterName=laserscope
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobRequeue=1
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.2 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF

slurmctld -c
slurmd -N "$host"
wait_for() { # SECONDS WHAT COMMAND...: until the command succeeds
    local left=$(($1 * 5)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { echo "gave up waiting for $what" >&2; tail -n 5 "$work"/*.log >&2; exit 1; }
        sleep 0.2
    done
}
is_idle() { sinfo --noheader --format=%T | grep -q idle; }
wait_for 60 "the node" is_idle
sinfo

# The batch: what every shard and the undivided run have in common.
batch=(generate --all items --half query --limit "$limit" --max-tokens 128 --verify strict
    --offline --cost "$work/profile.json")
"$laserscope" cost measure --threads 1 --json >"$work/profile.json"

cat >"$work/shard.sh" <<JOB
#!/bin/sh
#SBATCH --array=1-$shards --cpus-per-task=1 --requeue --output=$work/shard-%a.log --open-mode=append
exec "$laserscope" ${batch[*]} --threads 1 --shard "\$SLURM_ARRAY_TASK_ID/$shards" \\
    --out "$work/out/shard-\$SLURM_ARRAY_TASK_ID.jsonl"
JOB
job=$(sbatch --parsable "$work/shard.sh")
echo "array $job: $shards shards"

# One shard is killed as soon as it has an answer, and queued again: it resumes behind it.
has_an_answer() { [ -s "$work/out/shard-1.jsonl" ] || is_done; }
is_done() { [ -z "$(squeue --noheader --format=%i)" ]; }
wait_for 600 "shard 1's first answer" has_an_answer
[ -s "$work/out/shard-1.jsonl" ] || { cat "$work"/shard-*.log >&2; exit 1; }
scancel --signal=KILL --batch "${job}_1"
is_over() { ! squeue --noheader --states=RUNNING --format=%i | grep -q "^${job}_1$"; }
wait_for 60 "shard 1 to die" is_over
echo "shard 1 killed with $(wc -l <"$work/out/shard-1.jsonl") answer(s), queued again"
scontrol requeue "${job}_1"
wait_for 3600 "the array" is_done

"$laserscope" knowledge merge "$work"/out/shard-*.jsonl --out "$work/merged.jsonl"
"$laserscope" "${batch[@]}" --out "$work/whole.jsonl" >/dev/null 2>&1
texts() { python3 -c 'import json, sys
for line in open(sys.argv[1]):
    doc = json.loads(line)
    print(doc["kind"], doc["id"], repr(doc["text"]))' "$1"; }
if diff <(texts "$work/merged.jsonl") <(texts "$work/whole.jsonl"); then
    echo "$(wc -l <"$work/merged.jsonl") answers: those of $shards shards, one of them killed and" \
        "resumed, equal those of the undivided batch, letter for letter"
else
    echo "the shards' answers differ from those of the undivided batch" >&2
    exit 1
fi
