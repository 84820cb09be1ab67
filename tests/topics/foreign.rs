//! Knowledge made elsewhere: every format gives the same documents, damage is counted
//! and reported, and nothing panics.

use laserscope::recsys::foreign::{Format, Hints, Imported, parse};
use laserscope::recsys::{KnowledgeDoc, SubjectKind};
use proptest::prelude::*;
use serde_json::json;

const ANSWERS: [(&str, &str); 3] = [
    (
        "1",
        "A thief plans one last robbery.\nA detective closes in.",
    ),
    ("31", "Ein \"Dieb\" \u{e4}rgert sich \u{1f3ac}"),
    ("260", "Space\topera"),
];

fn jsonl() -> String {
    let line = |(id, text): (&str, &str)| {
        let doc = KnowledgeDoc {
            id: id.into(),
            kind: SubjectKind::Item,
            group: "crime".into(),
            framework: "kar".into(),
            model: "tiny".into(),
            text: text.into(),
            ended: false,
        };
        serde_json::to_string(&doc).unwrap() + "\n"
    };
    ANSWERS.map(line).concat()
}

fn klg() -> String {
    let pairs = ANSWERS.map(|(id, ans)| {
        (
            id.to_string(),
            json!({"prompt": "Introduce ..", "ans": ans}),
        )
    });
    // In the file's order, which a map would not keep.
    let pairs = pairs.map(|(id, value)| format!("{}: {value}", json!(id)));
    format!("{{{}}}", pairs.join(", "))
}

fn once() -> String {
    let line =
        |(id, text): (&str, &str)| format!("{id}\t[description] {}\n", text.replace('\n', " "));
    ANSWERS.map(line).concat()
}

fn once_users() -> String {
    let line = |(id, text): (&str, &str)| {
        json!({"uid": id.parse::<u32>().unwrap(), "interest": text.split(' ').collect::<Vec<_>>()})
            .to_string()
            + "\n"
    };
    ANSWERS.map(line).concat()
}

fn laser() -> String {
    let line = |(id, answer): (&str, &str)| {
        let inner = json!({"id": id, "prompt": "Introduce ..", "answer": answer}).to_string();
        serde_json::to_string(&inner).unwrap() + "\n"
    };
    ANSWERS.map(line).concat()
}

fn read(file: &str, text: &str) -> Imported {
    parse(file, text.as_bytes(), &Hints::default()).unwrap()
}

fn answers(imported: &Imported) -> Vec<(&str, &str)> {
    imported
        .docs
        .iter()
        .map(|d| (d.id.as_str(), d.text.as_str()))
        .collect()
}

#[test]
fn every_format_is_seen_and_read() {
    for (format, name, text) in [
        (Format::Jsonl, "a.jsonl", jsonl()),
        (Format::Klg, "item.klg", klg()),
        (Format::Laser, "ml_item_warmup.jsonl", laser()),
    ] {
        assert_eq!(Format::of(&text), Some(format));
        let imported = read(name, &text);
        assert_eq!(answers(&imported), ANSWERS, "{format}");
        let doc = &imported.docs[0];
        assert_eq!(
            (doc.kind, doc.framework.as_str()),
            // Our own lines say it; nothing is guessed of the others.
            (
                SubjectKind::Item,
                if format == Format::Jsonl {
                    "kar"
                } else {
                    "unknown"
                }
            )
        );
    }
    assert!(
        !read("a.jsonl", &jsonl()).docs[0].ended,
        "our own lines stay as they are"
    );
    let imported = read("movie_summarizer.log", &once());
    assert_eq!(answers(&imported)[2], ("260", "[description] Space\topera"));
    assert_eq!(imported.docs[0].framework, "unknown");
    let imported = read("user_profiler.log", &once_users());
    assert_eq!(imported.docs[0].kind, SubjectKind::User);
    assert!(answers(&imported)[0].1.starts_with("A, thief, plans"));
}

#[test]
fn kinds_come_from_the_name_and_from_what_is_asked_for() {
    assert_eq!(
        read("data/ml-1m/knowledge/user.klg", &klg()).docs[0].kind,
        SubjectKind::User
    );
    assert_eq!(
        read("recent_history.jsonl", &laser()).docs[0].kind,
        SubjectKind::User
    );
    let hints = Hints {
        kind: Some(SubjectKind::User),
        framework: Some("trawl".into()),
        format: None,
    };
    let doc = &parse("item.klg", klg().as_bytes(), &hints).unwrap().docs[0];
    assert_eq!(
        (doc.kind, doc.framework.as_str()),
        (SubjectKind::User, "trawl")
    );
}

#[test]
fn bad_lines_are_counted_and_told_with_file_and_line() {
    let lines = [
        laser(),
        "\"{\\\"id\\\": 3\"\n".into(),
        "\"{}\"\n".into(),
        "{\"id\": 4}\n".into(),
    ];
    let imported = read("warm.jsonl", &lines.concat());
    let told = &imported.account.bad;
    assert_eq!((imported.docs.len(), imported.account.n_bad), (3, 3));
    assert!(told[0].starts_with("warm.jsonl:4: "), "{told:?}");
    assert!(told[2].contains("`4`: no answer"), "{told:?}");
    let many = once() + &"nothing\n".repeat(40);
    let imported = read("a.log", &many);
    let account = &imported.account;
    assert_eq!((account.n_bad, account.told().len()), (40, 6));
    let cut = &klg()[..klg().len() - 20];
    let imported = read("item.klg", cut);
    let told = &imported.account.bad;
    assert_eq!((imported.docs.len(), imported.account.n_bad), (2, 1));
    assert!(
        told[0].contains("entry 3, `260`: the file is truncated"),
        "{told:?}"
    );
    let refused = parse("x.csv", b"movieId,title\n1,Heat\n", &Hints::default());
    assert!(format!("{:#}", refused.unwrap_err()).contains("--format"));
    assert_eq!(read("empty.klg", " \n").docs.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_panics_and_never_makes_an_empty_answer(
        which in 0usize..5,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        keep in any::<prop::sample::Index>(),
        format in prop::option::of(prop::sample::select(Format::ALL.to_vec())),
    ) {
        let mut bytes = [jsonl(), klg(), once(), once_users(), laser()][which].clone().into_bytes();
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        bytes.truncate(keep.index(bytes.len() + 1));
        let hints = Hints { format, ..Hints::default() };
        if let Ok(imported) = parse("f", &bytes, &hints) {
            prop_assert!(imported.docs.iter().all(|d| !d.id.is_empty() && !d.text.is_empty()));
            prop_assert!(imported.account.bad.len() <= imported.account.n_bad);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse("f", &bytes, &Hints::default());
    }
}
