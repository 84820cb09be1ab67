//! A lesson's runs side by side: their figures, how long they took, and both texts of the
//! first two with what differs.

use std::ops::Range;

use serde::Serialize;

use super::super::web::with_breaks;
use super::run::label;
use crate::present::lesson::walk::LessonRuns;
use crate::present::number::{NOT_RECORDED, percent, three};
use crate::present::parting::parting;
use crate::present::record::Record;
use crate::speculate::compare::{align, divergence, in_common};
use crate::speculate::quality::LogProb;
use crate::speculate::stats::first_difference;

/// What the page's COMPARE has.
#[derive(Serialize)]
pub(super) struct PageComparison {
    /// The runs with their letters.
    runs: Vec<ComparedRun>,
    rows: Vec<ComparedRow>,
    /// Where the first two diverge and why.
    parting: String,
    /// Their texts; none if they are equal.
    texts: Vec<ComparedText>,
}

/// A text in pieces.
#[derive(Serialize)]
struct ComparedText {
    letter: char,
    label: String,
    parts: Vec<TextPart>,
}

#[derive(Serialize)]
struct ComparedRun {
    letter: char,
    label: String,
    /// Milliseconds of all its steps, and their share of the slowest run's.
    ms: String,
    share: f64,
}

/// A figure of every run.
#[derive(Serialize)]
struct ComparedRow {
    name: &'static str,
    values: Vec<String>,
}

#[derive(Serialize)]
struct TextPart {
    text: String,
    differs: bool,
    /// Whether the first difference is here.
    first: bool,
}

/// `None`: there is nothing to compare.
pub(super) fn comparison(runs: &LessonRuns) -> Option<PageComparison> {
    let [a, b, ..] = runs.runs.as_slice() else {
        return None;
    };
    if runs.course.is_some() {
        return None;
    }
    let names = [('A', label(&a.0, &a.1)), ('B', label(&b.0, &b.1))];
    let [a, b] = [&a.1, &b.1];
    let parted = divergence(&a.trace, &b.trace);
    let all: Vec<&Record> = runs.runs.iter().map(|run| &run.1).collect();
    Some(PageComparison {
        runs: compared_runs(runs),
        rows: rows(&all),
        parting: parting([a, b], parted.as_ref()),
        texts: match parted {
            Some(_) => texts(names, [a, b]),
            None => Vec::new(),
        },
    })
}

fn compared_runs(runs: &LessonRuns) -> Vec<ComparedRun> {
    let ms = |record: &Record| record.stats.ms();
    let longest = runs
        .runs
        .iter()
        .filter_map(|run| ms(&run.1))
        .fold(0.0, f64::max);
    let compared = ('A'..)
        .zip(&runs.runs)
        .map(|(letter, (name, record))| ComparedRun {
            letter,
            label: label(name, record),
            ms: ms(record).map_or(NOT_RECORDED.into(), |ms| {
                format!("{} s", three(ms / 1000.0))
            }),
            share: ms(record).map_or(0.0, |ms| (100.0 * ms / longest.max(1.0)).round()),
        });
    compared.collect()
}

fn rows(all: &[&Record]) -> Vec<ComparedRow> {
    let Some((first, _)) = all.split_first() else {
        return Vec::new();
    };
    let row = |name, of: &dyn Fn(&Record) -> String| ComparedRow {
        name,
        values: all.iter().map(|record| of(record)).collect(),
    };
    let told = |value: Option<f64>| value.map_or(NOT_RECORDED.into(), three);
    let equal = |record: &Record| {
        let n = first_difference(&first.ids, &record.ids).unwrap_or(first.ids.len());
        format!("{n} of {}", record.ids.len())
    };
    let log_prob = |record: &Record| {
        let mean = LogProb::of(&record.trace).mean();
        mean.map_or(NOT_RECORDED.into(), |mean| format!("{mean:.2}"))
    };
    vec![
        row("equal tokens, as A from the beginning", &equal),
        row("in common with A, aligned", &|r| {
            percent(in_common(&first.ids, &r.ids))
        }),
        row("steps", &|r| r.n_steps().to_string()),
        row("MAL, tokens per step", &|r| told(r.stats.mal())),
        row("rows per step", &|r| told(r.stats.rows_per_step())),
        row("tok/s", &|r| told(r.stats.tokens_per_s())),
        row("ms per token", &|r| {
            told(r.stats.tokens_per_s().map(|n| 1000.0 / n))
        }),
        row("mean log p of the text", &log_prob),
    ]
}

/// Both texts, aligned.
fn texts(names: [(char, String); 2], [a, b]: [&Record; 2]) -> Vec<ComparedText> {
    let stretches = align(&a.ids, &b.ids);
    let left = stretches.iter().map(|s| part(a, &s.left, s.is_equal));
    let right = stretches.iter().map(|s| part(b, &s.right, s.is_equal));
    let both = [left.collect::<Vec<_>>(), right.collect()];
    let texts = names.into_iter().zip(both);
    let text = |((letter, label), mut parts): ((char, String), Vec<TextPart>)| {
        if let Some(first) = parts.iter_mut().find(|part| part.differs) {
            first.first = true;
        }
        parts.retain(|part| part.first || !part.text.is_empty());
        ComparedText {
            letter,
            label,
            parts,
        }
    };
    texts.map(text).collect()
}

fn part(record: &Record, tokens: &Range<usize>, is_equal: bool) -> TextPart {
    let n_opening = record.cells.len() - record.ids.len();
    let cells = &record.cells[tokens.start + n_opening..tokens.end + n_opening];
    TextPart {
        text: cells.iter().map(with_breaks).collect(),
        differs: !is_equal,
        first: false,
    }
}
