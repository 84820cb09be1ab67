//! The text of a run as a lane of a batch shows it: short enough to be kept for every
//! subject, whatever becomes of the run's record.

use std::ops::Range;

use super::lines::{From, flow_texts};
use super::mark::Mark;
use super::record::{Record, TokenPlace};

/// Tokens before the newest step whose bytes it may complete.
const LOOKED_BACK: usize = 8;

/// A token as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LaneToken {
    pub(crate) text: String,
    /// `None`: prefilled, or taken over by a branch.
    pub(crate) mark: Option<Mark>,
}

/// A run's text, token by token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneText {
    tokens: Vec<LaneToken>,
    /// Tokens before the first step, and after each.
    ends: Vec<usize>,
}

impl LaneText {
    /// The text of a record.
    pub(crate) fn of(record: &Record) -> Self {
        let mut text = LaneText::default();
        text.follow(record);
        text
    }

    /// Takes in what the record has become.
    pub(crate) fn follow(&mut self, record: &Record) {
        self.tokens
            .truncate(self.tokens.len().saturating_sub(LOOKED_BACK));
        let new = record.cells.iter().skip(self.tokens.len());
        let new: Vec<LaneToken> = new
            .map(|cell| LaneToken {
                text: cell.text.clone(),
                mark: match cell.place {
                    TokenPlace::Opening => None,
                    TokenPlace::Step { mark, .. } => Some(mark),
                },
            })
            .collect();
        self.tokens.extend(new);
        self.ends.clone_from(&record.step_cells);
    }

    /// Steps in it.
    pub(crate) fn n_steps(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    /// The last `rows` lines of `width` columns after this many steps: per token on a line,
    /// its column, what is drawn of it, and its mark.
    pub(crate) fn tail(
        &self,
        n_steps: usize,
        width: usize,
        rows: usize,
    ) -> Vec<Vec<LanePiece<'_>>> {
        let end = self.ends.get(n_steps.min(self.n_steps()));
        let end = end.map_or(0, |&end| end.min(self.tokens.len()));
        let from = self.first_needed(end, width * (rows + 1));
        let tokens = &self.tokens[from..end];
        let lines = flow_texts(tokens.iter().map(|t| (t.text.as_str(), &[][..])), width);
        let hidden = lines.len().saturating_sub(rows);
        let shown = lines.into_iter().skip(hidden);
        let drawn = |line: super::lines::Line| {
            let pieces = line.into_iter().filter_map(|piece| match piece.from {
                From::Cell(at) => {
                    let token = &tokens[at];
                    Some((piece.x, piece.cut(&token.text), token.mark))
                }
                From::Ghost(_) => None,
            });
            pieces.collect()
        };
        shown.map(drawn).collect()
    }

    /// The first token of those that fill this many columns.
    fn first_needed(&self, end: usize, columns: usize) -> usize {
        let mut used = 0;
        let needed = self.tokens[..end].iter().rev().take_while(|token| {
            let is_needed = used < columns;
            used += super::token_text::columns(&token.text);
            is_needed
        });
        let Range { start, .. } = end - needed.count()..end;
        start
    }
}

/// A token on a line.
pub(crate) type LanePiece<'a> = (usize, &'a str, Option<Mark>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speculate::trace::Trace;

    fn record() -> Record {
        let shipped = include_str!("../../assets/traces/relaxed.jsonl");
        let trace = Trace::load(shipped.as_bytes()).expect("a trace");
        let mut record = Record::new(trace.header);
        trace.steps.into_iter().for_each(|step| record.push(step));
        record
    }

    #[test]
    fn following_step_by_step_is_reading_the_whole() {
        let whole = record();
        let mut grown = Record::new(whole.trace.header.clone());
        let mut text = LaneText::of(&grown);
        for step in whole.trace.steps.clone() {
            grown.push(step);
            text.follow(&grown);
        }
        assert_eq!(text, LaneText::of(&whole));
        assert_eq!(text.n_steps(), whole.n_steps());
    }

    #[test]
    fn the_tail_is_the_end_of_the_text_after_any_step() {
        let whole = record();
        let text = LaneText::of(&whole);
        for n_steps in 0..=text.n_steps() {
            let cells = &whole.cells[..whole.step_cells[n_steps]];
            let all: String = cells.iter().map(|c| c.text.as_str()).collect();
            let letters = |s: &str| s.chars().filter(|c| *c != ' ').collect::<String>();
            for (width, rows) in [(20, 1), (33, 2), (60, 3)] {
                let tail = text.tail(n_steps, width, rows);
                assert!((1..=rows).contains(&tail.len()));
                let drawn: String = tail.iter().flatten().map(|d| d.1).collect();
                assert!(letters(&all).ends_with(&letters(&drawn)), "{drawn}");
                let fits = |line: &Vec<LanePiece<'_>>| {
                    let last = line.last();
                    last.is_none_or(|d| d.0 + super::super::token_text::columns(d.1) <= width)
                };
                assert!(tail.iter().all(fits));
            }
        }
    }
}
