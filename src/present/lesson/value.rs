//! The numbers that a lesson asks for or mentions, read from what is shown.

use super::batch_value;
use super::figure::{BatchFigure, Figure, What};
use super::view::LessonView;
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::speculate::compare::in_common;
use crate::speculate::cost::StepCosts;
use crate::speculate::parameters::Value;
use crate::speculate::params::Source;
use crate::speculate::stats::first_difference;
use crate::speculate::trace::{Header, PoolSize};

impl Figure {
    /// `None`: nothing shown has such a figure.
    pub fn value(&self, view: &LessonView) -> Option<f64> {
        let named = view.record(self.run.as_deref());
        match self.what {
            What::StepRows => Some(view.step?.tree.n_rows() as f64),
            What::StepCommitted => Some(view.step?.verdict.n_committed() as f64),
            What::StepDrafted => Some(view.step?.tree.n_drafts() as f64),
            What::TokenRank => rank(view),
            What::StepCached => Some((view.step?.context_len.checked_sub(1)?) as f64),
            What::StepKept => Some((view.step?.verdict.path.len() + 1) as f64),
            What::StepForgotten => {
                let step = view.step?;
                Some((step.tree.n_rows() - step.verdict.path.len() - 1) as f64)
            }
            What::TokenAttends => attends(view),
            What::Same | What::Different | What::InCommon | What::TimesAsFast | What::StepCost => {
                of_pair(self.what, view.shown?, named?)
            }
            What::Number(_) | What::Budget | What::Cost(_) => match named {
                Some(record) => of_header(self.what, &record.trace.header),
                None => of_header(self.what, &self.shipped_header(view)?),
            },
            What::BudgetCost | What::SpeedAtMal(_) => match named {
                Some(record) => by_profile(self.what, &record.trace.header, view),
                None => by_profile(self.what, &self.shipped_header(view)?, view),
            },
            What::PassCost => pass_cost(named?, view),
            What::SpeedByMal => Some(named?.stats.mal()? / pass_cost(named?, view)?),
            What::Batch(figure) => batch_value::value(figure, view),
            _ => of_run(self.what, named?),
        }
    }

    /// As a text mentions it.
    pub fn told(&self, view: &LessonView) -> Option<String> {
        let value = self.value(view)?;
        Some(match self.what {
            What::RunMal | What::MsPerToken | What::Cost(_) | What::BudgetCost | What::PassCost => {
                format!("{value:.1}")
            }
            What::Number(of) if !of.range.is_whole() => format!("{value:.1}"),
            What::LogProb
            | What::TimesAsFast
            | What::StepCost
            | What::SpeedAtMal(_)
            | What::SpeedByMal
            | What::Batch(BatchFigure::Batching | BatchFigure::Drafts) => format!("{value:.2}"),
            _ => format!("{value:.0}"),
        })
    }

    /// Before a lesson begins, its first run's header can be read.
    fn shipped_header(&self, view: &LessonView) -> Option<Header> {
        let name = self.run.as_ref().or(view.lesson?.runs.first())?;
        super::header(name).ok()
    }
}

fn of_run(what: What, record: &Record) -> Option<f64> {
    let stats = &record.stats;
    Some(match what {
        What::RunSteps => stats.steps as f64,
        What::RunTokens => stats.tokens as f64,
        What::RunDrafted => stats.fates.drafted() as f64,
        What::RunRelaxed => stats.fates.relaxed as f64,
        What::RunWasted => (stats.fates.drafted() - stats.fates.committed()) as f64,
        What::RunMal => stats.mal()?,
        What::RowsPerStep => stats.rows_per_step()?,
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
    Some(match what {
        What::Number(number) => match number.get(&header.params)? {
            Value::Whole(n) => n as f64,
            Value::Number(n) => f64::from(n),
            _ => return None,
        },
        What::Budget => header.params.budget.max_rows() as f64,
        What::Cost(n) => {
            let (cost, context) = (StepCosts::new(&header.cost), header.prompt_ids.len());
            f64::from(cost.ms(n, context)) / f64::from(cost.ms(1, context))
        }
        _ => return None,
    })
}

fn by_profile(what: What, header: &Header, view: &LessonView) -> Option<f64> {
    let budget_cost = cost_of(header.params.budget.max_rows(), header, view);
    Some(match what {
        What::SpeedAtMal(mal) => mal as f64 / budget_cost,
        _ => budget_cost,
    })
}

fn pass_cost(record: &Record, view: &LessonView) -> Option<f64> {
    let rows = record.stats.rows_per_step()?.round() as usize;
    Some(cost_of(rows.max(1), &record.trace.header, view))
}

/// In passes of one row, by this machine's cost profile, else by that of the run, in the
/// context in which it began.
fn cost_of(rows: usize, header: &Header, view: &LessonView) -> f64 {
    let here = view.profile.filter(|profile| !profile.is_empty());
    let cost = StepCosts::new(here.unwrap_or(&header.cost));
    let context = header.prompt_ids.len();
    f64::from(cost.ms(rows, context)) / f64::from(cost.ms(1, context))
}

/// Its ancestors and itself.
fn attends(view: &LessonView) -> Option<f64> {
    let step = view.step?;
    let depth = match view.selection? {
        TreeSelection::Root => 0,
        TreeSelection::Draft(node) => step.tree.nodes.get(node)?.depth,
        TreeSelection::Bonus => return None,
    };
    Some((depth + 1) as f64)
}

fn rank(view: &LessonView) -> Option<f64> {
    match view.selection? {
        TreeSelection::Draft(node) => view.step?.score(node)?.rank.map(f64::from),
        TreeSelection::Bonus => Some(1.0),
        TreeSelection::Root => None,
    }
}

/// The largest pool that the run could draft from.
fn pool(record: &Record) -> Option<&PoolSize> {
    let header = &record.trace.header;
    let used = |source: Source| source != Source::Local && header.params.sources.has(source);
    let pools = header.pools.iter().filter(|p| used(p.source));
    pools.max_by_key(|p| p.tokens)
}
