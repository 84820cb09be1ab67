#!/bin/sh
# Makes the pictures of the README from recorded runs that ship:
#     cargo build --release && assets/screens/make.sh
set -e
cd "$(dirname "$0")/../../assets/traces"
picture() {
    name=$1
    shift
    "${LASERSCOPE:-../../target/release/laserscope}" picture --theme dark \
        --out "../screens/$name.svg" "$@"
}
picture decode demo.jsonl --step 14
picture compare relaxed.jsonl autoregressive.jsonl strict.jsonl --keys "4"
picture catalog demo.jsonl --keys "1"
picture learn demo.jsonl --keys "6 down"
picture lesson demo.jsonl --keys "6 down down down enter ]"
picture pass demo.jsonl --step 14 --keys "i"
picture presenter strict.jsonl --keys "L 6 enter D D"
picture batch batch --step 16
