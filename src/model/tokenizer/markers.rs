//! Markers in texts: the tokens that a chat template writes between turns, and
//! that no title or prompt may turn into.
//!
//! The tokenizer itself knows no markers. A rendered prompt is cut at them here,
//! what lies between is encoded as text, and their ids are put back. A marker in
//! what somebody wrote is broken up by a character that no text has before the
//! template sees it; afterwards that character is taken out again.

use std::borrow::Cow;

use aho_corasick::{AhoCorasick, MatchKind};
use color_eyre::eyre::{Result, eyre};

/// Stands in a marker that is no marker. Unicode assigns the last two code points
/// of its last plane to nothing, for ever.
const GUARD: char = '\u{10FFFE}';

/// Stands where a marker is taken out of what is encoded: it keeps apart what
/// stands before and behind it.
pub(crate) const SEPARATOR: char = '\u{10FFFF}';

/// A token that is recognised as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Marker {
    pub(crate) text: String,
    pub(crate) id: u32,
    /// Takes the white space in front of it along (`lstrip` in `tokenizer.json`).
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
    /// More markers than a search can hold, which no vocabulary has.
    pub(crate) fn new(mut all: Vec<Marker>) -> Result<Self> {
        all.retain(|marker| !marker.text.is_empty());
        // Where two ids share a text, the lower one is the one that is written.
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

    /// What somebody wrote, so that none of it is a marker, also together with
    /// what comes behind it.
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

    /// Whether the end of the text is the beginning of a marker.
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

    /// Cuts a text at its markers: the rest of it with [`SEPARATOR`]s in their
    /// places, and their ids.
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
    /// vocabularies whose merges lead to a marker all the same.
    pub(crate) fn broken(&self, text: &str) -> String {
        let separator = SEPARATOR.to_string();
        let guarded = self.guarded(text);
        guarded.trim_end_matches(GUARD).replace(GUARD, &separator)
    }
}

/// What somebody wrote without the two characters that mean something here. They
/// are no characters of any script: U+FFFD stands for such.
pub(crate) fn without_signs(text: &str) -> Cow<'_, str> {
    match text.contains([GUARD, SEPARATOR]) {
        true => Cow::Owned(text.replace([GUARD, SEPARATOR], "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// A template's text without separators of its own.
fn unguarded_signs(text: &str) -> Cow<'_, str> {
    match text.contains(SEPARATOR) {
        true => Cow::Owned(text.replace(SEPARATOR, "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// A rendered text as somebody is to read it.
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

/// What is said of markers that the file types as ordinary tokens.
pub(crate) fn note_on_retyped(texts: &[String]) -> Option<String> {
    if texts.is_empty() {
        return None;
    }
    let shown: Vec<&str> = texts.iter().take(4).map(String::as_str).collect();
    let more = if texts.len() > 4 { ", .." } else { "" };
    Some(format!(
        "the file types turn markers as ordinary tokens ({}{more}): they are read as markers, as \
         the chat template means them",
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
