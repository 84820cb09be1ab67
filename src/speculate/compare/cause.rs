//! Why two texts part: what their headers do not share first, then the rules, then
//! the margins.
//!
//! What is said can be checked by a rerun: with a rule that refuses the token no draft
//! brings it into the text; runs whose drafts differ are equal once what is named is.

use super::differing::{drafts_differing, of_part, shaping};
use super::{Side, Taken, row_of, same_model};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::rule::{Ruling, rule};
use crate::speculate::same_run::{HeaderDifference, Part};
use crate::speculate::trace::{Committed, Trace};
use crate::speculate::verify::{Fate, Finish};

/// Why two texts part.
#[derive(Clone, Debug, PartialEq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Cause {
    /// The prompts differ.
    Prompt,
    /// The models differ.
    Model,
    /// A token was committed only thanks to the relaxed rule.
    Relaxed {
        side: Side,
        step: usize,
        /// The rule that let it in.
        rule: AcceptanceRule,
        /// The committed token's probability, and the argmax's it stood in for.
        p: Option<f32>,
        argmax_p: f32,
        /// Why the other run did not take the same token.
        other: NotTaken,
        /// What decides drafts and is not the same in both: where the other rule
        /// refuses the token, it is none of the cause.
        differing: Vec<HeaderDifference>,
    },
    /// No step of this run made the token: a branch took it over from another
    /// run, or it was forced on the branch.
    Branched { side: Side, is_forced: bool },
    /// The distributions were shaped otherwise: these parameters differ.
    Parameters(Vec<HeaderDifference>),
    /// The model's own choices differ: near-equal logits that came out in another
    /// order.
    Numeric {
        left: Margin,
        right: Margin,
        /// What was not computed alike, where it is recorded.
        differing: Vec<HeaderDifference>,
    },
    /// One text is the beginning of the other: it ended, or was ended, there.
    Ended { side: Side, finish: Option<Finish> },
    /// Not the model's choice, and no rule's doing.
    Unexplained,
}

/// Why the other run did not take a token that a relaxed rule let in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotTaken {
    /// Its rule refuses it, whatever is drafted.
    Refused { rule: AcceptanceRule },
    /// Its rule would take it, but it was not in that step's tree.
    NotDrafted { step: usize },
    /// It was drafted and would have been taken, but another branch won.
    Lost { step: usize },
    /// It was drafted, and the end of the text cut it off.
    CutOff { step: usize },
    /// That step's tree or its distributions were not recorded.
    NotRecorded,
}

/// How close the two tokens were in one run's distribution at that place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin {
    /// Of the token that is the model's own choice in this run.
    pub p: f32,
    /// Of the other run's; `None` where it is not among those recorded.
    pub other_p: Option<f32>,
}

impl Margin {
    /// How far the logits are apart.
    pub fn in_logits(&self) -> Option<f32> {
        let other = self.other_p.filter(|&p| p > 0.0 && self.p > 0.0)?;
        Some((self.p / other).ln())
    }
}

/// Of two texts that are equal up to token `at`, and go on with `x` and `y`.
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

