//! The running text wrapped into lines of tokens: words stay whole where they
//! fit, newline tokens break the line, ghosts stand where a step ended.
//!
//! Knows columns, not colours.

use std::ops::Range;
use std::rc::Rc;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use super::state::decode::Ghosts;
use super::state::record::{Ghost, Pick, Place, Record, TextCell};
use super::token_text::columns;

/// Where a piece of a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Index into [`Record::cells`].
    Cell(usize),
    /// The ghost of a step.
    Ghost(usize),
}

/// A stretch of one token on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub x: usize,
    pub width: usize,
    pub from: From,
    /// Which bytes of what is drawn for it.
    bytes: Range<usize>,
}

impl Piece {
    pub fn text<'a>(&self, record: &'a Record) -> &'a str {
        let whole = match self.from {
            From::Cell(cell) => record.cells.get(cell).map(|c| c.text.as_str()),
            From::Ghost(step) => {
                let ghost = record.ghosts.get(step).and_then(Option::as_ref);
                ghost.map(|g| g.text.as_str())
            }
        };
        whole.map_or("", |text| self.cut(text))
    }

    /// Its part of what is drawn for the whole token.
    pub fn cut<'a>(&self, whole: &'a str) -> &'a str {
        whole.get(self.bytes.clone()).unwrap_or_default()
    }
}

pub type Line = Vec<Piece>;

struct Unit<'a> {
    from: From,
    text: &'a str,
    width: usize,
    breaks: &'a [usize],
}

/// The text in lines of `width` columns; the same is laid out once. Never empty.
pub fn flow(record: &Record, ghosts: Ghosts, width: usize) -> Rc<Vec<Line>> {
    let key = (record.cells.len(), ghosts, width);
    let lines = || lay_out(&units(record, ghosts), width);
    record.laid_out.get(key, lines)
}

/// Lays out texts, each with the offsets after which its line breaks, numbered
/// as cells. Never empty.
pub fn flow_texts<'a>(
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

fn lay_out(units: &[Unit<'_>], width: usize) -> Vec<Line> {
    let mut paper = Paper {
        lines: vec![Vec::new()],
        x: 0,
        width: width.max(1),
        start: Start::Paragraph,
    };
    for (i, unit) in units.iter().enumerate() {
        if paper.x > 0 && begins_word(unit) && paper.x + word_width(&units[i..]) > paper.width {
            paper.break_line(Start::Wrapped);
        }
        paper.put_unit(unit);
    }
    paper.lines
}

/// The line on which a token of the text begins.
pub fn line_of(lines: &[Line], cell: usize) -> usize {
    let holds = |line: &Line| line.iter().any(|p| p.from == From::Cell(cell));
    lines.iter().position(holds).unwrap_or(0)
}

/// The token `delta` lines below `cell`, nearest to its column.
pub fn neighbour(lines: &[Line], cell: usize, delta: i64) -> Option<usize> {
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

fn units(record: &Record, ghosts: Ghosts) -> Vec<Unit<'_>> {
    let mut units = Vec::with_capacity(record.cells.len());
    for (i, cell) in record.cells.iter().enumerate() {
        let ghost = ghost_before(record, cell).filter(|_| ghosts == Ghosts::Shown);
        if let Some((step, ghost)) = ghost {
            units.push(Unit {
                from: From::Ghost(step),
                text: &ghost.text,
                width: columns(&ghost.text),
                breaks: &[],
            });
        }
        units.push(Unit {
            from: From::Cell(i),
            text: &cell.text,
            width: cell.width,
            breaks: &cell.breaks,
        });
    }
    units
}

/// A ghost stands before the bonus token, which the model preferred to it.
fn ghost_before<'a>(record: &'a Record, cell: &TextCell) -> Option<(usize, &'a Ghost)> {
    let Place::Step {
        step,
        pick: Pick::Bonus,
        ..
    } = cell.place
    else {
        return None;
    };
    record.ghosts.get(step)?.as_ref().map(|ghost| (step, ghost))
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
enum Start {
    Paragraph,
    /// Because the last one was full: a leading space is not drawn.
    Wrapped,
}

struct Paper {
    lines: Vec<Line>,
    x: usize,
    width: usize,
    start: Start,
}

impl Paper {
    fn break_line(&mut self, start: Start) {
        self.lines.push(Vec::new());
        self.x = 0;
        self.start = start;
    }

    fn put_unit(&mut self, unit: &Unit<'_>) {
        let mut from = 0;
        for &end in unit.breaks {
            self.put(unit, from..end);
            self.break_line(Start::Paragraph);
            from = end;
        }
        self.put(unit, from..unit.text.len());
    }

    fn put(&mut self, unit: &Unit<'_>, bytes: Range<usize>) {
        let Range { start: mut at, end } = bytes;
        if self.x == 0 && self.start == Start::Wrapped && unit.text[at..end].starts_with(' ') {
            at += 1;
        }
        while at < end {
            let text = &unit.text[at..end];
            let mut n_bytes = fitting(text, self.width - self.x);
            if n_bytes == 0 && self.x > 0 {
                self.break_line(Start::Wrapped);
                continue;
            }
            // A character wider than the pane still gets a place of its own.
            if n_bytes == 0 {
                n_bytes = text.graphemes(true).next().map_or(text.len(), str::len);
            }
            self.put_piece(unit, at..at + n_bytes);
            at += n_bytes;
            if at < end {
                self.break_line(Start::Wrapped);
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
