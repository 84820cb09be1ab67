#!/bin/sh
# Records the runs of the lessons with the real model, on a quiet machine:
#     cargo build --release && assets/traces/record.sh
# Budgets are fixed, so what is drafted and committed does not depend on timing;
# the milliseconds and the cost tables do.
set -e
cd "$(dirname "$0")/../.."
record() {
    name=$1
    shift
    rm -f "assets/traces/$name.jsonl"
    "${LASERSCOPE:-target/release/laserscope}" generate "$@" --trace "assets/traces/$name.jsonl" >/dev/null
}
POEM="Write a short poem about the sea at night."
record demo           --item i128 --budget 16
record autoregressive --item i101 --verify autoregressive --max-tokens 80
record strict         --item i101 --verify strict --budget 12 --max-tokens 80
record relaxed        --item i101 --verify relaxed --budget 12 --max-tokens 80
record group-pool     --item i101 --verify strict --budget 8 --sources group --max-tokens 80
record global-pool    --item i101 --verify strict --budget 8 --sources global --max-tokens 80
record poem-plain     --prompt "$POEM" --verify autoregressive --max-tokens 24
record poem-64-rows   --prompt "$POEM" --verify strict --budget 64 --max-tokens 24
