//! Catalogs of every dialect, as folders and as archives; knowledge of every format;
//! saved groups and maps.

use std::fs;
use std::io::{Cursor, Write};
use std::sync::atomic::AtomicBool;

use laserscope::recsys::foreign::{self, Hints};
use laserscope::recsys::import::{Options, Watch, import};
use laserscope::recsys::saved::SavedGroups;
use laserscope::recsys::{Catalog, GroupMap};

use super::super::import::specimens;
use super::Target;

const WORDS: [&str; 12] = [
    "\"", "'", "[", "{", "\\u", "::", "\t", "\r\n", ",", "|", "\u{feff}", "\u{e9}",
];

fn read(path: &std::path::Path) {
    let mut watch = Watch {
        on: &mut |_| {},
        cancel: &AtomicBool::new(false),
    };
    if let Ok((catalog, findings)) = import(path, &Options::default(), &mut watch) {
        consistent(&catalog);
        let _ = findings.describe(&catalog);
    }
}

fn consistent(catalog: &Catalog) {
    assert!(!catalog.items.is_empty());
    let histories = catalog.users.iter().map(|user| &user.history);
    for history in histories {
        assert!(history.iter().all(|r| r.item_idx() < catalog.items.len()));
    }
}

#[test]
fn catalogs() {
    for (i, specimen) in specimens().iter().enumerate() {
        for (which, (name, content)) in specimen.iter().enumerate() {
            let folder = tempfile::tempdir().expect("a folder");
            for (name, content) in specimen {
                fs::write(folder.path().join(name), content).expect("writes");
            }
            let target = Target {
                name: &format!("catalog-{i}-{which}"),
                n: 150,
                seeds: std::slice::from_ref(content),
                words: &WORDS,
            };
            target.run(|bytes| {
                fs::write(folder.path().join(name), bytes).expect("writes");
                read(folder.path());
            });
        }
    }
}

#[test]
fn archives() {
    let archives: Vec<Vec<u8>> = specimens()
        .iter()
        .map(|files| {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for (name, content) in files {
                zip.start_file(*name, zip::write::SimpleFileOptions::default())
                    .expect("begins");
                zip.write_all(content).expect("writes");
            }
            zip.finish().expect("ends").into_inner()
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data.zip");
    let target = Target {
        name: "archive",
        n: 1500,
        seeds: &archives,
        words: &["PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "../"],
    };
    target.run(|bytes| {
        fs::write(&path, bytes).expect("writes");
        read(&path);
    });
}

#[test]
fn knowledge() {
    let seeds = [
        &br#"{"id":"i1","kind":"item","group":"g","framework":"kar","model":"m","text":"a b","ended":true}
{"id":"i2","kind":"user","group":"g","framework":"once","model":"m","text":"c","ended":false}
"#[..],
        b"{'1': {'prompt': 'About x', 'answer': ['a', 'b']}, '2': {'prompt': 'p', 'answer': 'c'}}\n",
        b"{\"1\": {\"prompt\": \"About x\", \"answer\": \"a\"}, \"2\": {\"prompt\": \"p\", \"answer\": \"c\"}}",
        b"{\"id\": 7, \"prompt\": \"p\", \"answer\": \"words\"}\n",
    ].map(<[u8]>::to_vec);
    let target = Target {
        name: "knowledge",
        n: 4000,
        seeds: &seeds,
        words: &[
            "[",
            "{",
            "\\u",
            "\\ud800",
            "'",
            "None",
            "NaN",
            "Infinity",
            "\"answer\":",
            "<think>",
        ],
    };
    target.run(|bytes| {
        if let Ok(imported) = foreign::parse("k.klg", bytes, &Hints::default()) {
            let is_whole =
                |doc: &laserscope::recsys::KnowledgeDoc| !doc.id.is_empty() && !doc.text.is_empty();
            assert!(imported.docs.iter().all(is_whole));
        }
    });
}

#[test]
fn groups() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("groups.jsonl");
    let saved = include_bytes!("../../../sample-data/groups.jsonl");
    let target = Target {
        name: "saved-groups",
        n: 600,
        seeds: &[saved.to_vec()],
        words: &["[", "{", "null", "\"group\":"],
    };
    target.run(|bytes| {
        fs::write(&path, bytes).expect("writes");
        if let Ok(saved) = SavedGroups::load(&path) {
            let _ = saved.shuffled(1);
        }
    });
    let map = include_bytes!("../../../sample-data/groups.toml");
    let target = Target {
        name: "group-map",
        n: 1500,
        seeds: &[map.to_vec()],
        words: &["[", "{ genre = ", "[[", "\"\"\"", "\n"],
    };
    target.run(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(map) = GroupMap::parse("groups.toml", &text) {
            let _ = map.item_group(&["Drama".into(), "War".into()]);
        }
    });
}
