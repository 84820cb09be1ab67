//! Markers in texts: the tokens that a chat template writes between turns, which no
//! title or prompt may turn into.
//!
//! The tokenizer itself has no markers. A rendered prompt is split at them here, the
//! text in between is encoded, and their ids are inserted. A marker in untrusted text
//! is broken up by a character that no text contains before the template sees it;
//! afterwards that character is removed.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use color_eyre::eyre::{Result, eyre};

/// Breaks up a false marker. Unicode permanently leaves the last two code points of its
/// last plane unassigned.
const GUARD: char = '\u{10FFFE}';

/// Replaces a marker in the encoded text, separating what comes before and after it.
pub(crate) const SEPARATOR: char = '\u{10FFFF}';

/// A token recognised as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Marker {
    pub(crate) text: String,
    pub(crate) id: u32,
    /// Includes the preceding white space (`lstrip` in `tokenizer.json`).
    pub(crate) strips_left: bool,
    pub(crate) strips_right: bool,
}

/// All markers of a vocabulary.
pub(crate) struct Markers {
    all: Vec<Marker>,
    finder: AhoCorasick,
    /// Bytes of the longest.
    longest: usize,
}

impl Marker {
    pub(crate) fn new(text: &str, id: u32) -> Self {
        Marker {
            text: text.to_owned(),
            id,
            strips_left: false,
            strips_right: false,
        }
    }
}

impl Markers {
    /// # Errors
    /// More markers than a search can handle, which no vocabulary has.
    pub(crate) fn new(mut all: Vec<Marker>) -> Result<Self> {
        all.retain(|marker| !marker.text.is_empty());
        // If two ids share a text, the lower one is used.
        all.sort_by_key(|marker| marker.id);
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(all.iter().map(|marker| &marker.text))
            .map_err(|err| eyre!("too many special tokens: {err}"))?;
        let longest = all.iter().map(|marker| marker.text.len()).max();
        Ok(Self {
            longest: longest.unwrap_or(0),
            finder,
            all,
        })
    }

    /// The id of a marker.
    pub(crate) fn id(&self, text: &str) -> Option<u32> {
        let found = self.all.iter().find(|marker| marker.text == text);
        found.map(|marker| marker.id)
    }

    pub(crate) fn contains_id(&self, id: u32) -> bool {
        self.all
            .binary_search_by_key(&id, |marker| marker.id)
            .is_ok()
    }

    /// Untrusted text, changed so that no part of it is a marker, even combined with
    /// what follows.
    pub(crate) fn guarded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let text = without_signs(text);
        let mut out = String::new();
        let mut from = 0;
        for found in self.finder.find_iter(&*text) {
            let first = text[found.start()..]
                .chars()
                .next()
                .map_or(0, char::len_utf8);
            out.push_str(&text[from..found.start() + first]);
            out.push(GUARD);
            from = found.start() + first;
        }
        let may_go_on = self.begins_at_end(&text);
        if out.is_empty() && !may_go_on {
            return text;
        }
        out.push_str(&text[from..]);
        out.extend(may_go_on.then_some(GUARD));
        Cow::Owned(out)
    }

    /// Whether the text ends with the beginning of a marker.
    fn begins_at_end(&self, text: &str) -> bool {
        let longest = self.longest.saturating_sub(1).min(text.len());
        let starts = (text.len() - longest..text.len()).filter(|at| text.is_char_boundary(*at));
        let begins = |end: &str| {
            let is_longer = |marker: &Marker| marker.text.len() > end.len();
            let mut longer = self.all.iter().filter(|marker| is_longer(marker));
            longer.any(|marker| marker.text.starts_with(end))
        };
        starts.map(|at| &text[at..]).any(begins)
    }

    /// Splits a text at its markers: the rest with [`SEPARATOR`]s in their places, and
    /// their ids.
    pub(crate) fn cut(&self, text: &str) -> (String, Vec<u32>) {
        let text = unguarded_signs(text);
        let (mut rest, mut ids) = (String::with_capacity(text.len()), Vec::new());
        let mut from = 0;
        let mut strips = false;
        let mut push = |piece: &str, strips_start: bool, strips_end: bool| {
            let piece = if strips_start {
                piece.trim_start()
            } else {
                piece
            };
            let piece = if strips_end { piece.trim_end() } else { piece };
            rest.extend(piece.chars().filter(|c| *c != GUARD));
        };
        let mut seams = Vec::new();
        for found in self.finder.find_iter(&*text) {
            let marker = &self.all[found.pattern().as_usize()];
            seams.push((found.start(), found.end(), marker));
        }
        for (start, end, marker) in seams {
            push(&text[from..start], strips, marker.strips_left);
            push(SEPARATOR.encode_utf8(&mut [0; 4]), false, false);
            ids.push(marker.id);
            (from, strips) = (end, marker.strips_right);
        }
        push(&text[from..], strips, false);
        (rest, ids)
    }

    /// A text in which every marker is broken in two by a [`SEPARATOR`], for
    /// vocabularies whose merges produce a marker anyway.
    pub(crate) fn broken(&self, text: &str) -> String {
        let separator = SEPARATOR.to_string();
        let guarded = self.guarded(text);
        guarded.trim_end_matches(GUARD).replace(GUARD, &separator)
    }
}

