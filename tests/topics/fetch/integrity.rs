//! A fetched file that is no longer what was fetched.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use laserscope::model::fetch::{self, FetchOptions, expectation};
use laserscope::model::hashes::HashMemory;
use laserscope::model::registry::ModelEntry;
use laserscope::protocol::FetchEvent;

use super::super::gguf_file::RawFile;
use super::super::tiny;
use super::bench::{Bench, body, good, known, nobody, sha256, unknown};
use super::fake_hub::{FakeHub, Script};

/// Other bytes at the same length, and so another modification time.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[1000..1040].fill(0xff);
    fs::write(path, bytes).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(later).unwrap();
}

fn hashed(events: &[FetchEvent]) -> usize {
    let whole =
        |e: &&FetchEvent| matches!(e, FetchEvent::Hashing { done, total, .. } if done == total);
    events.iter().filter(whole).count()
}

fn resolve(bench: &mut Bench, name: &str) -> Result<PathBuf, String> {
    let opts = FetchOptions {
        cancel: &AtomicBool::new(false),
        confirm_large: &|_| true,
        offline: false,
    };
    let events = &mut bench.events;
    let resolved = fetch::resolve_in(&bench.env, name, &opts, &mut |e| events.push(e));
    resolved.map_err(|err| format!("{err:#}"))
}

#[test]
fn a_damaged_file_is_fetched_again_and_never_used() {
    let hub = FakeHub::start(good());
    // One whose hash the registry knows, one whose hash the hub names.
    for entry in [known(), unknown()] {
        let mut bench = Bench::new(&hub.endpoint);
        let path = bench.fetch(&entry).unwrap();
        let n_requests = hub.requests().len();
        assert_eq!(bench.fetch(&entry).unwrap(), path);
        assert_eq!(hashed(&bench.events), 0, "remembered from the fetch");
        assert_eq!(hub.requests().len(), n_requests);
        damage(&path);
        assert_eq!(bench.fetch(&entry).unwrap(), path);
        assert_eq!(hashed(&bench.events), 1);
        assert_eq!(fs::read(&path).unwrap(), body());
        assert!(hub.requests().len() > n_requests);

        damage(&path);
        bench.env.endpoint = nobody();
        let message = bench.fetch_error(&entry);
        assert!(message.contains("its sha256 is"), "{message}");
        assert!(message.contains(&sha256(&body())), "{message}");
    }
}

#[test]
fn a_file_that_others_fetched_is_hashed_once() {
    let mut bench = Bench::new(&nobody());
    let own = bench.env.own_cache.join("tiny/tiny.gguf");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, body()).unwrap();
    for n in [1, 1] {
        assert_eq!(bench.fetch(&known()).unwrap(), own);
        assert_eq!(hashed(&bench.events), n);
    }
    // Its own memory says no more than that it is known.
    assert_eq!(
        HashMemory::of(&bench.env).remembered(&own),
        Some(sha256(&body()))
    );
}

#[test]
fn a_damaged_file_is_refused_under_its_path_too() {
    let hub = FakeHub::start(good());
    let mut bench = Bench::new(&hub.endpoint);
    let path = bench.fetch(&unknown()).unwrap();
    let named = path.to_str().unwrap().to_owned();
    assert_eq!(resolve(&mut bench, &named).unwrap(), path);
    damage(&path);
    let message = resolve(&mut bench, &named).unwrap_err();
    assert!(
        message.contains("its sha256 is") && message.contains("fetch it again"),
        "{message}"
    );
    // A copy belongs to its owner: it has no expected hash.
    let copy = bench.dir.path().join("copy.gguf");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(resolve(&mut bench, copy.to_str().unwrap()).unwrap(), copy);
    assert_eq!(expectation(&bench.env, &copy), None);
}

#[test]
fn hashing_can_be_cancelled() {
    let mut bench = Bench::new(&nobody());
    let own = bench.env.own_cache.join("tiny/tiny.gguf");
    fs::create_dir_all(own.parent().unwrap()).unwrap();
    fs::write(&own, body()).unwrap();
    let cancelled = bench.fetch_until(&known(), &AtomicBool::new(true), &|_| true);
    assert!(cancelled.unwrap_err().is::<fetch::Cancelled>());
}

/// A hub with a model in three parts.
fn split_hub() -> FakeHub {
    let folder = tempfile::tempdir().unwrap();
    let dtype = candle_core::quantized::GgmlDType::Q8_0;
    let file = RawFile::read(&tiny::write_model(folder.path(), dtype, true));
    let parts = file.write_parts(folder.path(), 3);
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    };
    FakeHub::start(Script {
        files: parts.iter().map(named).collect(),
        ..Script::default()
    })
}

#[test]
fn all_parts_of_a_split_model_come_by_naming_any() {
    let hub = split_hub();
    for number in 1..=3 {
        let name = format!("someone/tiny-GGUF/tiny-0000{number}-of-00003.gguf");
        let mut bench = Bench::new(&hub.endpoint);
        let path = resolve(&mut bench, &name).unwrap();
        assert!(path.ends_with(format!("tiny-0000{number}-of-00003.gguf")));
        let opened = laserscope::model::gguf::Gguf::open(&path).unwrap();
        assert_eq!(opened.files().len(), 3);
        assert_eq!(fetch::cached_in(&bench.env, &name), Some(path.clone()));
        let n_requests = hub.requests().len();
        assert_eq!(resolve(&mut bench, &name).unwrap(), path);
        assert_eq!(hub.requests().len(), n_requests);
        // Any part that is damaged is fetched again.
        let other = path.with_file_name("tiny-00002-of-00003.gguf");
        let whole = fs::read(&other).unwrap();
        damage(&other);
        resolve(&mut bench, &name).unwrap();
        assert_eq!(fs::read(&other).unwrap(), whole);
        fs::remove_file(other).unwrap();
        assert_eq!(fetch::cached_in(&bench.env, &name), None);
    }
}

fn declined(entry: &ModelEntry, hub: &FakeHub) -> (Vec<u64>, bool) {
    let asked = std::sync::Mutex::new(Vec::new());
    let mut bench = Bench::new(&hub.endpoint);
    let confirm = |bytes| {
        asked.lock().unwrap().push(bytes);
        false
    };
    let fetched = bench.fetch_until(entry, &AtomicBool::new(false), &confirm);
    let declined = fetched.is_err_and(|err| err.is::<fetch::Declined>());
    (asked.into_inner().unwrap(), declined)
}

#[test]
fn large_parts_are_asked_for_once_with_their_sum() {
    let hub = FakeHub::start(Script {
        announced: Some(3_000_000_000),
        ..good()
    });
    let mut entry = unknown();
    entry.file = "big-00001-of-00004.gguf";
    assert_eq!(declined(&entry, &hub), (vec![12_000_000_000], true));
}
