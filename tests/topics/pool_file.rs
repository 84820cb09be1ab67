//! Pools on disk: what is written is found again, atomically, and damage is refused or
//! harmless.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use laserscope::retrieval::{
    Calibration, Cancelled, Changed, Check, Local, PoolDoc, PoolStore, PoolUpdate, Pools,
    TokenizerHash, Work, probe_segment, retrieve,
};
use laserscope::speculate::params::{Budget, Params};
use laserscope::speculate::subject::DocId;
use tempfile::TempDir;

use super::tiny;

fn hash() -> TokenizerHash {
    TokenizerHash::from_hex(&"5a".repeat(32)).unwrap()
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 20) % below as u64) as usize
    }
}

fn documents(n: usize, seed: u64) -> Vec<PoolDoc> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    (0..n)
        .map(|i| PoolDoc {
            id: format!("d{i}").into(),
            title: format!("Document {i}"),
            group: format!("g{}", dice.roll(3)).into(),
            tokens: (0..10 + dice.roll(40))
                .map(|_| dice.roll(6) as u32)
                .collect(),
        })
        .collect()
}

fn go_on(_: &Work) -> bool {
    true
}

/// Builds with segments of at most this many tokens.
fn build(path: &Path, docs: &[PoolDoc], segment_tokens: usize) -> Changed {
    let mut progress = go_on;
    let mut update = PoolUpdate::build(path, &hash(), "tiny", None, &mut progress).unwrap();
    update.shrink_segments(segment_tokens, segment_tokens);
    docs.iter().for_each(|doc| update.push(doc).unwrap());
    update.commit().unwrap()
}

fn change(path: &Path, with: impl FnOnce(&mut PoolUpdate)) -> Changed {
    let mut progress = go_on;
    let mut update = PoolUpdate::change(path, Some(&hash()), &mut progress).unwrap();
    with(&mut update);
    update.commit().unwrap()
}

fn open(path: &Path) -> PoolStore {
    PoolStore::open(path, Some(&hash()), Check::Whole).unwrap()
}

fn refusal(path: &Path) -> String {
    let error = PoolStore::open(path, Some(&hash()), Check::Whole).unwrap_err();
    format!("{error:#}")
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.pool");
    (folder, path)
}

/// Every file of a pool but the lock, by name.
fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(path).unwrap().map(Result::unwrap);
    let named = entries.map(|e| (e.file_name().into_string().unwrap(), e.path()));
    let named = named.filter(|(name, _)| name != "lock");
    named
        .map(|(name, path)| (name, std::fs::read(path).unwrap()))
        .collect()
}

