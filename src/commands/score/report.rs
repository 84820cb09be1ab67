//! What scoring came to. JSON field names are a contract.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::{DraftFigures, ScoreFigures};
use super::read::ReadLogs;
use super::totals::WayTotals;
use super::ways::ScoreWay;
use crate::commands::arrangement::Arrangement;
use crate::engine::scoring::{EntryScore, POSITIONS, Split};
use crate::present::engine_settings::{EngineSettings, TargetEngine};
use crate::speculate::params::{Drafter, Params, Source};

/// Everything that is told.
#[derive(Debug, Serialize)]
pub(super) struct ScoreReport {
    /// Scored, and their tokens.
    pub(super) answers: usize,
    pub(super) tokens: usize,
    /// Answers that draft and are not scored, or are left when it was cancelled.
    pub(super) not_scored: usize,
    pub(super) read: ReadReport,
    pub(super) encoded: EncodedReport,
    pub(super) split: &'static str,
    /// Where the calibration of each answer starts.
    pub(super) calibration: String,
    /// What stands in for times that are not logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) split_note: Option<String>,
    /// Given with --pool and --knowledge.
    pub(super) pool: PoolReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) groups_note: Option<String>,
    pub(super) ways: Vec<WayReport>,
    /// Of the ways, the fastest by the cost profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) best: Option<usize>,
    /// Of the best way, else of the first, for another engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<EngineSettings>,
    /// All answers were scored.
    pub(super) complete: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct ReadReport {
    pub(super) lines: u64,
    pub(super) kept: u64,
    /// By reason.
    pub(super) skipped: BTreeMap<String, u64>,
    pub(super) by_format: BTreeMap<&'static str, u64>,
    pub(super) without_prompt: u64,
    pub(super) too_short: usize,
    /// Files that break off.
    pub(super) broken: Vec<String>,
}

/// Where the answers' token ids come from.
#[derive(Debug, Serialize)]
pub(super) struct EncodedReport {
    pub(super) by_ids: u64,
    pub(super) by_tokens: u64,
    pub(super) by_text: u64,
    /// Answers whose text was encoded again beside logged tokens, and those that differ.
    pub(super) compared: u64,
    pub(super) differing: u64,
    pub(super) ended: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct PoolReport {
    pub(super) documents: usize,
    pub(super) tokens: usize,
}

/// One way to draft.
#[derive(Debug, Serialize)]
pub(super) struct WayReport {
    pub(super) drafter: Drafter,
    pub(super) budget: String,
    pub(super) verify: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arrangement: Option<Arrangement>,
    pub(super) params: Params,
    #[serde(flatten)]
    pub(super) figures: ScoreFigures,
    /// Share of the steps that a lossy rule was exact for.
    pub(super) judged: Option<f64>,
    pub(super) by_source: Vec<SourceReport>,
    pub(super) by_field: FieldReport,
    pub(super) by_match: Vec<MatchReport>,
    /// Committed at a depth, of the steps that had a draft there.
    pub(super) by_depth: Vec<[usize; 2]>,
    pub(super) by_position: Vec<PositionReport>,
    pub(super) by_heading: Vec<HeadingReport>,
    pub(super) by_group: Vec<GroupReport>,
}

#[derive(Debug, Serialize)]
pub(super) struct SourceReport {
    pub(super) source: Source,
    pub(super) hit_steps: usize,
    #[serde(flatten)]
    pub(super) drafts: DraftFigures,
}

/// Drafts from the text itself, by the field they were found in.
#[derive(Debug, Serialize)]
pub(super) struct FieldReport {
    pub(super) prompt: DraftFigures,
    pub(super) answer: DraftFigures,
}

/// Hits by the length of their longest match.
#[derive(Debug, Serialize)]
pub(super) struct MatchReport {
    pub(super) matched: usize,
    pub(super) hits: usize,
    pub(super) drafted: usize,
    pub(super) taken: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct PositionReport {
    pub(super) from: usize,
    /// The last position of the range; absent for the last range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<usize>,
    #[serde(flatten)]
    pub(super) figures: ScoreFigures,
}

#[derive(Debug, Serialize)]
pub(super) struct HeadingReport {
    pub(super) heading: String,
    #[serde(flatten)]
    pub(super) figures: ScoreFigures,
}

#[derive(Debug, Serialize)]
pub(super) struct GroupReport {
    pub(super) group: String,
    pub(super) answers: usize,
    #[serde(flatten)]
    pub(super) figures: ScoreFigures,
}

impl ScoreReport {
    pub(super) fn new(
        logs: &ReadLogs,
        (split, calibration): (Split, String),
        (ways, totals): (&[ScoreWay], &[WayTotals]),
        complete: bool,
    ) -> Self {
        let ways = ways.iter().zip(totals);
        let ways = ways.map(|(way, totals)| WayReport::new(way, totals, &logs.headings));
        let ways: Vec<WayReport> = ways.collect();
        let sizes = logs.pools.groups();
        let n_scored = totals.first().map_or(0, |totals| totals.n_answers);
        ScoreReport {
            answers: n_scored,
            not_scored: logs.answers.entries.len() - n_scored,
            tokens: totals.first().map_or(0, |totals| {
                totals.all.sums.tokens + totals.all.unjudged.tokens
            }),
            read: ReadReport::of(logs),
            encoded: EncodedReport::of(logs),
            split: split.name(),
            calibration,
            split_note: (split == Split::Time).then(|| split_note(logs)).flatten(),
            pool: PoolReport {
                documents: sizes.iter().map(|size| size.documents).sum(),
                tokens: sizes.iter().map(|size| size.tokens).sum(),
            },
            groups_note: logs
                .n_groups
                .map(|n| format!("{n} groups: the largest are told apart, the rest is `others`")),
            best: best(&ways),
            settings: None,
            ways,
            complete,
        }
    }

