//! Numbers that tasks ask for and texts mention, read from the recorded runs, so
//! that no lesson states a figure that its run does not show.
//!
//! Written `name`, `name-of-N` or `name@run`: `step-rows`, `cost-of-8`,
//! `run-steps@strict`.

use std::str::FromStr;

use serde::Deserialize;

use crate::present::pick::Pick;
use crate::present::record::Record;
use crate::speculate::compare::in_common;
use crate::speculate::cost::StepCosts;
use crate::speculate::params::{AcceptanceRule, Source};
use crate::speculate::stats::first_difference;
use crate::speculate::trace::{Header, PoolSize};
use crate::tui::app::App;
use crate::tui::lesson;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Figure {
    what: What,
    /// `None`: the run shown.
    run: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    StepRows,
    StepCommitted,
    StepDrafted,
    TokenRank,
    RunSteps,
    RunTokens,
    RunDrafted,
    /// Committed thanks to the relaxed rule alone.
    RunRelaxed,
    /// Drafted and not committed.
    RunWasted,
    RunMal,
    /// Rows of a mean step.
    RowsPerStep,
    MsPerToken,
    TokensPerS,
    /// Mean logarithm of what the model gave the tokens taken.
    LogProb,
    /// Of the rule: the rank and the probability that it asks for.
    K,
    Tau,
    /// Rows that a step may have.
    Budget,
    /// What n rows cost, in passes of one row.
    Cost(usize),
    /// Documents and tokens of the pool that the run drafted from.
    PoolDocs,
    PoolTokens,
    /// Tokens from the beginning that the run shown and the run named have in common.
    Same,
    /// Tokens in which they differ, over the longer one.
    Different,
    /// What they have in common once they are aligned, in per cent.
    InCommon,
    /// Tokens per second of the run named over those of the run shown.
    TimesAsFast,
    /// Milliseconds a step of the run named over those of the run shown.
    StepCost,
}

const NAMES: [(&str, What); 24] = [
    ("step-rows", What::StepRows),
    ("step-committed", What::StepCommitted),
    ("step-drafted", What::StepDrafted),
    ("token-rank", What::TokenRank),
    ("run-steps", What::RunSteps),
    ("run-tokens", What::RunTokens),
    ("run-drafted", What::RunDrafted),
    ("run-relaxed", What::RunRelaxed),
    ("run-wasted", What::RunWasted),
    ("run-mal", What::RunMal),
    ("rows-per-step", What::RowsPerStep),
    ("ms-per-token", What::MsPerToken),
    ("tokens-per-s", What::TokensPerS),
    ("log-p", What::LogProb),
    ("k", What::K),
    ("tau", What::Tau),
    ("budget", What::Budget),
    ("pool-docs", What::PoolDocs),
    ("pool-tokens", What::PoolTokens),
    ("same", What::Same),
    ("different", What::Different),
    ("in-common", What::InCommon),
    ("times-as-fast", What::TimesAsFast),
    ("step-cost", What::StepCost),
];

impl FromStr for Figure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, run) = match text.split_once('@') {
            Some((name, run)) => (name, Some(run.to_string())),
            None => (text, None),
        };
        let known = NAMES.iter().find(|n| n.0 == name).map(|n| n.1);
        let cost = name.strip_prefix("cost-of-").and_then(|n| n.parse().ok());
        let what = known.or(cost.map(What::Cost)).ok_or_else(|| {
            let names = NAMES.map(|n| n.0).join(", ");
            format!("figure `{text}`: there is {names}, cost-of-N")
        })?;
        Ok(Figure { what, run })
    }
}

impl TryFrom<String> for Figure {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl Figure {
    /// `None`: nothing shown has such a figure.
    pub fn value(&self, app: &App) -> Option<f64> {
        match self.what {
            What::StepRows => Some(app.step()?.tree.n_rows() as f64),
            What::StepCommitted => Some(app.step()?.verdict.n_committed() as f64),
            What::StepDrafted => Some(app.step()?.tree.n_drafts() as f64),
            What::TokenRank => rank(app),
            What::Same | What::Different | What::InCommon | What::TimesAsFast | What::StepCost => {
                of_pair(self.what, app.record()?, self.record(app)?)
            }
            What::K | What::Tau | What::Budget | What::Cost(_) => match self.record(app) {
                Some(record) => of_header(self.what, &record.trace.header),
                None => of_header(self.what, &self.shipped_header(app)?),
            },
            _ => of_run(self.what, self.record(app)?),
        }
    }

