#!/bin/sh
# Records the runs of the lessons with the real model, on a quiet machine:
#     cargo build --release && assets/traces/record.sh [NAME..]
# Budgets are fixed, so what is drafted and committed does not depend on timing;
# the milliseconds do: of TRIES recordings the quickest is kept. The cost profile is
# the one kept for this machine: it must fit the recordings, so on a machine that was
# slower or faster then, `laserscope cost measure` comes first.
set -e
cd "$(dirname "$0")/../.."
PROGRAM=${LASERSCOPE:-target/release/laserscope}
TRACES=assets/traces
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

# A pool as large as a group's, drawn across the groups: every sixth document.
awk 'NR % 6 == 0' sample-data/knowledge/items.jsonl > "$SCRATCH/mixed.jsonl"

decode_ms() {
    tail -n 1 "$1" | sed 's/.*"decode_ms":\([0-9]*\).*/\1/'
}
record() {
    name=$1
    shift
    case " $WANTED " in *" $name "* | "  ") ;; *) return 0 ;; esac
    best=
    for try in $(seq "${TRIES:-5}"); do
        "$PROGRAM" generate "$@" --trace "$SCRATCH/$name.$try" > /dev/null
        if [ -z "$best" ] || [ "$(decode_ms "$SCRATCH/$name.$try")" -lt "$(decode_ms "$best")" ]; then
            best=$SCRATCH/$name.$try
        fi
    done
    # Without the folder of this recording.
    sed "1s#\"$SCRATCH/#\"#" "$best" > "$TRACES/$name.jsonl"
}
WANTED=$*
# Keys and values as f32: the lessons were written about these texts.
FILM="--item i220 --max-tokens 80 --kv f32"
# The last step of the run from all pools commits drafts: the lesson looks for one that
# commits none.
POOLED="--item i220 --max-tokens 78 --kv f32 --verify strict --budget 8"
SAMPLED="--item i220 --max-tokens 60 --kv f32 --temperature 0.7 --seed 4"
POEM="Write a short poem about the sea at night."
record demo           --item i128 --budget 16 --kv f32
record autoregressive $FILM --verify autoregressive
record strict         $FILM --verify strict --budget 12
record relaxed        $FILM --verify relaxed --budget 12
record group-pool     $POOLED --sources group
record mixed-pool     $POOLED --sources global --knowledge "$SCRATCH/mixed.jsonl"
record global-pool    $POOLED --sources global
record drafter-laser  $FILM --verify strict --budget 12 --drafter laser
record drafter-chain  $FILM --verify strict --budget 12 --drafter chain
record drafter-ngram  $FILM --verify strict --budget 12 --drafter ngram
record sampled-plain  $SAMPLED --verify autoregressive
record sampled-strict $SAMPLED --verify strict --budget 8
record poem-plain     --prompt "$POEM" --kv f32 --verify autoregressive --max-tokens 23
record poem-64-rows   --prompt "$POEM" --kv f32 --verify strict --budget 64 --max-tokens 23

# Six subjects, four at a time: of the recordings the one whose passes took the least time.
case " $WANTED " in
*" batch "* | "  ")
    best=
    for try in $(seq "${TRIES:-5}"); do
        folder=$SCRATCH/batch.$try
        "$PROGRAM" generate --all items --half query --limit 1 --batch 4 --max-tokens 20 \
            --verify strict --kv f32 --fixed-pools --reference-every 0 --traces "$folder" \
            --out "$SCRATCH/batch.$try.jsonl" > /dev/null
        took=$(cat "$folder"/item-*.jsonl | sed -n 's/.*"decode_ms":\([0-9]*\).*/\1/p' |
            awk '{ sum += $1 } END { print sum }')
        if [ -z "$best" ] || [ "$took" -lt "$least" ]; then
            best=$folder least=$took
        fi
    done
    mkdir -p "$TRACES/batch"
    cp "$best"/*.jsonl "$TRACES/batch/"
    ;;
esac
