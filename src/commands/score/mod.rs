//! `laserscope score`: what drafting would have accepted of answers that other engines
//! logged. Reads logs (`read`), decides who drafts in which `ways`, adds up (`totals`) and
//! tells (`report`, `table`, `csv`), or hands the answers to a `board`. Loads no model.

mod board;
mod csv;
mod figures;
mod groups;
mod heading_names;
mod logged;
mod open;
mod opening;
mod prepare;
mod read;
mod report;
mod rows;
mod table;
mod totals;
mod vocabulary;
mod ways;

use color_eyre::eyre::Result;

use crate::cli::ScoreArgs;
use crate::commands::print_json;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::scoring::{Scoring, ScoringStart, ScoringWay};
use crate::speculate::params::{AcceptanceRule, Params};
use prepare::{PreparedScore, prepare};
use read::ReadLogs;
use report::ScoreReport;
use totals::WayTotals;
use ways::ScoreWay;

pub use board::open_board;

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
    let mut line = Line::new();
    let Some(prepared) = prepare(args, params, settings, &mut line)? else {
        return Ok(false);
    };
    let PreparedScore {
        logs,
        ways,
        split,
        start,
        ..
    } = &prepared;
    if let (Some(id), Some(file)) = (&args.open, &args.trace) {
        drop(line);
        let asked = open::ToOpen { id, file };
        return open::run(asked, (logs, ways), *split, start, (args, settings));
    }
    let scoring_ways: Vec<ScoringWay> = ways.iter().map(ScoreWay::scoring).collect();
    let scoring = prepared.scoring(&scoring_ways)?.learning(settings.learn);
    let mut totals: Vec<WayTotals> = ways.iter().map(|_| WayTotals::default()).collect();
    let complete = score(args, &scoring, (logs, ways), &mut totals, &mut line)?;
    drop(line);
    tell(logs, &totals);
    let told = (*split, calibration_in_words(settings, start));
    let report = ScoreReport::new(logs, told, (ways, &totals), complete);
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
    (logs, ways): (&ReadLogs, &[ScoreWay]),
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

/// Where the calibration starts, for each answer or for the first.
fn calibration_in_words(settings: &Settings, start: &ScoringStart) -> String {
    let from = start.calibration.describe();
    match settings.learn {
        true => format!("{from} for the first answer, then what earlier answers taught"),
        false => format!("{from} for every answer"),
    }
}