/// The ids of all documents, by searching for every token there is.
fn ids(pools: &Pools) -> Vec<String> {
    let bytes_of = |token: u32| [&b"a"[..], b"b", b"c", b"d", b"e", b"f"][token as usize];
    let mut ids: Vec<String> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .flat_map(|text| pools.find_text(text, &bytes_of))
        .flat_map(|hits| hits.documents.into_iter().map(|d| d.id.to_string()))
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

fn contexts() -> Vec<Local> {
    let mut dice = Dice(99);
    let mut context = || (0..8).map(|_| dice.roll(6) as u32).collect::<Vec<_>>();
    (0..60).map(|_| Local::new(&context(), 8)).collect()
}

#[test]
fn what_was_saved_answers_like_what_was_built() {
    let docs = documents(80, 1);
    let (_folder, path) = folder();
    assert_eq!(build(&path, &docs, usize::MAX).added, 80);
    let (store, built) = (open(&path), Pools::build(docs));
    let params = Params {
        budget: Budget::Rows(32),
        ..Params::default()
    };
    let calibration = Calibration::default();
    for pools in [store.pools(), store.pools().without(&"d3".into())] {
        let built = if pools.title("d3").is_some() {
            built.clone()
        } else {
            built.without(&"d3".into())
        };
        for local in contexts() {
            let found = |pools| retrieve(pools, Some(&"g1".into()), &local, &params, &calibration);
            assert_eq!(found(&pools), found(&built));
        }
        assert_eq!(
            pools.sizes(Some(&"g1".into())),
            built.sizes(Some(&"g1".into()))
        );
        assert_eq!(pools.title("d7"), Some("Document 7"));
    }
}

#[test]
fn a_streamed_build_holds_what_a_build_in_memory_holds() {
    let docs = documents(200, 2);
    let (_folder, path) = folder();
    build(&path, &docs, 400);
    let (store, built) = (open(&path), Pools::build(docs));
    let (pools, info) = (store.pools(), store.info());
    assert!(info.segments > 6, "{info:?}");
    let sizes = |pools: &Pools| {
        let groups = pools.groups().into_iter();
        let sizes = groups.map(|g| (g.group, g.documents, g.tokens));
        sizes.collect::<Vec<_>>()
    };
    assert_eq!(sizes(&pools), sizes(&built));
    assert_eq!(ids(&pools), ids(&built));
    let (params, calibration) = (Params::default(), Calibration::default());
    for local in contexts() {
        let hits = |pools| retrieve(pools, Some(&"g0".into()), &local, &params, &calibration).hits;
        assert_eq!(hits(&pools), hits(&built));
    }
}

#[test]
fn documents_come_are_replaced_and_go() {
    let docs = documents(60, 3);
    let (_folder, path) = folder();
    build(&path, &docs[..40], usize::MAX);
    let n_before = open(&path).info().segments;
    let newer = PoolDoc {
        title: "Newer".into(),
        ..docs[5].clone()
    };
    let changed = change(&path, |update| {
        update.push(&newer).unwrap();
        docs[40..].iter().for_each(|doc| update.push(doc).unwrap());
        assert!(update.holds("d0") && !update.holds("d50"));
        update.remove(["d0", "d9", "unknown"].map(DocId::from));
    });
    let expected = Changed {
        added: 21,
        removed: 3,
        evicted: 0,
    };
    assert_eq!(changed, expected);
    let store = open(&path);
    let pools = store.pools();
    assert_eq!(pools.title("d5"), Some("Newer"));
    assert_eq!((pools.title("d0"), pools.title("d9")), (None, None));
    assert_eq!(ids(&pools).len(), 58);
    assert_eq!(store.info().documents, 58);
    // What the list does not name is gone; the young segments were merged.
    let n_files = files(&path).keys().filter(|n| n.ends_with(".seg")).count();
    assert_eq!(n_files, store.info().segments);
    assert!(store.info().segments <= n_before + 3);
    change(&path, |update| {
        update.remove(docs.iter().map(|d| d.id.clone()))
    });
    assert_eq!(open(&path).info().documents, 0);
}

#[test]
fn small_segments_are_merged_as_documents_arrive() {
    let docs = documents(120, 4);
    let (_folder, path) = folder();
    build(&path, &docs[..1], usize::MAX);
    for doc in &docs[1..] {
        change(&path, |update| update.push(doc).unwrap());
    }
    let info = open(&path).info();
    assert_eq!(info.documents, 120);
    assert!(info.segments <= 3 * 7, "{info:?}");
}

#[test]
fn the_oldest_go_where_there_is_a_bound() {
    let docs = documents(300, 5);
    let (_folder, path) = folder();
    let mut progress = go_on;
    let mut update = PoolUpdate::build(&path, &hash(), "tiny", Some(1600), &mut progress).unwrap();
    docs.iter().for_each(|doc| update.push(doc).unwrap());
    let changed = update.commit().unwrap();
    let info = open(&path).info();
    assert!(info.tokens <= 1600, "{info:?}");
    assert!(
        info.tokens >= 1600 - 1600 / 8 - 50,
        "no more than need be: {info:?}"
    );
    assert_eq!(changed.evicted + info.documents, 300);
    let kept = ids(&open(&path).pools());
    assert!(kept.contains(&"d299".to_string()), "{kept:?}");
    assert!(!kept.contains(&"d0".to_string()), "{kept:?}");
    // The bound stays with the pool.
    change(&path, |update| {
        documents(40, 6)
            .iter()
            .for_each(|doc| update.push(doc).unwrap());
    });
    assert!(open(&path).info().tokens <= 1600);
    // A document that can never fit is refused; a lower bound trims.
    let mut progress = go_on;
    let mut update = PoolUpdate::change(&path, None, &mut progress).unwrap();
    let large = PoolDoc {
        tokens: vec![1; 1601],
        ..docs[0].clone()
    };
    let error = update.push(&large).unwrap_err().to_string();
    assert!(
        error.contains("1601") && error.contains("--max-tokens"),
        "{error}"
    );
    drop(update);
    change(&path, |update| update.set_max_tokens(Some(60)));
    let info = open(&path).info();
    assert!(info.tokens <= 60 && info.documents > 0, "{info:?}");
}

#[test]
fn a_change_that_ends_early_leaves_the_pool_as_it_was() {
    let docs = documents(90, 7);
    let (_folder, path) = folder();
    build(&path, &docs[..60], 300);
    let before = files(&path);
    for patience in 0..8 {
        let mut left = patience;
        let mut progress = |_: &Work| {
            left -= 1;
            left >= 0
        };
        let mut update = PoolUpdate::change(&path, Some(&hash()), &mut progress).unwrap();
        update.shrink_segments(300, 300);
        let pushed = docs[55..].iter().try_for_each(|doc| update.push(doc));
        let ended = pushed.and_then(|()| update.commit().map(drop));
        let Err(error) = ended else {
            panic!("{patience} segments should not have been enough");
        };
        assert!(error.is::<Cancelled>(), "{error:#}");
        assert_eq!(files(&path), before, "after {patience} segments");
    }
    let mut progress = |_: &Work| false;
    let mut update = PoolUpdate::build(&path, &hash(), "tiny", None, &mut progress).unwrap();
    update.push(&docs[0]).unwrap();
    assert!(update.commit().is_err());
    assert_eq!(files(&path), before, "building anew was given up");
    let fresh = path.with_file_name("fresh.pool");
    let update = PoolUpdate::build(&fresh, &hash(), "tiny", None, &mut progress).unwrap();
    drop(update);
    assert!(!fresh.exists());
}

#[test]
fn what_a_crash_leaves_behind_is_passed_over_and_removed() {
    let docs = documents(30, 8);
    let (_folder, path) = folder();
    build(&path, &docs, usize::MAX);
    let before = files(&path);
    std::fs::write(path.join("00000042.seg"), "half a segm").unwrap();
    std::fs::write(path.join(".pool.json.aB3xY1.tmp"), "half a li").unwrap();
    assert_eq!(open(&path).info().documents, 30);
    drop(PoolUpdate::change(&path, None, &mut go_on).unwrap());
    assert_eq!(files(&path), before);
}

#[test]
fn one_change_at_a_time() {
    let (_folder, path) = folder();
    build(&path, &documents(3, 9), usize::MAX);
    let mut progress = (go_on, go_on);
    let _first = PoolUpdate::change(&path, None, &mut progress.0).unwrap();
    let second = PoolUpdate::change(&path, None, &mut progress.1);
    let error = second.err().unwrap().to_string();
    assert!(error.contains("another command"), "{error}");
}

#[test]
fn a_foreign_folder_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.tex"), "years of work").unwrap();
    let mut progress = go_on;
    let update = PoolUpdate::build(folder.path(), &hash(), "tiny", None, &mut progress);
    let error = format!("{:#}", update.err().unwrap());
    assert!(error.contains("thesis.tex"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let error = refusal(folder.path());
    assert!(
        error.contains("pool.json") && error.contains("pool build"),
        "{error}"
    );
}

#[test]
fn a_pool_of_another_tokenizer_or_version_is_refused_with_the_way_out() {
    let (_folder, path) = folder();
    build(&path, &documents(5, 10), usize::MAX);
    let other = TokenizerHash::from_hex(&"00ff".repeat(16)).unwrap();
    let error = PoolStore::open(&path, Some(&other), Check::Structure).unwrap_err();
    let error = format!("{error:#}");
    for part in [
        "test.pool",
        "pool build",
        "tokenizer of tiny",
        "5a5a5a5a5a5a",
        "00ff00ff00ff",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    let list = path.join("pool.json");
    let json = std::fs::read_to_string(&list).unwrap();
    for (version, word) in [("3", "newer"), ("1", "older")] {
        let text = json.replace(
            "\"laserscope_pool\": 2",
            &format!("\"laserscope_pool\": {version}"),
        );
        std::fs::write(&list, text).unwrap();
        assert!(refusal(&path).contains(word), "{}", refusal(&path));
    }
    std::fs::write(&list, json).unwrap();
    let segment = files(&path)
        .into_keys()
        .find(|n| n.ends_with(".seg"))
        .unwrap();
    let segment = path.join(segment);
    let bytes = std::fs::read(&segment).unwrap();
    for (version, word) in [(2u32, "newer"), (0, "older")] {
        let mut bytes = bytes.clone();
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        std::fs::write(&segment, bytes).unwrap();
        let error = refusal(&path);
        assert!(error.contains(word) && error.contains(".seg"), "{error}");
    }
    // A whole segment of another pool is not this pool's.
    let (_other, other) = folder_with(&documents(5, 11));
    let stranger = files(&other)
        .into_iter()
        .find(|f| f.0.ends_with(".seg"))
        .unwrap();
    std::fs::write(&segment, stranger.1).unwrap();
    assert!(
        refusal(&path).contains("is not the segment"),
        "{}",
        refusal(&path)
    );
    std::fs::remove_file(&segment).unwrap();
    assert!(refusal(&path).contains(".seg"));
}

fn folder_with(docs: &[PoolDoc]) -> (TempDir, PathBuf) {
    let (folder, path) = folder();
    build(&path, docs, usize::MAX);
    (folder, path)
}

#[test]
fn a_damaged_pool_is_refused_or_the_same() {
    let docs = documents(6, 12);
    let (_folder, path) = folder_with(&docs);
    let whole = files(&path);
    let expected = ids(&open(&path).pools());
    let mut dice = Dice(7);
    for (name, bytes) in &whole {
        let file = path.join(name);
        for n in 0..bytes.len() {
            std::fs::write(&file, &bytes[..n]).unwrap();
            // Only the newline after the list may be missing.
            let opened = PoolStore::open(&path, Some(&hash()), Check::Whole);
            assert!(
                opened.is_err() || n + 1 == bytes.len(),
                "{name} cut off at {n}"
            );
        }
        for _ in 0..1500 {
            let mut flipped = bytes.clone();
            let bit = dice.roll(bytes.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&file, &flipped).unwrap();
            if let Ok(store) = PoolStore::open(&path, Some(&hash()), Check::Whole) {
                assert_eq!(ids(&store.pools()), expected, "{name}, bit {bit}");
                assert!(name.ends_with(".json"), "{name}, bit {bit}");
            }
        }
        std::fs::write(&file, bytes).unwrap();
    }
}

#[test]
fn damage_behind_the_checksums_does_no_harm() {
    let (_folder, path) = folder_with(&documents(12, 13));
    let segments = files(&path).into_iter().filter(|f| f.0.ends_with(".seg"));
    let mut dice = Dice(17);
    let (mut n_opened, mut n_refused) = (0, 0);
    for (_, bytes) in segments {
        assert!(probe_segment(&bytes));
        for _ in 0..4000 {
            let mut damaged = bytes.clone();
            for _ in 0..1 + dice.roll(12) {
                let at = dice.roll(damaged.len());
                damaged[at] = [0, 1, 0x7f, 0xff, dice.roll(256) as u8][dice.roll(5)];
            }
            if probe_segment(&damaged) {
                n_opened += 1;
            } else {
                n_refused += 1;
            }
        }
    }
    assert!(
        n_opened > 1000 && n_refused > 1000,
        "{n_opened} {n_refused}"
    );
}

#[test]
fn a_damaged_segment_is_not_sealed_again_by_a_change() {
    let (_folder, path) = folder_with(&documents(6, 14));
    let whole = files(&path);
    let (name, bytes) = whole.iter().find(|f| f.0.ends_with(".seg")).unwrap();
    let mut damaged = bytes.clone();
    let last = damaged.len() - 9;
    damaged[last] ^= 1;
    std::fs::write(path.join(name), damaged).unwrap();
    let error = PoolUpdate::change(&path, None, &mut go_on).err().unwrap();
    assert!(format!("{error:#}").contains("damaged"), "{error:#}");
}

pub fn laserscope(args: &[&str], model: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_laserscope"));
    command.args(args);
    if let Some(model) = model {
        command.arg("--model").arg(model);
    }
    command.output().unwrap()
}

pub fn json(output: &Output) -> serde_json::Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn bare_ids_become_a_pool_that_no_model_takes() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    std::fs::write(at("pool.txt"), "1 2 3\n4 5\n1 2\n").unwrap();
    std::fs::write(at("groups.txt"), "0\n1\n0\n").unwrap();
    let (pool, tokens, groups) = (at("t.pool"), at("pool.txt"), at("groups.txt"));
    let build = [
        "pool", "build", &pool, "--tokens", &tokens, "--groups", &groups, "--json",
    ];
    let built = json(&laserscope(&build, None));
    assert_eq!(
        (&built["added"], &built["pool"]["tokens"]),
        (&3.into(), &7.into())
    );
    let info = json(&laserscope(
        &["pool", "info", &pool, "--verify", "--json"],
        None,
    ));
    assert_eq!(info["groups"][0]["documents"], 2);
    assert_eq!(info["tokenizer"], serde_json::Value::Null);
    let model = tiny::write_model(folder.path(), candle_core::quantized::GgmlDType::F32, true);
    let refused = laserscope(&["pool", "search", &pool, "abc"], Some(&model));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        error.contains("no tokenizer") && error.contains("t.pool"),
        "{error}"
    );
    std::fs::write(at("groups.txt"), "0\n1\n").unwrap();
    let refused = laserscope(&build, None);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("groups.txt: line 3"), "{error}");
    let kept = json(&laserscope(&["pool", "info", &pool, "--json"], None));
    assert_eq!(kept["documents"], 3, "a failed build changes nothing");
    let removed = json(&laserscope(&["pool", "remove", &pool, "2", "--json"], None));
    assert_eq!(
        (&removed["removed"], &removed["pool"]["documents"]),
        (&1.into(), &2.into())
    );
    let refused = laserscope(&["pool", "remove", &pool, "2"], None);
    assert_eq!(refused.status.code(), Some(1));
}

