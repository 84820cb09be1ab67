//! Numbers that tasks ask for and texts mention, read from the recorded runs, so
//! that no lesson states a figure that its run does not show.
//!
//! Written `name`, `name-of-N` or `name@run`: `step-rows`, `cost-of-8`,
//! `run-steps@strict`.

use std::str::FromStr;

use serde::Deserialize;

use crate::speculate::cost::StepCosts;
use crate::speculate::params::Source;
use crate::speculate::stats::first_difference;
use crate::tui::state::app::App;
use crate::tui::state::record::{Pick, Record};

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
    /// Drafted and not committed.
    RunWasted,
    RunMal,
    MsPerToken,
    /// What n rows cost, in passes of one row.
    Cost(usize),
    /// Tokens of the pool that the run drafted from.
    PoolTokens,
    /// Tokens from the beginning that the run shown and the run named have in common.
    Same,
    /// Tokens in which they differ, over the longer one.
    Different,
}

const NAMES: [(&str, What); 13] = [
    ("step-rows", What::StepRows),
    ("step-committed", What::StepCommitted),
    ("step-drafted", What::StepDrafted),
    ("token-rank", What::TokenRank),
    ("run-steps", What::RunSteps),
    ("run-tokens", What::RunTokens),
    ("run-drafted", What::RunDrafted),
    ("run-wasted", What::RunWasted),
    ("run-mal", What::RunMal),
    ("ms-per-token", What::MsPerToken),
    ("pool-tokens", What::PoolTokens),
    ("same", What::Same),
    ("different", What::Different),
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
            What::Same => self.pair(app, |a, b| {
                first_difference(&a.ids, &b.ids).unwrap_or(a.ids.len()) as f64
            }),
            What::Different => self.pair(app, |a, b| {
                let longer = a.ids.len().max(b.ids.len());
                let equal = a.ids.iter().zip(&b.ids).filter(|(x, y)| x == y);
                (longer - equal.count()) as f64
            }),
            _ => self.of_run(self.record(app)?),
        }
    }

    fn of_run(&self, record: &Record) -> Option<f64> {
        let stats = &record.stats;
        Some(match self.what {
            What::RunSteps => stats.steps as f64,
            What::RunTokens => stats.tokens as f64,
            What::RunDrafted => stats.fates.drafted() as f64,
            What::RunWasted => (stats.fates.drafted() - stats.fates.committed()) as f64,
            What::RunMal => stats.mal()?,
            What::MsPerToken => 1000.0 / stats.tokens_per_s()?,
            What::Cost(n) => {
                let header = &record.trace.header;
                let (cost, context) = (StepCosts::new(&header.cost), header.prompt_ids.len());
                f64::from(cost.ms(n, context)) / f64::from(cost.ms(1, context))
            }
            What::PoolTokens => pool_tokens(record)? as f64,
            _ => return None,
        })
    }

    /// As a text mentions it.
    pub fn told(&self, app: &App) -> Option<String> {
        let value = self.value(app)?;
        Some(match self.what {
            What::RunMal | What::MsPerToken | What::Cost(_) => format!("{value:.1}"),
            _ => format!("{value:.0}"),
        })
    }

    fn record<'a>(&self, app: &'a App) -> Option<&'a Record> {
        match &self.run {
            None => app.record(),
            Some(name) => app.run_of(app.learn.run_named(name)?)?.record.as_ref(),
        }
    }

    fn pair(&self, app: &App, compare: impl Fn(&Record, &Record) -> f64) -> Option<f64> {
        Some(compare(app.record()?, self.record(app)?))
    }
}

fn rank(app: &App) -> Option<f64> {
    match app.pick()? {
        Pick::Draft(node) => Some(f64::from(app.step()?.judged.get(node - 1)?.rank)),
        Pick::Bonus => Some(1.0),
        Pick::Root => None,
    }
}

fn pool_tokens(record: &Record) -> Option<usize> {
    let header = &record.trace.header;
    let used = |source: Source| source != Source::Local && header.params.sources.has(source);
    let pools = header.pools.iter().filter(|p| used(p.source));
    pools.map(|p| p.tokens).max()
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
