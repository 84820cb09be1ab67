//! Tokens wrapped into lines: words stay whole where they fit, newline tokens break
//! the line.
//!
//! Knows columns, not colours.

use std::ops::Range;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::token_text::columns;

/// Whether the text shows drafts that were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ghosts {
    Hidden,
    Shown,
}

/// Where a piece of a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Index into a record's cells.
    Cell(usize),
    /// The ghost of a step.
    Ghost(usize),
}

/// A stretch of one token on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) x: usize,
    pub(crate) width: usize,
    pub(crate) from: From,
    /// Which bytes of what is drawn for it.
    bytes: Range<usize>,
}

impl Piece {
    /// Its part of what is drawn for the whole token.
    pub(crate) fn cut<'a>(&self, whole: &'a str) -> &'a str {
        whole.get(self.bytes.clone()).unwrap_or_default()
    }
}

pub(crate) type Line = Vec<Piece>;

pub(super) struct Unit<'a> {
    pub(super) from: From,
    pub(super) text: &'a str,
    pub(super) width: usize,
    pub(super) breaks: &'a [usize],
}

/// Lays out texts, each with the offsets after which its line breaks, numbered
/// as cells. Never empty.
pub(crate) fn flow_texts<'a>(
    texts: impl Iterator<Item = (&'a str, &'a [usize])>,
    width: usize,
) -> Vec<Line> {
    let units = texts.enumerate().map(|(i, (text, breaks))| Unit {
        from: From::Cell(i),
        text,
        width: columns(text),
        breaks,
    });
    lay_out(&units.collect::<Vec<_>>(), width)
}

pub(super) fn lay_out(units: &[Unit<'_>], width: usize) -> Vec<Line> {
    let mut paper = Paper {
        lines: vec![Vec::new()],
        x: 0,
        width: width.max(1),
        start: LineStart::Paragraph,
    };
    for (i, unit) in units.iter().enumerate() {
        if paper.x > 0 && begins_word(unit) && paper.x + word_width(&units[i..]) > paper.width {
            paper.break_line(LineStart::Wrapped);
        }
        paper.put_unit(unit);
    }
    paper.lines
}

/// The line on which a token of the text begins.
pub(crate) fn line_of(lines: &[Line], cell: usize) -> usize {
    let holds = |line: &Line| line.iter().any(|p| p.from == From::Cell(cell));
    lines.iter().position(holds).unwrap_or(0)
}

/// The token `delta` lines below `cell`, nearest to its column.
pub(crate) fn neighbour(lines: &[Line], cell: usize, delta: i64) -> Option<usize> {
    let here = line_of(lines, cell);
    let x = lines[here]
        .iter()
        .find(|p| p.from == From::Cell(cell))
        .map_or(0, |p| p.x);
    let mut at = here as i64 + delta;
    while (0..lines.len() as i64).contains(&at) {
        let cells = lines[at as usize].iter().filter_map(|p| match p.from {
            From::Cell(cell) => Some((p.x.abs_diff(x), cell)),
            From::Ghost(_) => None,
        });
        if let Some((_, cell)) = cells.min() {
            return Some(cell);
        }
        at += delta.signum();
    }
    None
}

fn begins_word(unit: &Unit<'_>) -> bool {
    unit.text.starts_with(' ') || matches!(unit.from, From::Ghost(_))
}

/// Columns from this unit to the next place where a line may break.
fn word_width(units: &[Unit<'_>]) -> usize {
    let mut width = 0;
    for (i, unit) in units.iter().enumerate() {
        if i > 0 && begins_word(unit) {
            break;
        }
        if let Some(&end) = unit.breaks.first() {
            return width + columns(&unit.text[..end]);
        }
        width += unit.width;
    }
    width
}

/// How the line under way began.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineStart {
    Paragraph,
    /// Because the last one was full: a leading space is not drawn.
    Wrapped,
}

struct Paper {
    lines: Vec<Line>,
    x: usize,
    width: usize,
    start: LineStart,
}

impl Paper {
    fn break_line(&mut self, start: LineStart) {
        self.lines.push(Vec::new());
        self.x = 0;
        self.start = start;
    }

    fn put_unit(&mut self, unit: &Unit<'_>) {
        let mut from = 0;
        for &end in unit.breaks {
            self.put(unit, from..end);
            self.break_line(LineStart::Paragraph);
            from = end;
        }
        self.put(unit, from..unit.text.len());
    }

    fn put(&mut self, unit: &Unit<'_>, bytes: Range<usize>) {
        let Range { start: mut at, end } = bytes;
        if self.x == 0 && self.start == LineStart::Wrapped && unit.text[at..end].starts_with(' ') {
            at += 1;
        }
        while at < end {
            let text = &unit.text[at..end];
            let mut n_bytes = fitting(text, self.width - self.x);
            if n_bytes == 0 && self.x > 0 {
                self.break_line(LineStart::Wrapped);
                continue;
            }
            // A character wider than the pane still gets a place of its own.
            if n_bytes == 0 {
                n_bytes = text.graphemes(true).next().map_or(text.len(), str::len);
            }
            self.put_piece(unit, at..at + n_bytes);
            at += n_bytes;
            if at < end {
                self.break_line(LineStart::Wrapped);
            }
        }
    }

    fn put_piece(&mut self, unit: &Unit<'_>, bytes: Range<usize>) {
        let width = columns(&unit.text[bytes.clone()]);
        let piece = Piece {
            x: self.x,
            width,
            from: unit.from,
            bytes,
        };
        self.x += width;
        if let Some(line) = self.lines.last_mut() {
            line.push(piece);
        }
    }
}

/// How many bytes fit in a width.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += usize::from(grapheme.cell_width());
        if used > width {
            return at;
        }
    }
    text.len()
}
