//! Why two texts diverge: first by their headers, then by their rules, then by margins.
//!
//! A rerun can check every cause: under a rule that refuses the token no draft commits
//! it; runs whose drafts differ become equal once the named differences are removed.

use super::differing::{drafts_differing, of_part, shaping};
use super::{Side, Taken, choice_of, chosen_at, row_of, same_model};
use crate::speculate::TokenId;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::row::NodeDistribution;
use crate::speculate::rule::{Ruling, Standing, rule};
use crate::speculate::same_run::{AffectedPart, HeaderDifference};
use crate::speculate::trace::{Committed, Trace};
use crate::speculate::verify::{Fate, Finish};

/// Why two texts diverge.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Cause {
    /// The prompts differ.
    Prompt,
    /// The models differ.
    Model,
    /// A token was committed only because of the relaxed rule.
    Relaxed {
        /// The run that committed it.
        side: Side,
        /// Index of that run's step.
        step: usize,
        /// The rule that accepted it.
        rule: AcceptanceRule,
        /// The committed token's probability, and that of the argmax it replaced.
        p: Option<f32>,
        /// Probability of the most probable token; `None`: not recorded.
        argmax_p: Option<f32>,
        /// Why the other run did not commit the same token.
        other: NotTaken,
        /// Differences that affect drafts; not part of the cause if the other rule
        /// refuses the token.
        differing: Vec<HeaderDifference>,
    },
    /// No step of this run chose the token: the branch inherited it, or it was forced.
    Branched {
        /// The run that was branched.
        side: Side,
        /// A token was put there.
        is_forced: bool,
    },
    /// The distributions differ because of these parameters.
    Parameters(Vec<HeaderDifference>),
    /// The model's own choices differ: nearly equal logits in a different order.
    Numeric {
        /// Of the left run's choice.
        left: Margin,
        /// Of the right run's choice.
        right: Margin,
        /// What was computed differently, if recorded.
        differing: Vec<HeaderDifference>,
    },
    /// One text is a prefix of the other: it ended or was stopped there.
    Ended {
        /// The run that ended.
        side: Side,
        /// Why; `None`: not recorded.
        finish: Option<Finish>,
    },
    /// Neither the model's choice nor an effect of the rule.
    Unexplained,
}

impl Cause {
    /// Whether the rules alone part the texts: the other one refuses the token, or would
    /// accept it after other drafts, and nothing but the rules differs.
    pub(crate) fn is_of_rules(&self) -> bool {
        match self {
            Cause::Relaxed {
                other: NotTaken::Refused { .. },
                ..
            } => true,
            Cause::Relaxed {
                other: NotTaken::Unconfirmed { .. },
                differing,
                ..
            } => {
                let mut parts = differing.iter().map(|d| d.part);
                !differing.is_empty() && parts.all(|part| part == AffectedPart::Rule)
            }
            _ => false,
        }
    }
}

/// Why the other run did not commit a token that a relaxed rule accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotTaken {
    /// Its rule refuses the token.
    Refused {
        /// The rule that refuses it.
        rule: AcceptanceRule,
    },
    /// Its rule would accept it, but it was not in that step's tree.
    NotDrafted {
        /// Index of the step.
        step: usize,
    },
    /// It was drafted, but too few of the model's own choices followed it there.
    Unconfirmed {
        /// Index of the step.
        step: usize,
    },
    /// It was drafted and would have been accepted, but another branch won.
    Lost {
        /// Index of the step.
        step: usize,
    },
    /// It was drafted, but cut off by the end of the text.
    CutOff {
        /// Index of the step.
        step: usize,
    },
    /// That step's tree or distributions were not recorded.
    NotRecorded,
}

/// The margin between the two tokens in one run's distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin {
    /// Probability of this run's own choice; `None`: not recorded.
    pub p: Option<f32>,
    /// Probability of the other run's token; `None` if not recorded.
    pub other_p: Option<f32>,
}

impl Margin {
    /// The difference of the logits.
    pub fn in_logits(&self) -> Option<f32> {
        let is_positive = |&p: &f32| p > 0.0;
        let (p, other) = (
            self.p.filter(is_positive)?,
            self.other_p.filter(is_positive)?,
        );
        Some((p / other).ln())
    }
}

/// The cause for two texts that are equal up to token `at` and continue with `x` and `y`.
pub(super) fn cause(
    left: &Trace,
    right: &Trace,
    at: usize,
    x: Option<Taken>,
    y: Option<Taken>,
) -> Cause {
    if left.header.prompt_ids != right.header.prompt_ids {
        return Cause::Prompt;
    }
    if !same_model(left, right) {
        return Cause::Model;
    }
    let (x, y) = match (x, y) {
        (Some(x), Some(y)) => (x, y),
        (None, _) => return ended(Side::Left, left),
        (_, None) => return ended(Side::Right, right),
    };
    match (x.by, y.by) {
        (Some(x), Some(y)) => of_steps([left, right], at, [x, y]),
        (None, _) => branched(Side::Left, left, x),
        (_, None) => branched(Side::Right, right, y),
    }
}

