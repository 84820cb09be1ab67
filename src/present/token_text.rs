//! Tokens shown honestly: newlines and tabs visible, control and invisible
//! characters escaped, bytes that are no text yet as ⟨E2⟩.
//!
//! Knows bytes and columns only; nothing of fates, steps or panes.

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::console::visible::is_control;

const NEWLINE: &str = "⏎";
const TAB: &str = "⇥";

/// What is drawn for a stretch of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// Columns it takes.
    pub(crate) width: usize,
    /// Byte offsets in `text` after which the source broke the line.
    pub(crate) breaks: Vec<usize>,
}

impl Shown {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.width += columns(text);
    }
}

/// Columns a text takes on the terminal, as the buffer counts them.
pub fn columns(text: &str) -> usize {
    text.graphemes(true)
        .filter(|g| !g.contains(char::is_control))
        .map(|g| usize::from(g.cell_width()))
        .sum()
}

/// Bytes as text, every one of them visible.
pub(crate) fn show(bytes: &[u8]) -> Shown {
    let mut shown = Shown::default();
    for chunk in bytes.utf8_chunks() {
        chunk
            .valid()
            .graphemes(true)
            .for_each(|g| show_grapheme(g, &mut shown));
        if !chunk.invalid().is_empty() {
            shown.push(&raw_bytes(chunk.invalid()));
        }
    }
    shown
}

/// A token for a list or a tree: in quotes, so that its spaces are seen.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    format!("'{}'", show(bytes).text)
}

/// Cuts a text to `width` columns; what does not fit is replaced by `…`.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_string();
    }
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let next = columns(grapheme);
        if used + next + 1 > width {
            break;
        }
        cut.push_str(grapheme);
        used += next;
    }
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Keeps the end of a text.
pub(crate) fn fit_left(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_string();
    }
    if width == 0 {
        return String::new();
    }
    let mut cut: &str = text;
    while columns(cut) + 1 > width {
        let mut chars = cut.chars();
        if chars.next().is_none() {
            break;
        }
        cut = chars.as_str();
    }
    format!("…{cut}")
}

/// Cut or filled up with spaces to `width` columns.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let text = fit(text, width);
    let gap = width.saturating_sub(columns(&text));
    format!("{text}{}", " ".repeat(gap))
}

fn raw_bytes(bytes: &[u8]) -> String {
    let hex: String = bytes.iter().map(|b| format!("{b:02X}")).collect();
    format!("⟨{hex}⟩")
}

fn show_grapheme(grapheme: &str, shown: &mut Shown) {
    if grapheme.contains(is_control) {
        grapheme.chars().for_each(|c| show_control(c, shown));
    } else if grapheme.cell_width() == 0 {
        grapheme.chars().for_each(|c| shown.push(&code_point(c)));
    } else {
        shown.push(grapheme);
    }
}

/// Control characters by their pictures (U+2400 block); `\r\n` is one grapheme.
fn show_control(c: char, shown: &mut Shown) {
    match c {
        '\n' => {
            shown.push(NEWLINE);
            shown.breaks.push(shown.text.len());
        }
        '\t' => shown.push(TAB),
        '\u{7f}' => shown.push("␡"),
        '\0'..='\u{1f}' => {
            let picture = char::from_u32(0x2400 + c as u32).unwrap_or('␦');
            shown.push(picture.encode_utf8(&mut [0; 4]));
        }
        other => shown.push(&code_point(other)),
    }
}

fn code_point(c: char) -> String {
    format!("⟨U+{:04X}⟩", c as u32)
}

/// Joins a stream of tokens into readable text: a character that is spread over
/// several tokens shows its bytes until its last token completes it there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Joiner {
    /// Bytes of a character begun but not completed.
    pending: Vec<u8>,
    /// Tokens these bytes came from.
    n_pending: usize,
}

/// What one more token does to the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) shown: Shown,
    /// How many tokens before this one now show nothing, because this one shows
    /// the character that they began.
    pub(crate) absorbed: usize,
}

impl Joiner {
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Joined {
        let mut all = std::mem::take(&mut self.pending);
        let n_before = std::mem::take(&mut self.n_pending);
        let n_carried = all.len();
        all.extend_from_slice(bytes);
        let open = is_unfinished(&all);
        let completes = first_char_len(&all) > n_carried;
        if n_carried > 0 && !open && !completes {
            return self.restart(bytes);
        }
        let joined = Joined {
            shown: show(&all[if open { n_carried } else { 0 }..]),
            absorbed: if completes { n_before } else { 0 },
        };
        self.keep_tail(&all, if open { n_before } else { 0 });
        joined
    }

    /// The begun character never came: its tokens keep showing their bytes.
    fn restart(&mut self, bytes: &[u8]) -> Joined {
        self.keep_tail(bytes, 0);
        Joined {
            shown: show(bytes),
            absorbed: 0,
        }
    }

    fn keep_tail(&mut self, bytes: &[u8], n_before: usize) {
        let tail = unfinished_tail(bytes);
        if !tail.is_empty() {
            self.pending = tail.to_vec();
            self.n_pending = n_before + 1;
        }
    }
}

