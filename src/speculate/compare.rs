//! Two runs side by side: their texts aligned token by token, where and why they
//! diverge, and whether strict decoding was lossless. Reads only traces.

mod cause;
mod differing;
mod slower;
mod words;

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::TokenId;
use super::params::AcceptanceRule;
use super::row::NodeDistribution;
use super::trace::{Committed, Trace};
use super::verify::Finish;

pub use cause::Cause;
pub(crate) use cause::Margin;
pub use cause::NotTaken;
pub(crate) use slower::Factor;
pub(crate) use slower::Pace;
pub use slower::Slower;
pub use slower::Why;
pub use slower::slower;
pub use words::Names;
pub use words::because;
pub(crate) use words::beside;
pub(crate) use words::first_words;
pub(crate) use words::headers_beside;
pub(crate) use words::machine;
pub(crate) use words::profile;

/// A stretch of two aligned texts, in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) left: Range<usize>,
    pub(crate) right: Range<usize>,
    pub(crate) is_equal: bool,
}

/// Which of two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first run.
    Left,
    /// The second run.
    Right,
}

impl Side {
    /// The opposite side.
    pub fn other(self) -> Self {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }

    /// This side's of a pair.
    pub fn of<T>(self, [left, right]: [T; 2]) -> T {
        match self {
            Side::Left => left,
            Side::Right => right,
        }
    }
}

/// Where two texts diverge.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// Index of the first token that differs.
    pub at: usize,
    /// The token there; `None`: that text had ended.
    pub left: Option<Taken>,
    /// The same of the right text.
    pub right: Option<Taken>,
    /// Why they part there.
    pub cause: Cause,
}

/// A token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its id.
    pub token: TokenId,
    /// The step that committed it; `None`: a branch inherited it, or it was forced.
    pub by: Option<Committed>,
}

/// Aligns two texts so that as many tokens as possible match.
pub(crate) fn align(left: &[TokenId], right: &[TokenId]) -> Vec<Stretch> {
    let ops = capture_diff_slices(Algorithm::Myers, left, right);
    ops.iter()
        .map(|op| Stretch {
            left: op.old_range(),
            right: op.new_range(),
            is_equal: matches!(op, DiffOp::Equal { .. }),
        })
        .collect()
}

/// The right text's token beside a token of the left one; none beyond the left one's end.
pub(crate) fn token_beside(stretches: &[Stretch], left: usize) -> Option<usize> {
    let found = stretches.iter().find(|s| left < s.left.end)?;
    let into = left.saturating_sub(found.left.start);
    Some((found.right.start + into).min(found.right.end))
}

/// Which tokens of two aligned texts the other one does not have.
pub(crate) fn differing(stretches: &[Stretch]) -> [Vec<bool>; 2] {
    let mut differs = [Vec::new(), Vec::new()];
    for stretch in stretches {
        let ends = [stretch.left.end, stretch.right.end];
        for (flags, end) in differs.iter_mut().zip(ends) {
            flags.resize(end, !stretch.is_equal);
        }
    }
    differs
}

/// Share of two texts' tokens that both have, in the same order: 2 m / (|a| + |b|), m
/// of them equal once the texts are aligned (Ratcliff and Obershelp's measure). Unlike
/// [`agreement`](super::stats::agreement) it tolerates inserted and missing tokens. 1.0
/// for two empty texts.
pub fn in_common(a: &[TokenId], b: &[TokenId]) -> f64 {
    share_in_common(&align(a, b))
}

/// [`in_common`] of two aligned texts.
pub(crate) fn share_in_common(stretches: &[Stretch]) -> f64 {
    let tokens = |s: &Stretch| s.left.len() + s.right.len();
    let equal = stretches.iter().filter(|s| s.is_equal);
    match stretches.iter().map(tokens).sum::<usize>() {
        0 => 1.0,
        all => equal.map(tokens).sum::<usize>() as f64 / all as f64,
    }
}

/// Where and why two runs' texts diverge; `None` while they are equal. An unfinished
/// run is compared as far as it has come.
pub fn divergence(left: &Trace, right: &Trace) -> Option<Divergence> {
    let (mut a, mut b) = (answer(left), answer(right));
    let mut at = 0;
    loop {
        let (left_token, right_token) = (a.next(), b.next());
        match (left_token, right_token) {
            (None, None) => return None,
            (Some(x), Some(y)) if x.token == y.token => at += 1,
            (None, _) if left.end.is_none() => return None,
            (_, None) if right.end.is_none() => return None,
            (x, y) => {
                return Some(Divergence {
                    at,
                    left: x,
                    right: y,
                    cause: cause::cause(left, right, at, x, y),
                });
            }
        }
    }
}

/// Every token of a text, inherited tokens included.
fn answer(trace: &Trace) -> impl Iterator<Item = Taken> + '_ {
    let before = trace.taken_over().map(|token| Taken { token, by: None });
    let own = trace.committed().map(|c| Taken {
        token: c.token,
        by: Some(c),
    });
    before.chain(own)
}

/// The distribution by which a committed token was judged or from which it was chosen.
pub(crate) fn row_of(trace: &Trace, token: Committed) -> Option<&NodeDistribution> {
    let step = trace.steps.get(token.step)?;
    let node = match token.node {
        Some(node) => step.tree.nodes.get(node)?.parent?,
        None => step.verdict.path.last().copied().unwrap_or(0),
    };
    step.row(node)
}

