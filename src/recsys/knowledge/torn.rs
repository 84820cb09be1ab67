//! Whether bytes are a document's line truncated by a kill, checked field by field as
//! [`KnowledgeLog`](super::KnowledgeLog) writes it.

/// The pieces of a line.
enum Piece {
    Text(&'static str),
    /// A JSON string, its quotes included.
    String,
    OneOf([&'static str; 2]),
}

/// A [`KnowledgeDoc`](super::KnowledgeDoc) as written by serde, without the newline.
const LINE: [Piece; 14] = [
    Piece::Text(r#"{"id":"#),
    Piece::String,
    Piece::Text(r#","kind":"#),
    Piece::OneOf([r#""item""#, r#""user""#]),
    Piece::Text(r#","group":"#),
    Piece::String,
    Piece::Text(r#","framework":"#),
    Piece::String,
    Piece::Text(r#","model":"#),
    Piece::String,
    Piece::Text(r#","text":"#),
    Piece::String,
    Piece::Text(r#","ended":"#),
    Piece::OneOf(["true}", "false}"]),
];

/// The bytes after a piece.
enum Rest<'a> {
    Behind(&'a [u8]),
    /// They end within the piece.
    CutOff,
    Other,
}

/// Whether the bytes are a prefix of a document's line, or all of it.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    for piece in &LINE {
        if rest.is_empty() {
            return true;
        }
        let behind = match piece {
            Piece::Text(text) => after(rest, text),
            Piece::String => after_string(rest),
            Piece::OneOf(texts) => match texts.map(|text| after(rest, text)) {
                [Rest::Other, second] => second,
                [first, _] => first,
            },
        };
        match behind {
            Rest::Behind(behind) => rest = behind,
            Rest::CutOff => return true,
            Rest::Other => return false,
        }
    }
    rest.is_empty()
}

fn after<'a>(bytes: &'a [u8], text: &str) -> Rest<'a> {
    match bytes.strip_prefix(text.as_bytes()) {
        Some(behind) => Rest::Behind(behind),
        None if text.as_bytes().starts_with(bytes) => Rest::CutOff,
        None => Rest::Other,
    }
}

fn after_string(bytes: &[u8]) -> Rest<'_> {
    let Some(b'"') = bytes.first() else {
        return Rest::Other;
    };
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' if is_text(&bytes[..at], false) => return Rest::Behind(&bytes[at + 1..]),
            b'"' | 0..b' ' => return Rest::Other,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    match is_text(bytes, true) {
        true => Rest::CutOff,
        false => Rest::Other,
    }
}

/// UTF-8, whose last character may be cut.
fn is_text(bytes: &[u8], may_be_cut: bool) -> bool {
    match str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => may_be_cut && error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{KnowledgeDoc, SubjectKind};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn other_peoples_bytes_are_none() {
        for other in [
            &br#"{"a":[1,2]}"#[..],
            br#"{"a":[1,2]"#,
            br#"{"id":7"#,
            br#"{"id":"i1","text":"x"#,
            br#"{"id": "i1""#,
            br#"{"id":"i1","kind":"film"#,
            b"notes",
            b"[",
            b"\xef\xbb\xbf{",
            b"{\"id\":\"a\nb",
            b"{\"id\":\"\xff\xff",
            b"{}",
            b" ",
        ] {
            assert!(!is_torn(other), "{}", String::from_utf8_lossy(other));
        }
    }

    proptest! {
        #[test]
        fn every_beginning_of_a_line_is_one(
            id in "(?s).{1,8}", text in "(?s).{1,40}", user: bool, ended: bool,
            cut in 0.0..1.0f64,
        ) {
            let doc = KnowledgeDoc {
                id,
                kind: if user { SubjectKind::User } else { SubjectKind::Item },
                group: "a \"group\"".into(),
                framework: "kar".into(),
                model: "tiny\u{e9}".into(),
                text,
                ended,
            };
            let line = serde_json::to_vec(&doc).expect("plain data");
            prop_assert!(is_torn(&line));
            prop_assert!(is_torn(&line[..(cut * line.len() as f64) as usize]));
            let two = [&line[..], b"x"].concat();
            prop_assert!(!is_torn(&two));
        }
    }
}
