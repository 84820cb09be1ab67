//! The default model's file, through the program's own fetch code. Fails with one clear
//! line if it is not available.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use candle_core::quantized::gguf_file::Content;
use laserscope::model::fetch::{self, FetchOptions};
use laserscope::model::registry;

/// Fetched once for all tests.
pub fn path() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(fetch_default).clone()
}

/// The file's metadata.
pub fn content() -> Content {
    let file = std::fs::File::open(path()).unwrap();
    Content::read(&mut std::io::BufReader::new(file)).unwrap()
}

fn fetch_default() -> PathBuf {
    let opts = FetchOptions {
        cancel: &AtomicBool::new(false),
        confirm_large: &|_| false,
        offline: false,
    };
    match fetch::resolve(registry::DEFAULT, &opts, &mut |_| {}) {
        Ok(path) => path,
        Err(err) => panic!("this test needs the real model: {err:#}"),
    }
}
