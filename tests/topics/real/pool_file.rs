//! The shipped documents as a pool of the real model.

use laserscope::recsys::knowledge::bundled_knowledge;

use super::super::pool_file::{json, laserscope};
use super::model;

#[test]
fn the_sample_as_a_pool_is_searched_and_drafted_from() {
    let folder = tempfile::tempdir().unwrap();
    let pool = folder.path().join("sample.pool");
    let pool = pool.to_str().unwrap();
    let model = model::path();
    let built = json(&laserscope(
        &["pool", "build", pool, "--json"],
        Some(&model),
    ));
    let docs = bundled_knowledge().unwrap();
    assert_eq!(built["added"], docs.len());
    for text in [
        "dark sense of humour",
        "ark sense of hum",
        "Paris",
        "zzzqqq",
    ] {
        let search = ["pool", "search", pool, text, "--json", "--limit", "1000"];
        let found = json(&laserscope(&search, Some(&model)));
        let count = |d: &str| {
            d.as_bytes()
                .windows(text.len())
                .filter(|w| *w == text.as_bytes())
                .count()
        };
        let counts: Vec<usize> = docs
            .iter()
            .map(|d| count(&d.text))
            .filter(|&n| n > 0)
            .collect();
        assert_eq!(found["occurrences"], counts.iter().sum::<usize>(), "{text}");
        assert_eq!(found["documents"], counts.len(), "{text}");
        for hit in found["hits"].as_array().unwrap() {
            let words = hit["found"].as_str().unwrap();
            assert!(words.contains(text), "{words}");
        }
    }
    let generate = [
        "generate",
        "--item",
        "i101",
        "--max-tokens",
        "24",
        "--budget",
        "16",
    ];
    let generate = [&generate[..], &["--json", "--verify", "strict"]].concat();
    let plain = json(&laserscope(&generate, Some(&model)));
    let pooled = json(&laserscope(
        &[&generate[..], &["--pool", pool]].concat(),
        Some(&model),
    ));
    for same in ["token_ids", "steps", "drafted", "accepted", "pool_hit_rate"] {
        assert_eq!(plain[same], pooled[same], "{same}");
    }
}