/// Resident memory of this process that lies in files, and in all, in MB.
fn resident_mb() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name))?;
        line.split_ascii_whitespace().nth(1)?.parse::<f64>().ok()
    };
    let kb = |name| field(name).unwrap_or(f64::NAN) / 1000.0;
    (kb("RssFile:"), kb("VmRSS:"))
}

fn lines(path: &Path) -> Vec<Vec<u32>> {
    let text = std::fs::read_to_string(path).unwrap();
    let ids = |line: &str| line.split(' ').map(|t| t.parse().unwrap()).collect();
    text.lines().map(ids).collect()
}

/// POOL: a pool's folder; CORPUS: the folder of the held-out documents.
#[test]
#[ignore = "measures the pool named by POOL on the corpus named by CORPUS"]
fn measure_a_large_pool() {
    let [pool, corpus] = ["POOL", "CORPUS"].map(|name| PathBuf::from(std::env::var(name).unwrap()));
    let before = resident_mb();
    let start = std::time::Instant::now();
    let store = PoolStore::open(&pool, None, Check::Structure).unwrap();
    let pools = store.pools();
    let open_ms = start.elapsed().as_secs_f64() * 1e3;
    let opened = resident_mb();
    let heldout = lines(&corpus.join("heldout.txt"));
    let prompts = lines(&corpus.join("heldout_prompts.txt"));
    let groups = lines(&corpus.join("heldout_groups.txt"));
    let params = Params {
        budget: Budget::Rows(64),
        ..Params::default()
    };
    let calibration = Calibration::default();
    for pass in 0..2 {
        let mut micros = Vec::new();
        for i in 0..40 {
            if (pass, i) == (0, 1) {
                println!(
                    "after one answer: resident {:?} MB in files, all",
                    resident_mb()
                );
            }
            let mut local = Local::new(&prompts[i], 0);
            let group = groups[i][0].to_string().into();
            for &token in heldout[i].iter().take(100) {
                local.push(&[token]);
                let start = std::time::Instant::now();
                let found = retrieve(&pools, Some(&group), &local, &params, &calibration);
                micros.push(start.elapsed().as_secs_f64() * 1e6);
                assert!(found.tree.n_rows() <= 64);
            }
        }
        micros.sort_by(f64::total_cmp);
        let at = |share: f64| micros[(micros.len() as f64 * share) as usize];
        println!(
            "pass {pass}: query median {:.0} us, p99 {:.0} us; resident {:?} MB in files, all",
            at(0.5),
            at(0.99),
            resident_mb()
        );
    }
    println!("open {open_ms:.1} ms; resident before {before:?}, opened {opened:?} MB");
    println!("{:?}", store.info());
}