/// Bytes of the character at the start; 0 if there is none.
fn first_char_len(bytes: &[u8]) -> usize {
    let valid = bytes.utf8_chunks().next().map_or("", |c| c.valid());
    valid.chars().next().map_or(0, char::len_utf8)
}

/// The whole is the beginning of one character.
fn is_unfinished(bytes: &[u8]) -> bool {
    !bytes.is_empty() && unfinished_tail(bytes).len() == bytes.len()
}

/// The bytes at the end that could still become a character.
fn unfinished_tail(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(_) => &[],
        Err(e) if e.error_len().is_none() => &bytes[e.valid_up_to()..],
        Err(e) => {
            let bad = e.valid_up_to() + e.error_len().unwrap_or(1);
            unfinished_tail(&bytes[bad..])
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn white_space_and_control_bytes_are_visible() {
        assert_eq!(show(b" a\n\tb").text, " a⏎⇥b");
        assert_eq!(show(b"a\nb").breaks, [4]);
        assert_eq!(show(b"\x1b[0m\r\n\x7f").text, "␛[0m␍⏎␡");
        assert_eq!(
            show("\u{85}\u{200b}\u{202e}x".as_bytes()).text,
            "⟨U+0085⟩⟨U+200B⟩⟨U+202E⟩x"
        );
        assert_eq!(show("\u{2028}".as_bytes()).text, "⟨U+2028⟩");
    }

    #[test]
    fn a_mark_without_its_letter_is_spelled_out() {
        assert_eq!(show("\u{301}a".as_bytes()).text, "⟨U+0301⟩a");
        assert_eq!(show("a\u{301}".as_bytes()).text, "a\u{301}");
    }

    #[test]
    fn bytes_that_are_no_text_are_numbers() {
        assert_eq!(show(b"ab\xe2\x99").text, "ab⟨E299⟩");
    }

    #[test]
    fn a_character_appears_where_it_is_completed() {
        let mut joiner = Joiner::default();
        let texts: Vec<(String, usize)> = [&b"a\xe2"[..], b"\x99", b"\xa5 b", b"c"]
            .iter()
            .map(|t| joiner.push(t))
            .map(|j| (j.shown.text, j.absorbed))
            .collect();
        let want = [("a⟨E2⟩", 0), ("⟨99⟩", 0), ("♥ b", 2), ("c", 0)];
        assert_eq!(texts, want.map(|(t, n)| (t.to_string(), n)));
    }

    #[test]
    fn a_character_that_never_comes_keeps_its_bytes() {
        let mut joiner = Joiner::default();
        joiner.push(b"\xe2");
        let next = joiner.push(b"x\xc3");
        assert_eq!((next.shown.text.as_str(), next.absorbed), ("x⟨C3⟩", 0));
        assert_eq!(joiner.push(b"\xa9").shown.text, "é");
    }

    #[test]
    fn wide_characters_are_cut_whole() {
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(
            (fit("abc", 0), fit_left("abc", 0)),
            (String::new(), String::new())
        );
        assert_eq!(fit_left("abc", 2), "…c");
    }

    proptest! {
        #[test]
        fn the_width_is_what_the_buffer_advances(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let shown = show(&bytes);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 1000, 1));
            let (x, _) = buffer.set_stringn(0, 0, &shown.text, usize::MAX, Style::new());
            prop_assert_eq!(x as usize, shown.width);
            prop_assert!(!shown.text.chars().any(char::is_control));
            prop_assert!(bytes.is_empty() || shown.width > 0);
        }

        #[test]
        fn any_character_is_measured_and_visible(text in "\\PC{1,12}") {
            let shown = show(text.as_bytes());
            let mut buffer = Buffer::empty(Rect::new(0, 0, 1000, 1));
            let (x, _) = buffer.set_stringn(0, 0, &shown.text, usize::MAX, Style::new());
            prop_assert_eq!(x as usize, shown.width);
            prop_assert!(shown.width > 0);
        }

        #[test]
        fn a_cut_text_fits(text in "\\PC{0,20}", width in 0usize..12) {
            let text = show(text.as_bytes()).text;
            prop_assert!(columns(&fit(&text, width)) <= width);
            prop_assert!(columns(&fit_left(&text, width)) <= width);
        }

        /// However text is split into tokens, once it is complete it reads the same.
        #[test]
        fn splitting_changes_nothing(text in "[a-zé日♥🎬 ]{1,12}", cuts in prop::collection::vec(1usize..4, 1..40)) {
            let mut joiner = Joiner::default();
            let mut texts: Vec<String> = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().chain(std::iter::repeat(&3)) {
                if rest.is_empty() { break; }
                let (token, tail) = rest.split_at((*cut).min(rest.len()));
                rest = tail;
                let joined = joiner.push(token);
                let n = texts.len();
                for before in &mut texts[n - joined.absorbed..] {
                    let keep = before.find('⟨').unwrap_or(0);
                    before.truncate(keep);
                }
                texts.push(joined.shown.text);
            }
            prop_assert_eq!(texts.concat(), text);
        }
    }
}
