//! What is read from a JSON text damaged in every way, and what is reported.

use super::elements::{each, of_line};
use proptest::prelude::*;

fn read(text: &str) -> (Vec<(String, String)>, Vec<String>) {
    let (mut docs, mut bad) = (Vec::new(), Vec::new());
    each(text, &mut |line, read| {
        match read {
            Ok(doc) => docs.push((doc.id, doc.text)),
            Err(why) => bad.push(format!("{line}: {why}")),
        }
        Ok(())
    })
    .expect("no error of its own");
    (docs, bad)
}

fn ids(text: &str) -> (Vec<String>, Vec<String>) {
    let (docs, bad) = read(text);
    (docs.into_iter().map(|(id, _)| id).collect(), bad)
}

#[test]
fn a_map_a_list_and_objects_in_a_row_are_read_alike() {
    for text in [
        r#"{"i1": "One.", "i2": "Two."}"#,
        r#"{"i1": {"prompt": "p", "ans": "One."}, "i2": {"prompt": "p", "ans": "Two."}}"#,
        r#"[{"id": "i1", "text": "One."}, {"id": "i2", "text": "Two."}]"#,
        r#"[["i1", "p", "One."], ["i2", "p", "Two."]]"#,
        r#"[{"i1": "One."}, {"i2": "Two."}]"#,
        "{\n  \"id\": \"i1\",\n  \"text\": \"One.\"\n}\n{\n  \"id\": \"i2\",\n  \"text\": \"Two.\"\n}\n",
        "{\n  \"i1\": [\n    {\"role\": \"assistant\", \"content\": \"One.\"}\n  ],\n  \"i2\": [{\"role\": \"assistant\", \"content\": \"Two.\"}]\n}",
    ] {
        let want = [("i1", "One."), ("i2", "Two.")];
        let want = want.map(|(id, text)| (id.to_string(), text.to_string()));
        assert_eq!(read(text), (want.to_vec(), Vec::new()), "{text}");
    }
}

#[test]
fn a_damaged_entry_is_lost_alone_and_named() {
    let good = |n: u32| format!(r#""i{n}": {{"prompt": "p", "ans": "Answer {n}."}}"#);
    for bad in [
        r#""i2": {"prompt": "p", "ans": NaN}"#,
        r#""i2": {"prompt": "p", "ans": "half \ud83c"}"#,
        r#""i2": {"prompt": "p", "ans": "a 12" tape"}"#,
        r#""i2": {"prompt": "p", "ans": "so "called" tape"}"#,
        r#""i2": {"prompt": "p", "ans": }"#,
        r#""i2": {"prompt": "p"}"#,
        r#""i2": null"#,
    ] {
        for text in [
            format!("{{{}, {bad}, {}, {}}}", good(1), good(3), good(4)),
            format!("{{\n{},\n{bad},\n{},\n{}\n}}", good(1), good(3), good(4)),
        ] {
            let (ids, told) = ids(&text);
            assert_eq!(ids, ["i1", "i3", "i4"], "{text}");
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].contains("entry 2, `i2`: "), "{told:?}");
        }
    }
    let two =
        r#"{"a": {"ans": "12" x"}, "b": {"ans": "B."}, "c": {"ans": "7" y"}, "d": {"ans": "D."}}"#;
    let (kept, told) = ids(two);
    assert_eq!((kept, told.len()), (vec!["b".into(), "d".into()], 2));
}

#[test]
fn a_damaged_element_is_lost_alone_and_named() {
    let text = r#"[{"id": 1, "text": "a"}, {"id": 2, "text": "12" x"}, {"id": 3, "text": NaN}, {"id": 4, "text": "d"}]"#;
    let (kept, told) = ids(text);
    assert_eq!(kept, ["1", "4"]);
    assert!(told[0].contains("entry 2, `2`: not JSON"), "{told:?}");
    assert!(told[1].contains("entry 3, `3`: no answer: NaN"), "{told:?}");
}

#[test]
fn what_is_cut_off_is_told() {
    let whole = r#"{"a": {"ans": "A."}, "b": {"ans": "B."}}"#;
    for end in 1..whole.len() - 1 {
        let (kept, told) = ids(&whole[..end]);
        assert_eq!(told.len(), 1, "{} {kept:?} {told:?}", &whole[..end]);
    }
    let (kept, told) = ids(&whole[..30]);
    assert_eq!(kept, ["a"]);
    assert!(
        told[0].contains("entry 2, `b`: the file is truncated"),
        "{told:?}"
    );
}

#[test]
fn what_is_not_ascii_does_no_harm() {
    for text in [
        "{\"i1\": \u{ff}\"x\u{ff}, \"i2\": {\"ans\": \"B.\"}}",
        "{\"i1\": \u{1f600}, \"\u{1f600}\": \"B.\"}",
        "[{\"id\": \"\u{e9}\", \"text\": \u{e9}}, {\"id\": \"\u{fc}\", \"text\": \"B.\"}]",
    ] {
        let (docs, told) = read(text);
        assert_eq!((docs.len(), told.len()), (1, 1), "{text}: {told:?}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "[\\[\\]{}\"\\\\:,u0-9aidnstexNa\u{e9}\u{1f600}\n -]{0,60}") {
        let _ = (read(&text), of_line(&text));
        let _ = read(&format!("{{\"a\": {text}"));
        let _ = read(&format!("[{{\"id\": \"a\", \"text\": {text}"));
    }
}

#[test]
fn a_value_may_nest_as_deep_as_it_likes() {
    let deep = format!(
        r#"{{"a": {{"ans": {}}}, "b": {{"ans": "B."}}}}"#,
        "[".repeat(100_000)
    );
    assert_eq!(ids(&deep).0, ["b"]);
    let nest = "[".repeat(10_000) + &"]".repeat(10_000);
    let deep = format!(r#"{{"a": {{"ans": {nest}}}, "b": {{"ans": "B."}}}}"#);
    assert_eq!(ids(&deep).0, ["b"]);
}
