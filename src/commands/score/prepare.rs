//! What scoring begins with: the logs as answers, the ways to draft, who drafts for whom.

use std::collections::HashSet;

use color_eyre::eyre::{Result, bail, ensure, eyre};

use super::read::{self, ReadLogs};
use super::ways::{self, ScoreWay};
use crate::cli::{ScoreArgs, SplitChoice};
use crate::config::Settings;
use crate::console::progress::Line;
use crate::engine::scoring::{Answers, Scoring, ScoringStart, ScoringWay, Split};
use crate::recsys::dealt;
use crate::retrieval::{Pools, shipped_calibration};
use crate::session::{calibration, cost};
use crate::speculate::cost::CostProfile;
use crate::speculate::params::Params;

/// All that scoring needs.
pub(super) struct PreparedScore {
    pub(super) logs: ReadLogs,
    pub(super) ways: Vec<ScoreWay>,
    pub(super) split: Split,
    pub(super) start: ScoringStart,
    /// The answers of --only.
    only: Option<HashSet<u32>>,
}

impl PreparedScore {
    /// What is scored of these logs.
    ///
    /// # Errors
    /// No answer is scored under the split.
    pub(super) fn scoring<'a>(&'a self, ways: &'a [ScoringWay]) -> Result<Scoring<'a>> {
        let logs = &self.logs;
        let scoring = Scoring::new(&logs.answers, self.split, &logs.pools, ways, &self.start);
        ensure!(
            scoring.n_scored() > 0,
            "--split half needs answers to two requests, but the logs have one: use --split time"
        );
        let Some(only) = &self.only else {
            return Ok(scoring);
        };
        let scoring = scoring.only(only);
        ensure!(
            scoring.n_scored() > 0,
            "--only: --split half lets these answers draft for others, so they are not scored \
             themselves: use another --split"
        );
        Ok(scoring)
    }
}

/// The answers with the ids of --only.
///
/// # Errors
/// An id that no answer has.
fn only(args: &ScoreArgs, answers: &Answers) -> Result<Option<HashSet<u32>>> {
    if args.only.is_empty() {
        return Ok(None);
    }
    let known: HashSet<&str> = answers.entries.iter().map(|e| e.id.as_str()).collect();
    if let Some(id) = args.only.iter().find(|id| !known.contains(id.as_str())) {
        bail!("--only {id}: no answer has this id; `laserscope score --csv` lists the ids");
    }
    let entries = (0..).zip(&answers.entries);
    let of_those = entries.filter(|(_, entry)| args.only.contains(&entry.id));
    Ok(Some(of_those.map(|(number, _)| number).collect()))
}

/// Reads the logs. `None`: cancelled.
///
/// # Errors
/// Logs without an answer; ids of another vocabulary; a rule that the logs cannot answer
/// for; options that need each other.
pub(super) fn prepare(
    args: &ScoreArgs,
    params: Params,
    settings: &Settings,
    line: &mut Line,
) -> Result<Option<PreparedScore>> {
    let profile = settings.cost.as_ref().map(cost::named).transpose()?;
    let ways = ways::of(args, params, profile.is_some())?;
    check_rule(args, &params)?;
    if settings.learn {
        check_learning(args)?;
    }
    let Some(mut logs) = read::read(args, &params, settings, line)? else {
        return Ok(None);
    };
    let split = split(args, &logs.pools);
    ensure!(
        split != Split::PoolOnly || !logs.pools.is_empty(),
        "--split pool: there is no pool; name one with --pool FOLDER or --knowledge FILE"
    );
    deal(&mut logs.answers, args.deal_seed);
    let start = start(settings, profile, &logs)?;
    let only = only(args, &logs.answers)?;
    Ok(Some(PreparedScore {
        only,
        logs,
        ways,
        split,
        start,
    }))
}

/// Refuses what would have other steps if answers taught the calibration.
fn check_learning(args: &ScoreArgs) -> Result<()> {
    ensure!(
        !args.board && args.open.is_none(),
        "--learn: an answer opens as if it were the first, so it would have other steps than were \
         scored: leave --learn out with --open and --board"
    );
    ensure!(
        args.only.is_empty(),
        "--learn: the calibration that earlier answers teach is missing where --only leaves them \
         out: leave one of them out"
    );
    Ok(())
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
        !rule.needs_entropy(),
        "--verify {}: needs the whole distribution, for its entropy, and logs have a few \
        candidates of each: use relaxed, ratio or margin, or `laserscope trace whatif` on a \
        recorded run",
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
