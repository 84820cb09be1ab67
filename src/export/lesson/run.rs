//! A lesson's run as it stands in its page: figures, the text, and a bar a step.

use serde::Serialize;

use super::super::web::{PageCell, cell};
use crate::present::describe;
use crate::present::mark::Mark;
use crate::present::number::{NOT_RECORDED, UNKNOWN, count, percent, three};
use crate::present::record::Record;
use crate::present::selection::committed;
use crate::speculate::trace::{Step, Timing};
use crate::speculate::verify::Fate;

/// What of a run stands in the page itself.
#[derive(Serialize)]
pub(super) struct PageRun {
    index: usize,
    label: String,
    /// The subject and, of several runs of one, which it is.
    about: String,
    conditions: String,
    speed: Vec<PageFact>,
    pool: Vec<PageFact>,
    cells: Vec<PageCell>,
    bars: Vec<StepBar>,
    /// The most tokens committed in a step, and the most drafts wasted in one.
    most: [usize; 2],
}

/// A name and a value.
#[derive(Serialize)]
pub(super) struct PageFact {
    pub(super) name: String,
    pub(super) value: String,
}

impl PageFact {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        PageFact { name, value }
    }
}

/// A step of the bars: what it committed, in order, and what it wasted.
#[derive(Serialize)]
struct StepBar {
    number: usize,
    told: String,
    committed: Vec<&'static str>,
    refused: usize,
    unreached: usize,
}

impl PageRun {
    pub(super) fn of(index: usize, name: &str, record: &Record) -> Self {
        let cells = record.cells.iter().filter(|c| !c.text.is_empty());
        let bars: Vec<StepBar> = record.trace.steps.iter().map(bar).collect();
        let most = |of: fn(&StepBar) -> usize| bars.iter().map(of).max().unwrap_or(0).max(1);
        PageRun {
            index,
            about: about(name, record),
            label: label(name, record),
            conditions: describe::conditions(&record.trace).join(" · "),
            speed: speed(record),
            pool: pool(record),
            cells: cells.map(|c| cell(record, c)).collect(),
            most: [
                most(|bar| bar.committed.len()),
                most(|bar| bar.refused + bar.unreached),
            ],
            bars,
        }
    }
}

/// As buttons and tables name a run; a batch's are told apart by their titles.
pub(super) fn label(name: &str, record: &Record) -> String {
    match name.contains('/') {
        true => record.trace.header.subject.title.clone(),
        false => name.replace('-', " "),
    }
}

fn about(name: &str, record: &Record) -> String {
    let (title, label) = (&record.trace.header.subject.title, label(name, record));
    match *title == label {
        true => label,
        false => format!("{title} · {label}"),
    }
}

fn bar(step: &Step) -> StepBar {
    let marks = committed(step).into_iter().map(|(_, _, mark)| mark.name());
    let n = |fate| step.verdict.count(fate);
    StepBar {
        number: step.index + 1,
        told: fates_of(step),
        committed: marks.collect(),
        refused: n(Fate::Rejected) + n(Fate::Lost),
        unreached: n(Fate::Unreached),
    }
}

/// `3 accepted, 1 bonus, 2 rejected`
fn fates_of(step: &Step) -> String {
    let n = |mark: Mark| match mark {
        Mark::Fate(fate) => step.verdict.count(fate),
        Mark::Bonus => usize::from(step.verdict.bonus.is_some()),
    };
    let some = Mark::ALL.into_iter().filter(|&mark| n(mark) > 0);
    let told: Vec<String> = some.map(|m| format!("{} {}", n(m), m.name())).collect();
    told.join(", ")
}

/// What SPEED says of a run: where its time goes, and its drafts by fate.
fn speed(record: &Record) -> Vec<PageFact> {
    let stats = &record.stats;
    let told = |value: Option<f64>, unit: &str| {
        value.map_or(NOT_RECORDED.into(), |v| format!("{}{unit}", three(v)))
    };
    let mut facts = vec![
        PageFact::new("tokens", stats.tokens.to_string()),
        PageFact::new("steps", stats.steps.to_string()),
        PageFact::new("MAL", told(stats.mal(), " tokens per step")),
        PageFact::new("rows", told(stats.rows_per_step(), " per step")),
        PageFact::new("speed", told(stats.tokens_per_s(), " tokens/s")),
        PageFact::new(
            "time",
            told(stats.tokens_per_s().map(|n| 1000.0 / n), " ms per token"),
        ),
    ];
    facts.extend(stats.mean_timing().map(mean_step));
    let fates = &stats.fates;
    let by_fate = [
        (fates.accepted, Fate::Accepted),
        (fates.relaxed, Fate::Relaxed),
        (fates.rejected, Fate::Rejected),
        (fates.lost, Fate::Lost),
        (fates.unreached, Fate::Unreached),
    ];
    let by_fate = by_fate.map(|(n, fate)| format!("{} {n}", Mark::Fate(fate).glyph()));
    let drafted = format!("{}: {}", fates.drafted(), by_fate.join("  "));
    facts.push(PageFact::new("drafted", drafted));
    let wasted = fates.drafted() - fates.committed();
    facts.push(PageFact::new(
        "wasted",
        format!("{wasted} of {}", count(fates.drafted(), "draft")),
    ));
    facts
}

/// The time of a mean step, by its parts.
fn mean_step(mean: Timing) -> PageFact {
    let parts = [
        ("retrieve", mean.retrieve),
        ("draft", mean.draft),
        ("forward", mean.forward),
        ("verify", mean.verify),
        ("commit", mean.commit),
    ];
    let share = |(name, ms): (&str, f64)| format!("{name} {}", percent(ms / mean.total()));
    let parts = parts.map(share).join(", ");
    PageFact::new("mean step", format!("{} ms: {parts}", three(mean.total())))
}

/// What POOL says of a run: what it could draft from, and what came of it.
fn pool(record: &Record) -> Vec<PageFact> {
    let (stats, header) = (&record.stats, &record.trace.header);
    let hits = match stats.hit_rate() {
        Some(rate) => format!("{} of {} ({})", stats.hit_steps, stats.steps, percent(rate)),
        None => NOT_RECORDED.into(),
    };
    let used = header
        .pools
        .iter()
        .filter(|p| header.params.sources.has(p.source));
    let mut facts: Vec<PageFact> = used
        .map(|p| {
            let size = format!("{}, {} tokens", count(p.documents, "document"), p.tokens);
            PageFact::new(format!("{} pool", p.source.name()), size)
        })
        .collect();
    facts.push(PageFact::new("steps with a hit", hits));
    for source in stats.sources.iter().filter(|s| s.fates.drafted() > 0) {
        let (n, taken) = (source.fates.drafted(), source.fates.acceptance());
        let taken = taken.map_or(UNKNOWN.into(), percent);
        let name = format!("from {}", source.source.name());
        facts.push(PageFact::new(
            name,
            format!("{}, {taken} taken", count(n, "draft")),
        ));
    }
    facts
}
