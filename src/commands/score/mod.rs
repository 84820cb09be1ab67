//! `laserscope score`: what drafting would have accepted of answers that other engines
//! logged. Reads logs (`read`), decides who drafts in which `ways`, adds up (`totals`) and
//! tells (`report`, `table`, `csv`). Loads no model.

mod csv;
mod figures;
mod groups;
mod heading_names;
mod open;
mod opening;
mod read;
mod report;
mod rows;
mod table;
mod totals;
mod vocabulary;
mod ways;

use color_eyre::eyre::{Result, ensure, eyre};

use crate::cli::{ScoreArgs, SplitChoice};
use crate::commands::print_json;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::scoring::{Answers, Scoring, ScoringStart, ScoringWay, Split};
use crate::recsys::dealt;
use crate::retrieval::{Pools, shipped_calibration};
use crate::session::{calibration, cost};
use crate::speculate::cost::CostProfile;
use crate::speculate::params::{AcceptanceRule, Params};
use read::ReadLogs;
use report::ScoreReport;
use totals::WayTotals;
use ways::Way;

/// The parameters that options lie over: strict and greedy.
pub fn strict(base: Params) -> Params {
    Params {
        verify: AcceptanceRule::Strict,
        sampling: None,
        ..base
    }
}

/// Runs the command. `Ok(false)`: cancelled; what was scored so far is told.
///
/// # Errors
/// Logs without an answer; ids of another vocabulary; a rule that the logs cannot answer
/// for; options that need each other.
pub fn run(args: &ScoreArgs, params: Params, settings: &Settings) -> Result<bool> {
    let profile = settings.cost.as_ref().map(cost::named).transpose()?;
    let ways = ways::of(args, params, profile.is_some())?;
    check_rule(args, &params)?;
    let mut line = Line::new();
    let Some(mut logs) = read::read(args, &params, settings, &mut line)? else {
        return Ok(false);
    };
    let split = split(args, &logs.pools);
    ensure!(
        split != Split::PoolOnly || !logs.pools.is_empty(),
        "--split pool: there is no pool; name one with --pool FOLDER or --knowledge FILE"
    );
    deal(&mut logs.answers, args.deal_seed);
    let start = start(settings, profile, &logs)?;
    if let (Some(id), Some(file)) = (&args.open, &args.trace) {
        drop(line);
        let asked = open::ToOpen { id, file };
        return open::run(asked, (&logs, &ways), split, &start, (args, settings));
    }
    let scoring_ways: Vec<ScoringWay> = ways.iter().map(Way::scoring).collect();
    let scoring = Scoring::new(&logs.answers, split, &logs.pools, &scoring_ways, &start);
    let scoring = scoring.learning(settings.learn);
    ensure!(
        scoring.n_scored() > 0,
        "--split half needs answers to two requests, but the logs have one: use --split time"
    );
    let mut totals: Vec<WayTotals> = ways.iter().map(|_| WayTotals::default()).collect();
    let complete = score(args, &scoring, (&logs, &ways), &mut totals, &mut line)?;
    drop(line);
    tell(&logs, &totals);
    let told = (split, calibration_in_words(settings, &start));
    let report = ScoreReport::new(&logs, told, (&ways, &totals), complete);
    let report = report.with_settings(args.settings_for);
    match (args.json, args.csv) {
        (true, _) => print_json(&report)?,
        (_, true) => {}
        _ => table::print(&report),
    }
    Ok(complete)
}

/// What was left out, and what looks wrong.
fn tell(logs: &ReadLogs, totals: &[WayTotals]) {
    logs.told().iter().for_each(|line| note!("{line}"));
    if totals.iter().all(WayTotals::is_foreign) && !logs.pools.is_empty() {
        note!(
            "no answer has anything in common with the pool: are its token ids of the logs' \
            vocabulary?"
        );
    }
}

/// Scores all answers; `false`: cancelled.
fn score(
    args: &ScoreArgs,
    scoring: &Scoring,
    (logs, ways): (&ReadLogs, &[Way]),
    totals: &mut [WayTotals],
    line: &mut Line,
) -> Result<bool> {
    let (mut done, of) = (0, scoring.n_tokens());
    let mut lines = csv::Lines::new(args.csv)?;
    let mut failed = None;
    let complete = scoring.run(&mut |scored| {
        let entry = &logs.answers.entries[scored.number as usize];
        done += logs.answers.n_tokens_of(scored.number) as u64;
        for (totals, score) in totals.iter_mut().zip(&scored.scores) {
            totals.add(&entry.group, score);
        }
        failed = lines.add(&logs.answers, &scored, ways).err();
        line.timed_part(done, of, &format!("scoring: {done} of {of} tokens"));
        failed.is_none() && !interrupt::is_set()
    })?;
    lines.finish()?;
    failed.map_or(Ok(complete), Err)
}

/// Refuses rules that logs cannot answer for.
fn check_rule(args: &ScoreArgs, params: &Params) -> Result<()> {
    let rule = params.verify;
    ensure!(
        rule.drafts(),
        "--verify autoregressive drafts nothing: there is nothing to score"
    );
    if rule.amounts_to_strict() {
        return Ok(());
    }
    ensure!(
        rule.max_rank().is_some(),
        "--verify {}: needs the whole distribution, and logs have a few candidates of each: use \
        relaxed or ratio",
        rule.name()
    );
    args.logprobs.map(drop).ok_or_else(|| {
        eyre!(
            "--verify {}: say with --logprobs raw or --logprobs penalized whether the logged \
            probabilities are before or after penalties",
            rule.name()
        )
    })
}

fn split(args: &ScoreArgs, pools: &Pools) -> Split {
    match args.split {
        Some(SplitChoice::Time) => Split::Time,
        Some(SplitChoice::Half) => Split::Half,
        Some(SplitChoice::LeaveOneOut) => Split::LeaveOneOut,
        Some(SplitChoice::Pool) => Split::PoolOnly,
        None if pools.is_empty() => Split::Time,
        None => Split::PoolOnly,
    }
}

/// Gives every answer the group of another one, so that the groups keep their sizes.
fn deal(answers: &mut Answers, seed: u64) {
    let groups: Vec<_> = answers.entries.iter().map(|e| e.group.clone()).collect();
    let entries = answers.entries.iter_mut().zip(dealt(&groups, seed));
    entries.for_each(|(entry, group)| entry.dealt = group);
}

/// Where the calibration starts, for each answer or for the first.
fn calibration_in_words(settings: &Settings, start: &ScoringStart) -> String {
    let from = start.calibration.describe();
    match settings.learn {
        true => format!("{from} for the first answer, then what earlier answers taught"),
        false => format!("{from} for every answer"),
    }
}

fn start(
    settings: &Settings,
    profile: Option<CostProfile>,
    logs: &ReadLogs,
) -> Result<ScoringStart> {
    let calibration = calibration::named(&settings.calibration)?;
    Ok(ScoringStart {
        cost: profile.unwrap_or_default(),
        calibration: calibration.unwrap_or_else(shipped_calibration),
        eos: logs.eos.clone(),
        context: settings.context,
    })
}
