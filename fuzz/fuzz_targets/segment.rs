//! The loader of pool segments and every query behind it, on arbitrary bytes. Checksums
//! are recomputed first, so that the bytes get past them.
//!
//! `cargo +nightly fuzz run segment` (cargo-fuzz). For a good start, put
//! segments of a small pool into `fuzz/corpus/segment/`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    laserscope::retrieval::probe_segment(bytes);
});
