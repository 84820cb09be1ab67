//! The cost of a pass in real runs: subjects of the query half decoded at fixed
//! budgets, counting the steps with exactly that many rows.

use color_eyre::eyre::Result;
use serde::Serialize;

use crate::commands::one_run::record_for_figures;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::{Engine, RunSpec};
use crate::recsys::{Catalog, Role, SubjectKind};
use crate::speculate::params::{AcceptanceRule, Budget, Params};
use crate::speculate::trace::Step;
use crate::speculate::verify::Finish;
use crate::worker::ask;

/// Budgets that are tried.
const ROWS: [usize; 4] = [1, 4, 8, 16];
/// Steps per median.
const STEPS: usize = 50;
/// Maximum number of subjects decoded to get them.
const SUBJECTS: usize = 12;
/// First steps of a run, which are not counted: caches are cold after the prompt.
const COLD: usize = 3;

/// Passes of exactly `n` rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Decoding {
    pub(crate) n: usize,
    /// Median of the steps' contexts.
    pub(crate) context: usize,
    /// Median of forward and verify.
    pub(crate) total_ms: f32,
    /// How many steps there were.
    pub(crate) steps: usize,
}

/// `None`: cancelled.
///
/// # Errors
/// The catalog's, the model's.
pub(crate) fn measure(
    engine: &mut Engine,
    catalog: &Catalog,
    settings: &Settings,
) -> Result<Option<Vec<Decoding>>> {
    let framework = settings.framework()?;
    let subjects = catalog.stratified_sample(SubjectKind::Item, SUBJECTS);
    let mut line = Line::new();
    let mut found = Vec::new();
    for n in ROWS {
        let mut passes = Vec::new();
        for &at in &subjects {
            line.show(&format!(
                "decoding at {n} rows, {} of {STEPS} steps",
                passes.len()
            ));
            let (subject, prompt) = ask::about(catalog, at, &framework, Role::Query)?;
            let spec = RunSpec::new(subject, prompt, params(n));
            let (trace, end) = record_for_figures(engine, spec)?;
            if end.finish == Finish::Cancelled || interrupt::is_set() {
                return Ok(None);
            }
            let steps = trace.steps.iter().skip(COLD);
            passes.extend(steps.filter(|s| s.tree.n_rows() == n).filter_map(pass));
            if passes.len() >= STEPS {
                break;
            }
        }
        found.extend(median(n, passes));
    }
    Ok(Some(found))
}

/// Strict, so that every budget decodes the same text.
fn params(n: usize) -> Params {
    Params {
        verify: match n {
            1 => AcceptanceRule::Autoregressive,
            _ => AcceptanceRule::Strict,
        },
        budget: Budget::Rows(n),
        ..Params::default()
    }
}

/// A step's context and milliseconds.
fn pass(step: &Step) -> Option<(usize, f64)> {
    let timing = step.timing.as_ref()?;
    Some((step.context_len, timing.forward + timing.verify))
}

/// `None` without passes.
fn median(n: usize, passes: Vec<(usize, f64)>) -> Option<Decoding> {
    let middle = passes.len().checked_sub(1)? / 2;
    let (mut contexts, mut times): (Vec<usize>, Vec<f64>) = passes.iter().copied().unzip();
    contexts.sort_unstable();
    times.sort_by(f64::total_cmp);
    Some(Decoding {
        n,
        context: contexts[middle],
        total_ms: times[middle] as f32,
        steps: passes.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts() {
        let passes = vec![(300, 9.0), (310, 5.0), (305, 5.5)];
        let found = median(8, passes).unwrap();
        assert_eq!((found.context, found.total_ms, found.steps), (305, 5.5, 3));
        assert_eq!(median(8, Vec::new()), None);
    }
}
