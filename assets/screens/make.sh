#!/bin/sh
# Makes the pictures of the README from recorded runs that ship:
#     cargo build --release && assets/screens/make.sh
set -e
cd "$(dirname "$0")/../.."
picture() {
    name=$1
    shift
    "${LASERSCOPE:-target/release/laserscope}" picture assets/traces/demo.jsonl --theme dark \
        --out "assets/screens/$name.svg" "$@"
}
picture decode --step 14
picture catalog --keys "1"
picture learn --keys "6 down"
picture lesson --keys "6 down down down enter ]"
