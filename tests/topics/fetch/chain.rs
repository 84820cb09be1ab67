//! Paths, caches, and falling back from one source to the next.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use laserscope::model::fetch::{self, FetchOptions, resolve_entry};
use laserscope::protocol::FetchEvent;

use super::bench::{Bench, SECONDS, body, good, known, nobody};
use super::fake_hub::FakeHub;

#[test]
fn no_listener_falls_on_quickly_and_every_source_is_named() {
    let mut bench = Bench::new(&nobody());
    let started = Instant::now();
    let message = bench.fetch_error(&known());
    assert!(started.elapsed() < SECONDS);
    for part in [
        "cache: ",
        "hub (http://127.0.0.1",
        "Python package: there is none",
        "HF_ENDPOINT",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let skipped = |event: &&FetchEvent| matches!(event, FetchEvent::Skipped { .. });
    assert_eq!(bench.events.iter().filter(skipped).count(), 2);
}

#[test]
fn offline_asks_nobody() {
    let hub = FakeHub::start(good());
    let mut bench = Bench::new(&hub.endpoint);
    bench.env.hub_offline = true;
    assert!(bench.fetch_error(&known()).contains("HF_HUB_OFFLINE"));
    bench.env.hub_offline = false;
    let opts = FetchOptions {
        cancel: &AtomicBool::new(false),
        confirm_large: &|_| true,
        offline: true,
    };
    let err = resolve_entry(&bench.env, &known(), &opts, &mut |_| {}).unwrap_err();
    assert!(err.to_string().contains("skipped: offline"), "{err}");
    assert!(hub.requests().is_empty());
}

#[test]
fn a_cached_file_of_the_wrong_size_is_fetched_again() {
    let hub = FakeHub::start(good());
    let mut bench = Bench::new(&hub.endpoint);
    let own = bench.env.own_cache.join("tiny/tiny.gguf");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, "half").unwrap();
    let path = bench.fetch(&known()).unwrap();
    assert_eq!(fs::read(path).unwrap(), body());

    let mut bench = Bench::new(&nobody());
    fs::create_dir_all(own_folder(&bench)).unwrap();
    fs::write(own_folder(&bench).join("tiny.gguf"), "half").unwrap();
    let message = bench.fetch_error(&known());
    assert!(
        message.contains("has 4 bytes, expected 800000"),
        "{message}"
    );
}

fn own_folder(bench: &Bench) -> PathBuf {
    bench.env.own_cache.join("tiny")
}

#[test]
fn the_cache_of_pythons_library_is_used() {
    let mut entry = known();
    entry.revision = "0123abcd";
    let mut bench = Bench::new(&nobody());
    // That library writes no ref where a commit is asked for.
    let snapshot = "models--someone--tiny-GGUF/snapshots/0123abcd";
    let snapshot = bench.env.hub_cache.join(snapshot);
    fs::create_dir_all(&snapshot).unwrap();
    fs::write(snapshot.join("tiny.gguf"), body()).unwrap();
    assert_eq!(bench.fetch(&entry).unwrap(), snapshot.join("tiny.gguf"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let hub = FakeHub::start(good());
    let mut bench = Bench::new(&hub.endpoint);
    fs::write(bench.dir.path().join("hf"), "in the way").unwrap();
    let message = bench.fetch_error(&known());
    assert!(
        message.contains("blobs") && message.contains("HF_HOME"),
        "{message}"
    );
    bench.env.own_cache = bench.dir.path().join("hf/own");
    assert!(bench.fetch(&known()).is_err());
}

#[test]
fn paths_and_names() {
    let mut bench = Bench::new(&nobody());
    let file = bench.dir.path().join("mine.gguf");
    fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(fetch::cached_in(&bench.env, file), Some(file.into()));
    assert_eq!(fetch::cached_in(&bench.env, "smollm2-135m"), None);
    let cancel = AtomicBool::new(false);
    let opts = FetchOptions {
        cancel: &cancel,
        confirm_large: &|_| false,
        offline: true,
    };
    let mut resolve = |name: &str| {
        let path = fetch::resolve_in(&bench.env, name, &opts, &mut |e| bench.events.push(e));
        path.map_err(|err| err.to_string())
    };
    assert_eq!(resolve(file), Ok(file.into()));
    assert!(
        resolve("no/such.gguf")
            .unwrap_err()
            .contains("no/such.gguf")
    );
    assert!(resolve(".").unwrap_err().contains("is a folder"));
    let unknown_name = resolve("gpt-5").unwrap_err();
    assert!(unknown_name.contains("smollm2-135m, "), "{unknown_name}");
    let listed = fetch::list(&bench.env);
    assert!(listed.iter().all(|(_, path)| path.is_none()));
}