    /// With settings of the chosen way for another engine.
    pub(super) fn with_settings(self, engine: Option<TargetEngine>) -> Self {
        let settings = engine.zip(self.chosen());
        let settings = settings.map(|(engine, way)| EngineSettings::of(&way.params, engine));
        ScoreReport { settings, ..self }
    }

    /// The way that is told in detail: the best, else the first that drafts as runs do.
    pub(super) fn chosen(&self) -> Option<&WayReport> {
        let usual = [None, Some(Arrangement::OwnGroupAndGlobal)];
        let is_usual = |way: &&WayReport| usual.contains(&way.arrangement);
        match self.best {
            Some(best) => self.ways.get(best),
            None => self.ways.iter().find(is_usual),
        }
    }
}

fn split_note(logs: &ReadLogs) -> Option<String> {
    let (n, of) = (logs.n_without_times, logs.answers.entries.len());
    (n > 0).then(|| {
        format!(
            "{n} of {of} answers lack their start or their end: an answer drafts for later lines"
        )
    })
}

fn best(ways: &[WayReport]) -> Option<usize> {
    let rated = ways.iter().enumerate();
    let rated = rated.filter_map(|(at, way)| Some((at, way.figures.est_speedup?)));
    rated
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(at, _)| at)
}

impl ReadReport {
    fn of(logs: &ReadLogs) -> Self {
        let report = &logs.report;
        let skipped = report.skipped.iter();
        let kept = report.kept.iter();
        ReadReport {
            lines: report.n_lines,
            kept: report.n_kept(),
            skipped: skipped.map(|(why, s)| (why.to_string(), s.n)).collect(),
            by_format: kept.map(|(format, &n)| (format.name(), n)).collect(),
            without_prompt: report.n_without_prompt,
            too_short: logs.n_too_short,
            broken: report.broken.clone(),
        }
    }
}

impl EncodedReport {
    fn of(logs: &ReadLogs) -> Self {
        let report = &logs.encoding;
        let [by_ids, by_tokens, by_text] = report.n_by_source;
        EncodedReport {
            by_ids,
            by_tokens,
            by_text,
            compared: report.n_compared,
            differing: report.n_differing,
            ended: report.n_ended,
        }
    }
}

impl WayReport {
    fn new(way: &ScoreWay, totals: &WayTotals, headings: &[String]) -> Self {
        let all = &totals.all;
        let groups = totals.groups.iter().map(|(group, totals)| GroupReport {
            group: group.to_string(),
            answers: totals.n_answers,
            figures: ScoreFigures::of(&totals.sums),
        });
        WayReport {
            drafter: way.params.drafter,
            budget: way.params.budget.to_string(),
            verify: way.params.verify.name(),
            arrangement: way.arrangement,
            params: way.params,
            figures: ScoreFigures::of(&all.sums),
            judged: all.judged_share(),
            by_source: by_source(all),
            by_field: FieldReport {
                prompt: DraftFigures::of(&all.from_prompt),
                answer: DraftFigures::of(&all.from_answer),
            },
            by_match: by_match(all),
            by_depth: all.stats.by_depth.iter().map(|&(n, of)| [n, of]).collect(),
            by_position: by_position(all),
            by_heading: by_heading(all, headings),
            by_group: groups.collect(),
        }
    }
}

fn by_source(all: &EntryScore) -> Vec<SourceReport> {
    let sources = all.stats.sources.iter().map(|source| SourceReport {
        source: source.source,
        hit_steps: source.hit_steps,
        drafts: DraftFigures::of(&source.fates),
    });
    sources.collect()
}

fn by_match(all: &EntryScore) -> Vec<MatchReport> {
    let lengths = all.stats.by_match.iter().enumerate();
    let lengths = lengths.filter(|(_, stats)| stats.hits > 0);
    let report = lengths.map(|(matched, stats)| MatchReport {
        matched,
        hits: stats.hits,
        drafted: stats.drafted,
        taken: stats.taken,
    });
    report.collect()
}

fn by_position(all: &EntryScore) -> Vec<PositionReport> {
    let ranges = POSITIONS.iter().zip(&all.positions).enumerate();
    let ranges = ranges.filter(|(_, (_, sums))| sums.steps > 0);
    let report = ranges.map(|(at, (&from, sums))| PositionReport {
        from,
        to: POSITIONS.get(at + 1).map(|next| next - 1),
        figures: ScoreFigures::of(sums),
    });
    report.collect()
}

/// The headings with the most tokens first.
fn by_heading(all: &EntryScore, names: &[String]) -> Vec<HeadingReport> {
    let headings = all.headings.iter().map(|(&number, sums)| HeadingReport {
        heading: names[number as usize].clone(),
        figures: ScoreFigures::of(sums),
    });
    let mut headings: Vec<HeadingReport> = headings.collect();
    headings.sort_by(|a, b| {
        let tokens = b.figures.tokens.cmp(&a.figures.tokens);
        tokens.then_with(|| a.heading.cmp(&b.heading))
    });
    headings
}