/// The cause for tokens committed by steps of both runs.
fn of_steps(traces: [&Trace; 2], at: usize, tokens: [Committed; 2]) -> Cause {
    let choices = [0, 1].map(|side| choice_of(traces[side], tokens[side]));
    if let [Some(a), Some(b)] = choices
        && a != b
    {
        return of_distributions(traces, tokens, [a, b]);
    }
    let relaxed = [Side::Left, Side::Right]
        .into_iter()
        .filter(|side| side.of(tokens).fate == Some(Fate::Relaxed));
    let causes = relaxed.map(|side| of_rule(side, traces, at, tokens));
    // A refusing rule explains more than a missing draft.
    let causes: Vec<Cause> = causes.collect();
    let by_rule = causes.iter().find(|cause| cause.is_of_rules());
    let found = by_rule.or(causes.first());
    if let Some(cause) = found {
        return cause.clone();
    }
    let shaping = shaping(traces[0], tokens[0].step, traces[1], tokens[1].step);
    match shaping.is_empty() {
        true => Cause::Unexplained,
        false => Cause::Parameters(shaping),
    }
}

/// The model's own choices differ there.
fn of_distributions(traces: [&Trace; 2], tokens: [Committed; 2], [a, b]: [TokenId; 2]) -> Cause {
    let shaping = shaping(traces[0], tokens[0].step, traces[1], tokens[1].step);
    if !shaping.is_empty() {
        return Cause::Parameters(shaping);
    }
    let rows = [0, 1].map(|side| row_of(traces[side], tokens[side]));
    Cause::Numeric {
        left: margin(rows[0], a, b),
        right: margin(rows[1], b, a),
        differing: of_part(traces, tokens.map(|t| t.step), &[AffectedPart::Arithmetic]),
    }
}

/// A rule accepted a side's token.
fn of_rule(side: Side, traces: [&Trace; 2], at: usize, tokens: [Committed; 2]) -> Cause {
    let (trace, token) = (side.of(traces), side.of(tokens));
    let step = &trace.steps[token.step];
    let judged = token.node.and_then(|node| step.score(node));
    let other = not_taken(side, traces, tokens);
    let is_refused = matches!(other, NotTaken::Refused { .. });
    Cause::Relaxed {
        side,
        step: token.step,
        rule: trace.params_at(token.step).verify,
        p: judged.map(|j| j.p),
        argmax_p: row_of(trace, token).and_then(NodeDistribution::argmax_p),
        differing: drafts_differing(traces, at, tokens.map(|t| t.step), is_refused),
        other,
    }
}

/// Why the other run did not commit a side's token.
fn not_taken(side: Side, traces: [&Trace; 2], tokens: [Committed; 2]) -> NotTaken {
    let (token, other) = (side.of(tokens).token, side.other().of(traces));
    let place = side.other().of(tokens);
    let rule = other.params_at(place.step).verify;
    if rule.is_lossless() {
        return NotTaken::Refused { rule };
    }
    let step = place.step;
    let drafted = fate_there(other, place, token);
    match drafted {
        // With other drafts after it, a rule that looks ahead may accept it.
        Some(Fate::Rejected) if rule.looks_ahead() => {}
        Some(Fate::Rejected) => return NotTaken::Refused { rule },
        Some(Fate::Lost) => return NotTaken::Lost { step },
        Some(_) => return NotTaken::CutOff { step },
        None => {}
    }
    let there = row_of(other, place).map(|row| Standing::within(row, token));
    let own = side.of(tokens).node;
    let own_step = &side.of(traces).steps[side.of(tokens).step];
    let own = own.map(|node| own_step.scored().standing(node));
    let standings = [there, own].map(|standing| standing.map(Standing::confirmed));
    match would_refuse(rule, standings, &other.header.eos) {
        Some(true) => NotTaken::Refused { rule },
        Some(false) if drafted.is_some() => NotTaken::Unconfirmed { step },
        Some(false) => NotTaken::NotDrafted { step },
        None => NotTaken::NotRecorded,
    }
}

/// Whether a rule refuses a token, whatever is drafted: by the distribution of its own run if recorded, else
/// by the other's, which is the same unless parameters differ.
fn would_refuse(
    verify: AcceptanceRule,
    standings: [Option<Standing<'_>>; 2],
    eos: &[TokenId],
) -> Option<bool> {
    let mut standings = standings.into_iter().flatten();
    let ruling = standings.find_map(|standing| rule(standing, verify, eos));
    ruling.map(|ruling| matches!(ruling, Ruling::Refused(_)))
}

/// The fate of a drafted token where another one was committed.
fn fate_there(trace: &Trace, place: Committed, token: u32) -> Option<Fate> {
    let (step, parent) = chosen_at(trace, place)?;
    let mut children = step.tree.children(parent);
    let child = children.find(|&c| step.tree.nodes[c].token == token)?;
    step.verdict.fate(child)
}

fn ended(side: Side, trace: &Trace) -> Cause {
    Cause::Ended {
        side,
        finish: trace.end.as_ref().map(|end| end.finish),
    }
}

fn branched(side: Side, trace: &Trace, taken: Taken) -> Cause {
    let forced = trace.header.branch.as_ref().and_then(|b| b.forced);
    Cause::Branched {
        side,
        is_forced: forced == Some(taken.token),
    }
}

fn margin(row: Option<&NodeDistribution>, choice: TokenId, other: TokenId) -> Margin {
    let p = |id| {
        let listed = row?.top.iter().find(|c| c.0 == id)?;
        Some(listed.1)
    };
    Margin {
        p: p(choice),
        other_p: p(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_the_difference_of_the_logits() {
        let margin = Margin {
            p: Some(0.4),
            other_p: Some(0.2),
        };
        let logits = margin.in_logits().expect("both are recorded");
        assert!((logits - std::f32::consts::LN_2).abs() < 1e-6);
        let unknown = Margin {
            p: Some(0.4),
            other_p: None,
        };
        assert_eq!(unknown.in_logits(), None);
    }
}
