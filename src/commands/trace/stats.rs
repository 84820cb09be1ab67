//! `laserscope trace stats`: the figures of recorded runs.

use std::path::Path;

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::cli::TraceStatsArgs;
use crate::commands::cells::{percent, two};
use crate::commands::print_json;
use crate::commands::trace::load;
use crate::commands::trace::why::WhyReport;
use crate::speculate::explain::NOT_RECORDED;
use crate::speculate::params::Params;
use crate::speculate::quality::LogProb;
use crate::speculate::stats::{MatchStats, Stats, repetition};
use crate::speculate::trace::{SubjectInfo, Trace};
use crate::speculate::verify::Finish;
use crate::speculate::why_low::WhyLow;

#[derive(Serialize)]
struct TraceStats<'a> {
    trace: String,
    subject: &'a SubjectInfo,
    params: Params,
    finish: Option<Finish>,
    /// In words: `unfinished`, or `not recorded` by a log.
    #[serde(skip)]
    ended: &'static str,
    mal: Option<f64>,
    /// Accepted and relaxed over drafted.
    acceptance: Option<f64>,
    pool_hit_rate: Option<f64>,
    /// Draft tokens accepted or relaxed in a pool hit.
    taken_per_hit: Option<f64>,
    repetition: f64,
    /// Index d-1: acceptance at depth d, given that d-1 was accepted.
    conditional_acceptance: Vec<Option<f64>>,
    tokens_per_s: Option<f64>,
    prompt_ms: Option<f64>,
    /// The mean of the natural logarithms of the committed tokens' probabilities, of those
    /// that are recorded.
    mean_log_prob: Option<f64>,
    /// Committed tokens whose probability is not recorded.
    probabilities_not_recorded: usize,
    /// Why acceptance is not higher: a cause for every step.
    why: WhyReport,
    #[serde(flatten)]
    stats: Stats,
}

/// Runs the command.
pub(crate) fn run(args: &TraceStatsArgs) -> Result<()> {
    for path in &args.traces {
        let trace = load(path)?;
        let stats = figures(path, &trace);
        match args.json {
            true => print_json(&stats)?,
            false => print_text(&stats),
        }
    }
    Ok(())
}

fn figures<'a>(path: &Path, trace: &'a Trace) -> TraceStats<'a> {
    let stats = Stats::of(trace);
    let by_depth = stats.by_depth.iter();
    let log_prob = LogProb::of(trace);
    TraceStats {
        trace: path.display().to_string(),
        subject: &trace.header.subject,
        params: trace.header.params,
        finish: trace.end.as_ref().map(|end| end.finish),
        ended: match (&trace.end, &trace.header.log) {
            (Some(end), _) => end.finish.name(),
            (None, Some(_)) => NOT_RECORDED,
            (None, None) => "unfinished",
        },
        mal: stats.mal(),
        acceptance: stats.fates.acceptance(),
        pool_hit_rate: stats.hit_rate(),
        taken_per_hit: stats.taken_per_hit(),
        repetition: repetition(&trace.token_ids()),
        conditional_acceptance: by_depth
            .map(|&(accepted, tried)| (tried > 0).then(|| accepted as f64 / tried as f64))
            .collect(),
        tokens_per_s: stats.tokens_per_s(),
        prompt_ms: trace.header.prompt_ms,
        why: WhyReport::of(&WhyLow::of(trace)),
        mean_log_prob: log_prob.mean(),
        probabilities_not_recorded: log_prob.not_recorded,
        stats,
    }
}

fn print_text(figures: &TraceStats<'_>) {
    let Stats { steps, tokens, .. } = figures.stats;
    out!(
        "{}: {}, {}, {}",
        figures.trace,
        figures.subject.title,
        figures.params.verify.describe(),
        figures.ended
    );
    out!(
        "  {tokens} tokens in {steps} steps: MAL {}, {} tokens/s, repeated 4-grams {:.1}%",
        two(figures.mal),
        two(figures.tokens_per_s),
        figures.repetition * 100.0
    );
    print_fates(figures);
    print_hits(figures);
    if figures.stats.steps > 0 && figures.params.drafts() {
        out!("  why not more, in steps: {}", figures.why.in_a_line());
    }
    print_times(&figures.stats);
    match figures.probabilities_not_recorded {
        0 => {}
        n => out!("  probabilities of {n} of the {tokens} tokens {NOT_RECORDED}"),
    }
}

fn print_fates(figures: &TraceStats<'_>) {
    let Stats { bonus, fates, .. } = figures.stats;
    out!(
        "  {} drafted: {} accepted, {} relaxed, {} rejected, {} lost, {} unreached; {} of the \
        drafts committed, {bonus} bonus tokens",
        fates.drafted(),
        fates.accepted,
        fates.relaxed,
        fates.rejected,
        fates.lost,
        fates.unreached,
        percent(figures.acceptance)
    );
    let depths = figures.conditional_acceptance.iter();
    let depths: Vec<String> = depths.map(|&share| percent(share)).collect();
    out!("  accepted at depth 1, 2, ..: {}", depths.join(" "));
}

fn print_hits(figures: &TraceStats<'_>) {
    let Stats {
        steps,
        hit_steps,
        ref by_match,
        ref sources,
        ..
    } = figures.stats;
    out!(
        "  pool hits in {hit_steps} of {steps} steps, {}; {} drafts committed per hit",
        percent(figures.pool_hit_rate),
        two(figures.taken_per_hit)
    );
    let of_length = |(length, m): (usize, &MatchStats)| {
        let taken = two(m.taken_per_hit());
        let s = if m.hits == 1 { "" } else { "s" };
        (m.hits > 0).then(|| format!("{length}: {} hit{s}, {taken} committed", m.hits))
    };
    let lengths: Vec<String> = by_match.iter().enumerate().filter_map(of_length).collect();
    if !lengths.is_empty() {
        out!(
            "  drafts committed per hit, by longest match in tokens: {}",
            lengths.join("; ")
        );
    }
    for source in sources.iter().filter(|s| s.hit_steps > 0) {
        out!(
            "  {:<7} hit in {} steps, drafted {}, {} of them committed",
            source.source.name(),
            source.hit_steps,
            source.fates.drafted(),
            percent(source.fates.acceptance())
        );
    }
}

fn print_times(stats: &Stats) {
    let rows = stats.rows_per_step().unwrap_or_default();
    let Some(mean) = stats.mean_timing() else {
        out!("  ms per step: {NOT_RECORDED}; {rows:.1} rows");
        return;
    };
    let untimed = match stats.untimed_steps {
        0 => String::new(),
        n => format!("; times of {n} steps {NOT_RECORDED}"),
    };
    out!(
        "  ms per step: retrieve {:.2}, draft {:.2}, forward {:.2}, verify {:.2}, commit {:.2}; \
        {rows:.1} rows{untimed}",
        mean.retrieve,
        mean.draft,
        mean.forward,
        mean.verify,
        mean.commit,
    );
}