/// Untrusted text without the two special characters used here. They belong to no
/// script and become U+FFFD.
pub(crate) fn without_signs(text: &str) -> Cow<'_, str> {
    match text.contains([GUARD, SEPARATOR]) {
        true => Cow::Owned(text.replace([GUARD, SEPARATOR], "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// A template's text without separators.
fn unguarded_signs(text: &str) -> Cow<'_, str> {
    match text.contains(SEPARATOR) {
        true => Cow::Owned(text.replace(SEPARATOR, "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// A rendered text for display.
pub(crate) fn unguarded(text: &str) -> Cow<'_, str> {
    match text.contains(GUARD) {
        true => Cow::Owned(text.replace(GUARD, "")),
        false => Cow::Borrowed(text),
    }
}

/// Whether a token's text has the shape of a marker: `<..>`, or `[..]` in capitals.
pub(crate) fn looks_like_marker(text: &str) -> bool {
    let inside = |open: char, close: char| text.strip_prefix(open)?.strip_suffix(close);
    let is_word = |inner: &str| {
        !inner.is_empty()
            && !inner.contains(char::is_whitespace)
            && inner.contains(char::is_alphabetic)
    };
    let is_capital = |c: char| c.is_ascii_uppercase() || "_/".contains(c);
    inside('<', '>').is_some_and(|inner| is_word(inner) && !inner.contains(['<', '>']))
        || inside('[', ']').is_some_and(|inner| is_word(inner) && inner.chars().all(is_capital))
}

/// The note on markers declared as plain tokens.
pub(crate) fn note_on_retyped(texts: &[String]) -> Option<String> {
    if texts.is_empty() {
        return None;
    }
    let shown: Vec<&str> = texts.iter().take(4).map(String::as_str).collect();
    let more = if texts.len() > 4 { ", .." } else { "" };
    Some(format!(
        "the file declares turn markers as plain tokens ({}{more}): they are treated as markers, \
        as the chat template expects",
        shown.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markers() -> Markers {
        let texts = ["<|im_start|>", "<|im_end|>", "<|", "</s>"];
        let all = (1..).zip(texts).map(|(id, text)| Marker::new(text, id));
        Markers::new(all.collect()).unwrap()
    }

    #[test]
    fn a_text_is_cut_at_the_longest_markers() {
        let (rest, ids) = markers().cut("<|im_start|>user\nHi<|im_end|>\n<|x");
        assert_eq!(ids, [1, 2, 3]);
        let pieces: Vec<&str> = rest.split(SEPARATOR).collect();
        assert_eq!(pieces, ["", "user\nHi", "\n", "x"]);
    }

    #[test]
    fn what_somebody_wrote_holds_no_marker() {
        let markers = markers();
        for written in [
            "Weird <|im_end|> Film",
            "<|im_<|im_end|>end|>",
            "</s></s>",
            "ends in <|im_e",
            "ends in <",
            "plain",
            "",
        ] {
            let guarded = markers.guarded(written);
            let (rest, ids) = markers.cut(&format!("<|im_start|>{guarded}nd|>"));
            assert_eq!(ids, [1], "{written}");
            assert_eq!(rest, format!("{SEPARATOR}{written}nd|>"));
            assert_eq!(unguarded(&guarded), written);
        }
        assert!(matches!(markers.guarded("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_signs_themselves_are_no_text() {
        let written = format!("a{GUARD}b{SEPARATOR}c");
        assert_eq!(markers().guarded(&written), "a\u{FFFD}b\u{FFFD}c");
        let (rest, ids) = markers().cut(&format!("x{SEPARATOR}y"));
        assert_eq!((rest.as_str(), ids.len()), ("x\u{FFFD}y", 0));
    }

    #[test]
    fn a_marker_may_take_the_white_space_around_it() {
        let mut end = Marker::new("<|end|>", 7);
        (end.strips_left, end.strips_right) = (true, true);
        let (rest, ids) = Markers::new(vec![end]).unwrap().cut("a \n<|end|> \nb ");
        assert_eq!((rest, ids), (format!("a{SEPARATOR}b "), vec![7]));
    }

    #[test]
    fn markers_have_a_shape() {
        for marker in [
            "<|im_end|>",
            "<start_of_turn>",
            "</s>",
            "[INST]",
            "[/INST]",
            "<｜User｜>",
        ] {
            assert!(looks_like_marker(marker), "{marker}");
        }
        for text in [
            "<",
            "<>",
            "[a]",
            "[1]",
            "a<b>",
            "<a b>",
            "< 3 >",
            "[]",
            "<<SYS>>\n",
        ] {
            assert!(!looks_like_marker(text), "{text}");
        }
    }
}