/// Of tokens that steps of both runs committed.
fn of_steps(traces: [&Trace; 2], at: usize, tokens: [Committed; 2]) -> Cause {
    let rows = [row_of(traces[0], tokens[0]), row_of(traces[1], tokens[1])];
    if let [Some(a), Some(b)] = rows
        && a.choice() != b.choice()
    {
        return of_distributions(traces, tokens, [a, b]);
    }
    let relaxed = [Side::Left, Side::Right]
        .into_iter()
        .filter(|side| side.of(tokens).fate == Some(Fate::Relaxed));
    let causes = relaxed.map(|side| of_rule(side, traces, at, tokens));
    // A rule that refuses says more than a draft that was missing.
    let by_rule = |c: &Cause| {
        matches!(
            c,
            Cause::Relaxed {
                other: NotTaken::Refused { .. },
                ..
            }
        )
    };
    let causes: Vec<Cause> = causes.collect();
    let found = causes.iter().find(|c| by_rule(c)).or(causes.first());
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
fn of_distributions(
    traces: [&Trace; 2],
    tokens: [Committed; 2],
    [a, b]: [&NodeDistribution; 2],
) -> Cause {
    let shaping = shaping(traces[0], tokens[0].step, traces[1], tokens[1].step);
    if !shaping.is_empty() {
        return Cause::Parameters(shaping);
    }
    Cause::Numeric {
        left: margin(a, b),
        right: margin(b, a),
        differing: of_part(traces, tokens.map(|t| t.step), &[Part::Arithmetic]),
    }
}

/// A rule let a side's token in.
fn of_rule(side: Side, traces: [&Trace; 2], at: usize, tokens: [Committed; 2]) -> Cause {
    let (trace, token) = (side.of(traces), side.of(tokens));
    let step = &trace.steps[token.step];
    let judged = token.node.and_then(|n| step.judged.get(n.checked_sub(1)?));
    let other = not_taken(side, traces, tokens, judged.copied());
    let is_refused = matches!(other, NotTaken::Refused { .. });
    Cause::Relaxed {
        side,
        step: token.step,
        rule: trace.params_at(token.step).verify,
        p: judged.map(|j| j.p),
        argmax_p: row_of(trace, token).map_or(0.0, NodeDistribution::argmax_p),
        differing: drafts_differing(traces, at, tokens.map(|t| t.step), is_refused),
        other,
    }
}

/// Why the other run did not take a side's token.
fn not_taken(
    side: Side,
    traces: [&Trace; 2],
    tokens: [Committed; 2],
    judged: Option<TokenScore>,
) -> NotTaken {
    let (token, other) = (side.of(tokens).token, side.other().of(traces));
    let place = side.other().of(tokens);
    let rule = other.params_at(place.step).verify;
    if rule.is_lossless() {
        return NotTaken::Refused { rule };
    }
    let step = place.step;
    match fate_there(other, place, token) {
        Some(Fate::Rejected) => return NotTaken::Refused { rule },
        Some(Fate::Lost) => return NotTaken::Lost { step },
        Some(_) => return NotTaken::CutOff { step },
        None => {}
    }
    let own = row_of(side.of(traces), side.of(tokens));
    let own = judged.zip(own);
    match would_refuse(rule, token, row_of(other, place), own, &other.header.eos) {
        Some(true) => NotTaken::Refused { rule },
        Some(false) => NotTaken::NotDrafted { step },
        None => NotTaken::NotRecorded,
    }
}

/// Whether a rule refuses a token: by the distribution of its own run, as far as that
/// was recorded, else by the other's, which is the same unless it was shaped otherwise.
fn would_refuse(
    verify: AcceptanceRule,
    token: u32,
    there: Option<&NodeDistribution>,
    own: Option<(TokenScore, &NodeDistribution)>,
    eos: &[u32],
) -> Option<bool> {
    let refuses = |judged, row| matches!(rule(token, judged, row, verify, eos), Ruling::Refused(_));
    if let Some(row) = there {
        if let Some(at) = row.top.iter().position(|c| c.0 == token) {
            let judged = TokenScore {
                rank: at as u32 + 1,
                p: row.top[at].1,
            };
            return Some(refuses(judged, row));
        }
        if verify.max_rank().is_some_and(|k| k <= row.top.len()) {
            return Some(true);
        }
    }
    own.map(|(judged, row)| refuses(judged, row))
}

/// What became of a token that was drafted where another one was committed.
fn fate_there(trace: &Trace, place: Committed, token: u32) -> Option<Fate> {
    let step = trace.steps.get(place.step)?;
    let parent = match place.node {
        Some(node) => step.tree.nodes.get(node)?.parent?,
        None => step.verdict.path.last().copied().unwrap_or(0),
    };
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

fn margin(row: &NodeDistribution, other: &NodeDistribution) -> Margin {
    let p = |id| row.top.iter().find(|c| c.0 == id).map(|c| c.1);
    Margin {
        p: p(row.choice()).unwrap_or(0.0),
        other_p: p(other.choice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_the_difference_of_the_logits() {
        let margin = Margin {
            p: 0.4,
            other_p: Some(0.2),
        };
        let logits = margin.in_logits().expect("both are recorded");
        assert!((logits - std::f32::consts::LN_2).abs() < 1e-6);
        let unknown = Margin {
            p: 0.4,
            other_p: None,
        };
        assert_eq!(unknown.in_logits(), None);
    }
}