/// The model's own choice where a committed token was judged or chosen, by the
/// distribution or, where that is not recorded, by what was committed.
fn choice_of(trace: &Trace, token: Committed) -> Option<TokenId> {
    let step = trace.steps.get(token.step)?;
    let node = match token.node {
        Some(node) => step.tree.nodes.get(node)?.parent?,
        None => step.verdict.path.last().copied().unwrap_or(0),
    };
    step.scored().choice(node)
}

fn same_model(a: &Trace, b: &Trace) -> bool {
    let (a, b) = (&a.header.model, &b.header.model);
    (&a.name, &a.dtype, &a.tokenizer_hash, a.file_bytes)
        == (&b.name, &b.dtype, &b.tokenizer_hash, b.file_bytes)
}

/// Whether strict decoding gave the autoregressive text.
#[derive(Clone, Debug, PartialEq)]
pub enum Lossless {
    /// Both runs were compared, token for token.
    Holds {
        /// Tokens that are equal: all.
        n_tokens: usize,
    },
    /// They diverge there.
    Broken(Box<Divergence>),
    /// They cannot be compared.
    NotComparable(&'static str),
}

/// Compares a strict run with an autoregressive one, token for token.
pub fn lossless(strict: &Trace, autoregressive: &Trace) -> Lossless {
    let ran = |trace: &Trace, rule: AcceptanceRule| {
        let mut rules = trace.steps.iter().filter_map(|s| s.params);
        trace.header.params.verify == rule && rules.all(|p| p.verify == rule)
    };
    if !ran(strict, AcceptanceRule::Strict) || !ran(autoregressive, AcceptanceRule::Autoregressive)
    {
        return Lossless::NotComparable("it needs a strict and an autoregressive run");
    }
    if strict.header.prompt_ids != autoregressive.header.prompt_ids {
        return Lossless::NotComparable("the prompts differ");
    }
    if !same_model(strict, autoregressive) {
        return Lossless::NotComparable("the models differ");
    }
    if strict.header.branch.is_some() || autoregressive.header.branch.is_some() {
        return Lossless::NotComparable("a branch inherits another run's text");
    }
    let is_whole = |t: &Trace| matches!(&t.end, Some(end) if end.finish != Finish::Cancelled);
    if !is_whole(strict) || !is_whole(autoregressive) {
        return Lossless::NotComparable("a run did not finish");
    }
    let n_steps = |t: &Trace| t.steps.len().saturating_sub(1);
    let (a, b) = (n_steps(strict), n_steps(autoregressive));
    let shaping = differing::shaping(strict, a, autoregressive, b);
    let limit = |t: &Trace| t.params_at(n_steps(t)).max_tokens;
    if !shaping.is_empty() || limit(strict) != limit(autoregressive) {
        return Lossless::NotComparable("their parameters change the text");
    }
    match divergence(strict, autoregressive) {
        Some(at) => Lossless::Broken(Box::new(at)),
        None => Lossless::Holds {
            n_tokens: strict.committed().count(),
        },
    }
}

/// When tokens appeared: (milliseconds of decoding, tokens by then), one pair per step,
/// starting with the inherited tokens at 0. `None`: a step's time is not recorded.
pub fn arrivals(trace: &Trace) -> Option<Vec<(f64, usize)>> {
    let begin = (0.0, trace.taken_over().count());
    let mut sum = begin;
    let steps = trace.steps.iter().map(|step| {
        sum.0 += step.timing.as_ref()?.total();
        sum.1 += step.verdict.n_committed();
        Some(sum)
    });
    std::iter::once(Some(begin)).chain(steps).collect()
}

/// Number of tokens after this many milliseconds of decoding.
pub(crate) fn tokens_after(arrivals: &[(f64, usize)], ms: f64) -> usize {
    let n = arrivals.partition_point(|a| a.0 <= ms);
    n.checked_sub(1).map_or(0, |last| arrivals[last].1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every token is in exactly one stretch, and equal stretches are equal.
        #[test]
        fn an_alignment_covers_both_texts(
            a in prop::collection::vec(0u32..4, 0..30),
            b in prop::collection::vec(0u32..4, 0..30),
        ) {
            let (mut x, mut y) = (0, 0);
            for stretch in align(&a, &b) {
                prop_assert_eq!((stretch.left.start, stretch.right.start), (x, y));
                (x, y) = (stretch.left.end, stretch.right.end);
                if stretch.is_equal {
                    prop_assert_eq!(&a[stretch.left], &b[stretch.right]);
                }
            }
            prop_assert_eq!((x, y), (a.len(), b.len()));
        }
    }

    #[test]
    fn tokens_arrive_with_their_steps() {
        let arrivals = [(0.0, 0), (10.0, 3), (15.0, 4)];
        let seen = [0.0, 9.9, 10.0, 14.0, 99.0].map(|ms| tokens_after(&arrivals, ms));
        assert_eq!(seen, [0, 0, 3, 3, 4]);
        assert_eq!(tokens_after(&[], 5.0), 0);
    }
}
