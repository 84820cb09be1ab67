//! Numbers that tasks ask for and texts mention, read from the recorded runs, so
//! that no lesson states a figure that its run does not show.
//!
//! Written `name`, `name-of-N` or `name@run`: `step-rows`, `cost-of-8`,
//! `run-steps@strict`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::speculate::parameters::{Parameter, rule_numbers};

/// A number of a run, by its name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Figure {
    pub(crate) what: What,
    /// `None`: the run shown.
    pub(crate) run: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    StepRows,
    StepCommitted,
    StepDrafted,
    TokenRank,
    /// Rows in the cache before the step's pass.
    StepCached,
    /// Rows of the pass that stay, and that do not.
    StepKept,
    StepForgotten,
    /// Rows of the tree that the token's row attends to, itself included.
    TokenAttends,
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
    /// A number of the rule.
    Number(&'static Parameter),
    /// Rows that a step may have.
    Budget,
    /// What n rows cost, in passes of one row.
    Cost(usize),
    /// What a pass of the budget's rows costs, in passes of one row: the MAL that breaks even.
    BudgetCost,
    /// What this MAL means for speed, with such passes.
    SpeedAtMal(usize),
    /// What a pass of the run's mean rows costs, in passes of one row.
    PassCost,
    /// What the run's own MAL means for speed, with its mean passes.
    SpeedByMal,
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
    /// Of the batch, at the pass looked at.
    Batch(BatchFigure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchFigure {
    /// Lanes.
    Size,
    PassRows,
    PassDrafts,
    /// The path probability that one more row needed, in per cent.
    PassPrice,
    /// What batching and drafts multiply tokens per second by.
    Batching,
    Drafts,
    /// The largest batch size that is drawn.
    MostSize,
    /// The survival that a draft row needs, in per cent: with one subject in a pass, with
    /// as many as the batch has lanes, with the most.
    NeedsAlone,
    NeedsHere,
    NeedsMost,
}

const NAMES: [(&str, What); 39] = [
    ("step-rows", What::StepRows),
    ("step-committed", What::StepCommitted),
    ("step-drafted", What::StepDrafted),
    ("token-rank", What::TokenRank),
    ("step-cached", What::StepCached),
    ("step-kept", What::StepKept),
    ("step-forgotten", What::StepForgotten),
    ("token-attends", What::TokenAttends),
    ("budget-cost", What::BudgetCost),
    ("pass-cost", What::PassCost),
    ("speed-by-mal", What::SpeedByMal),
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
    ("budget", What::Budget),
    ("pool-docs", What::PoolDocs),
    ("pool-tokens", What::PoolTokens),
    ("same", What::Same),
    ("different", What::Different),
    ("in-common", What::InCommon),
    ("times-as-fast", What::TimesAsFast),
    ("step-cost", What::StepCost),
    ("batch-size", What::Batch(BatchFigure::Size)),
    ("pass-rows", What::Batch(BatchFigure::PassRows)),
    ("pass-drafts", What::Batch(BatchFigure::PassDrafts)),
    ("pass-price", What::Batch(BatchFigure::PassPrice)),
    ("batch-factor", What::Batch(BatchFigure::Batching)),
    ("draft-factor", What::Batch(BatchFigure::Drafts)),
    ("size-most", What::Batch(BatchFigure::MostSize)),
    ("needs-alone", What::Batch(BatchFigure::NeedsAlone)),
    ("needs-here", What::Batch(BatchFigure::NeedsHere)),
    ("needs-most", What::Batch(BatchFigure::NeedsMost)),
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
        let mal = name.strip_prefix("speed-at-mal-");
        let mal = mal.and_then(|n| n.parse().ok());
        let number = rule_numbers().find(|number| number.name == name);
        let known = known
            .or(cost.map(What::Cost))
            .or(mal.map(What::SpeedAtMal))
            .or(number.map(What::Number));
        let what = known.ok_or_else(|| {
            let numbers = rule_numbers().map(|number| number.name);
            let names: Vec<&str> = NAMES.iter().map(|n| n.0).chain(numbers).collect();
            let names = names.join(", ");
            format!("figure `{text}`: must be one of {names}, cost-of-N, speed-at-mal-N")
        })?;
        Ok(Figure { what, run })
    }
}

impl Figure {
    /// Whether it depends on the step, the token or the pass that is looked at.
    pub fn moves(&self) -> bool {
        matches!(
            self.what,
            What::StepRows
                | What::StepCommitted
                | What::StepDrafted
                | What::TokenRank
                | What::StepCached
                | What::StepKept
                | What::StepForgotten
                | What::TokenAttends
                | What::Batch(_)
        )
    }
}

impl fmt::Display for Figure {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Cost(n) => write!(f, "cost-of-{n}")?,
            What::SpeedAtMal(n) => write!(f, "speed-at-mal-{n}")?,
            What::Number(number) => f.write_str(number.name)?,
            what => f.write_str(NAMES.iter().find(|n| n.1 == what).map_or("", |n| n.0))?,
        }
        match &self.run {
            Some(run) => write!(f, "@{run}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for Figure {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
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
        for name in ["cost-of-8@strict", "run-mal", "k", "needs-most"] {
            let figure: Figure = name.parse().expect("a figure");
            assert_eq!(figure.to_string(), name);
        }
        assert!("cost-of-many".parse::<Figure>().is_err());
        assert!("rows".parse::<Figure>().unwrap_err().contains("step-rows"));
    }
}
