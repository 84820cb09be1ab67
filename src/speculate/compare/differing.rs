//! Differences between two runs that affect their drafts or distributions.

use crate::speculate::params::{Drafter, MAX_BRANCH, Params};
use crate::speculate::same_run::{AffectedPart, HeaderDifference, differences, differences_under};
use crate::speculate::trace::{Header, Trace};

/// The parameters that shape the distributions and differ at these steps.
pub(super) fn shaping(a: &Trace, step_a: usize, b: &Trace, step_b: usize) -> Vec<HeaderDifference> {
    of_part([a, b], [step_a, step_b], &[AffectedPart::Distribution])
}

/// Which of these parts differ, under the parameters of these steps.
pub(super) fn of_part(
    [a, b]: [&Trace; 2],
    steps: [usize; 2],
    parts: &[AffectedPart],
) -> Vec<HeaderDifference> {
    let params = [a.params_at(steps[0]), b.params_at(steps[1])];
    let all = differences_under(&a.header, &params[0], &b.header, &params[1]);
    let wanted = all.into_iter().filter(|d| parts.contains(&d.part));
    wanted.collect()
}

/// Differences in the headers or in the parameters of these steps that can have changed
/// trees up to token `at`. Rules and distributions that agree on the token still affect
/// what the calibration learns and where steps begin, so they count, too, unless the
/// other rule refuses the token.
pub(super) fn drafts_differing(
    traces: [&Trace; 2],
    at: usize,
    steps: [usize; 2],
    is_refused: bool,
) -> Vec<HeaderDifference> {
    let [a, b] = traces;
    let params = [a.params_at(steps[0]), b.params_at(steps[1])];
    let mut parts = vec![AffectedPart::Drafts];
    if !is_refused {
        parts.extend([AffectedPart::Rule, AffectedPart::Distribution]);
    }
    let limit = params.map(|p| p.max_tokens);
    if limit[0].min(limit[1]) <= at + MAX_BRANCH + 1 {
        parts.push(AffectedPart::Length);
    }
    let mut found = of_part(traces, steps, &parts);
    // Parameters that differed at earlier steps.
    let begun = differences(&a.header, &b.header).into_iter();
    for earlier in begun.filter(|d| parts.contains(&d.part)) {
        if !found.iter().any(|d| d.what == earlier.what) {
            found.push(earlier);
        }
    }
    found.extend(beginnings(&a.header, &b.header));
    let uses = [Uses::of(a), Uses::of(b)];
    found.retain(|d| uses.iter().any(|u| u.counts(&d.what)));
    if found.is_empty() {
        found = of_part(traces, steps, &[AffectedPart::Program]);
    }
    found
}

/// A branch's steps begin at other positions than those of a run from the prompt.
fn beginnings(a: &Header, b: &Header) -> Option<HeaderDifference> {
    let name = |header: &Header| match &header.branch {
        Some(branch) => format!("a branch at step {}", branch.of.step + 1),
        None => "the prompt".to_string(),
    };
    let differ = a.branch != b.branch;
    differ.then(|| HeaderDifference {
        part: AffectedPart::Drafts,
        what: "beginning".into(),
        then: name(a),
        now: name(b),
    })
}

/// The inputs that a run's drafter uses.
struct Uses {
    profile: bool,
    pools: bool,
    weights: bool,
    calibration: bool,
    suffix: bool,
}

impl Uses {
    /// Over all parameters that were in force.
    fn of(trace: &Trace) -> Self {
        let mut uses = Uses::under(&trace.header.params);
        for params in trace.steps.iter().filter_map(|s| s.params) {
            let now = Uses::under(&params);
            uses = Uses {
                profile: uses.profile || now.profile,
                pools: uses.pools || now.pools,
                weights: uses.weights || now.weights,
                calibration: uses.calibration || now.calibration,
                suffix: uses.suffix || now.suffix,
            };
        }
        uses
    }

    fn under(params: &Params) -> Self {
        let sources = &params.sources;
        let has_pools = sources.group || sources.global || sources.online;
        let drafts = params.verify.drafts() && params.drafter != Drafter::None;
        Uses {
            profile: drafts && params.budget.is_auto(),
            pools: drafts && has_pools && params.drafter != Drafter::Ngram,
            weights: drafts && params.drafter == Drafter::Blend,
            calibration: drafts && params.drafter != Drafter::Laser,
            // The trie looks up two tokens at most.
            suffix: drafts && (params.drafter != Drafter::Laser || params.max_suffix < 2),
        }
    }

    fn counts(&self, what: &str) -> bool {
        match what {
            "cost profile" | "rows" => self.profile,
            "pools" | "own documents" | "group" => self.pools,
            "source weights" => self.weights,
            "calibration" => self.calibration,
            "suffix length" => self.suffix,
            _ => true,
        }
    }
}