    /// As a text mentions it.
    pub fn told(&self, app: &App) -> Option<String> {
        let value = self.value(app)?;
        Some(match self.what {
            What::RunMal | What::MsPerToken | What::Cost(_) | What::Tau => format!("{value:.1}"),
            What::LogProb | What::TimesAsFast | What::StepCost => format!("{value:.2}"),
            _ => format!("{value:.0}"),
        })
    }

    fn record<'a>(&self, app: &'a App) -> Option<&'a Record> {
        match &self.run {
            None if app.learn.course.is_none() => None,
            None => app.record(),
            Some(name) => app.run_of(app.learn.run_named(name)?)?.record.as_ref(),
        }
    }

    /// Before a lesson begins, its first run's header can be read.
    fn shipped_header(&self, app: &App) -> Option<Header> {
        let lesson = app.learn.lessons.get(app.learn.selected)?;
        let name = self.run.as_ref().or(lesson.runs.first())?;
        lesson::header(name).ok()
    }
}

fn of_run(what: What, record: &Record) -> Option<f64> {
    let stats = &record.stats;
    let steps = stats.steps.max(1) as f64;
    Some(match what {
        What::RunSteps => stats.steps as f64,
        What::RunTokens => stats.tokens as f64,
        What::RunDrafted => stats.fates.drafted() as f64,
        What::RunRelaxed => stats.fates.relaxed as f64,
        What::RunWasted => (stats.fates.drafted() - stats.fates.committed()) as f64,
        What::RunMal => stats.mal()?,
        What::RowsPerStep => stats.rows as f64 / steps,
        What::MsPerToken => 1000.0 / stats.tokens_per_s()?,
        What::TokensPerS => stats.tokens_per_s()?,
        What::LogProb => record.log_prob.mean()?,
        What::PoolDocs => pool(record)?.documents as f64,
        What::PoolTokens => pool(record)?.tokens as f64,
        _ => return None,
    })
}

fn of_pair(what: What, shown: &Record, named: &Record) -> Option<f64> {
    let (a, b) = (&shown.ids, &named.ids);
    Some(match what {
        What::Same => first_difference(a, b).unwrap_or(a.len()) as f64,
        What::Different => {
            let equal = a.iter().zip(b).filter(|(x, y)| x == y);
            (a.len().max(b.len()) - equal.count()) as f64
        }
        What::InCommon => 100.0 * in_common(a, b),
        What::TimesAsFast => named.stats.tokens_per_s()? / shown.stats.tokens_per_s()?,
        What::StepCost => ms_per_step(named)? / ms_per_step(shown)?,
        _ => return None,
    })
}

fn ms_per_step(record: &Record) -> Option<f64> {
    Some(1000.0 * record.stats.mal()? / record.stats.tokens_per_s()?)
}

fn of_header(what: What, header: &Header) -> Option<f64> {
    Some(match (what, header.params.verify) {
        (What::K, AcceptanceRule::Relaxed { k, .. }) => k as f64,
        (What::Tau, AcceptanceRule::Relaxed { tau, .. }) => f64::from(tau),
        (What::Budget, _) => header.params.budget.max_rows() as f64,
        (What::Cost(n), _) => {
            let (cost, context) = (StepCosts::new(&header.cost), header.prompt_ids.len());
            f64::from(cost.ms(n, context)) / f64::from(cost.ms(1, context))
        }
        _ => return None,
    })
}

fn rank(app: &App) -> Option<f64> {
    match app.pick()? {
        Pick::Draft(node) => Some(f64::from(app.step()?.judged.get(node - 1)?.rank)),
        Pick::Bonus => Some(1.0),
        Pick::Root => None,
    }
}

/// The largest pool that the run could draft from.
fn pool(record: &Record) -> Option<&PoolSize> {
    let header = &record.trace.header;
    let used = |source: Source| source != Source::Local && header.params.sources.has(source);
    let pools = header.pools.iter().filter(|p| used(p.source));
    pools.max_by_key(|p| p.tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let cost: Figure = "cost-of-8@strict".parse().expect("a figure");
        assert_eq!(
            (cost.what, cost.run.as_deref()),
            (What::Cost(8), Some("strict"))
        );
        assert!("cost-of-many".parse::<Figure>().is_err());
        assert!("rows".parse::<Figure>().unwrap_err().contains("step-rows"));
    }
}
