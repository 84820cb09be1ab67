//! Whether a step matches, from the trace alone.

use super::{Condition, Is, Number, Text, TextSign, Word};
use crate::speculate::TokenId;
use crate::speculate::trace::{Step, Timing, Trace};
use crate::speculate::verify::Fate;

/// Whether a step matches; `None`: what the condition asks for is not recorded.
pub(crate) fn matches(condition: &Condition, trace: &Trace, at: usize) -> Option<bool> {
    let step = &trace.steps[at];
    let found = match condition {
        Condition::Word(word) => holds(*word, step),
        Condition::Number(number, sign, value) => {
            return any(numbers(*number, step), |found| sign.holds(found, *value));
        }
        Condition::Source(source, is) => {
            let drafts = 1..step.tree.n_rows();
            let found = drafts
                .into_iter()
                .any(|n| step.credited(n) == Some(*source));
            found == (*is == Is::It)
        }
        Condition::Text(text, sign, value) => has_text(*text, *sign, value, trace, at),
        Condition::Not(inner) => return matches(inner, trace, at).map(|found| !found),
        Condition::First(inner) => {
            // The first of those that are known to match.
            let is_earlier = |earlier| matches(inner, trace, earlier) == Some(true);
            return matches(inner, trace, at).map(|found| found && !(0..at).any(is_earlier));
        }
        Condition::And(left, right) => return both([left, right], trace, at),
        Condition::Or(left, right) => {
            let [left, right] = [left, right].map(|part| matches(part, trace, at));
            return match (left, right) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (left, right) => left.and(right),
            };
        }
    };
    Some(found)
}

/// One part that does not match decides, whatever is recorded of the other.
fn both(parts: [&Condition; 2], trace: &Trace, at: usize) -> Option<bool> {
    match parts.map(|part| matches(part, trace, at)) {
        [Some(false), _] | [_, Some(false)] => Some(false),
        [left, right] => left.and(right),
    }
}

/// Whether any value fits: one that does is enough, however many are not recorded.
fn any(values: impl Iterator<Item = Option<f64>>, fits: impl Fn(f64) -> bool) -> Option<bool> {
    let mut is_known = true;
    for value in values {
        match value {
            Some(value) if fits(value) => return Some(true),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(false)
}

fn holds(word: Word, step: &Step) -> bool {
    let has = |fate| step.verdict.fates.contains(&fate);
    match word {
        Word::Accepted => has(Fate::Accepted),
        Word::Relaxed => has(Fate::Relaxed),
        Word::Rejected => has(Fate::Rejected),
        Word::Lost => has(Fate::Lost),
        Word::Unreached => has(Fate::Unreached),
        Word::None => step.verdict.path.is_empty(),
        Word::Hit => step.is_hit(),
        Word::Miss => !step.is_hit(),
        Word::Changed => step.params.is_some(),
        Word::Ended => step.verdict.finish.is_some(),
    }
}

/// The values of a number of the step; one per committed token where it is a token's.
/// `None`: not recorded.
fn numbers(number: Number, step: &Step) -> Box<dyn Iterator<Item = Option<f64>> + '_> {
    let count = |fate| step.verdict.count(fate) as f64;
    let ms = |of: fn(&Timing) -> f64| step.timing.as_ref().map(of);
    let scores = step.committed_scores();
    let one = match number {
        Number::P => return Box::new(scores.map(|score| Some(f64::from(score?.p)))),
        Number::Rank => return Box::new(scores.map(|score| score?.rank.map(f64::from))),
        Number::Entropy => return Box::new(entropies(step)),
        Number::Ms => ms(Timing::total),
        Number::RetrieveMs => ms(|timing| timing.retrieve),
        Number::ForwardMs => ms(|timing| timing.forward),
        Number::VerifyMs => ms(|timing| timing.verify),
        Number::Step => Some((step.index + 1) as f64),
        Number::Committed => Some(step.verdict.n_committed() as f64),
        Number::Drafted => Some(step.tree.n_drafts() as f64),
        Number::Accepted => Some(count(Fate::Accepted)),
        Number::Relaxed => Some(count(Fate::Relaxed)),
        Number::Rejected => Some(count(Fate::Rejected)),
        Number::Lost => Some(count(Fate::Lost)),
        Number::Unreached => Some(count(Fate::Unreached)),
        Number::Rows => Some(step.tree.n_rows() as f64),
        Number::Depth => Some(step.tree.nodes.iter().map(|n| n.depth).max().unwrap_or(0) as f64),
        Number::Match => Some(step.retrieval.iter().map(|h| h.matched).max().unwrap_or(0) as f64),
    };
    Box::new(std::iter::once(one))
}

/// Entropies where the committed tokens were chosen.
fn entropies(step: &Step) -> impl Iterator<Item = Option<f64>> + '_ {
    let path = [0].into_iter().chain(step.verdict.path.iter().copied());
    let chosen = path.take(step.verdict.n_committed());
    chosen.map(|node| step.row(node)?.entropy.map(f64::from))
}

fn has_text(text: Text, sign: TextSign, value: &str, trace: &Trace, at: usize) -> bool {
    let step = &trace.steps[at];
    let fits = |id: TokenId| {
        let token = String::from_utf8_lossy(trace.token_bytes(id));
        compare(&token, sign, value)
    };
    match text {
        Text::Text => ends_here(sign, value, trace, at),
        Text::Token => step.verdict.committed(&step.tree).any(|(id, _)| fits(id)),
        Text::Draft => step.tree.nodes[1..].iter().any(|node| fits(node.token)),
        Text::Doc => {
            let origins = step.tree.nodes.iter().flat_map(|node| &node.origins);
            origins.flat_map(|origin| &origin.docs).any(|hit| {
                compare(&hit.doc, sign, value) || compare(trace.doc_title(&hit.doc), sign, value)
            })
        }
    }
}

fn compare(found: &str, sign: TextSign, value: &str) -> bool {
    let (found, value) = (found.to_lowercase(), value.to_lowercase());
    match sign {
        TextSign::Contains => found.contains(&value),
        TextSign::Equals => found.trim() == value.trim(),
    }
}

/// The run's text contains the value, ending in this step's tokens.
fn ends_here(sign: TextSign, value: &str, trace: &Trace, at: usize) -> bool {
    let own = committed_bytes(trace, at);
    if sign == TextSign::Equals {
        return compare(&String::from_utf8_lossy(&own), sign, value);
    }
    // As much of the preceding text as the value may need; lower case may be shorter.
    let wanted = 4 * value.len();
    let mut before: Vec<Vec<u8>> = Vec::new();
    let mut n_before = 0;
    for earlier in (0..at).rev() {
        if n_before >= wanted {
            break;
        }
        let bytes = committed_bytes(trace, earlier);
        n_before += bytes.len();
        before.push(bytes);
    }
    before.reverse();
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase();
    let before = before.concat();
    let whole = lower(&[before.as_slice(), own.as_slice()].concat());
    let value = value.to_lowercase();
    let n_before = lower(&before).len();
    whole
        .match_indices(&value)
        .any(|(start, found)| start + found.len() > n_before)
        || whole
            .rfind(&value)
            .is_some_and(|start| start + value.len() > n_before)
}

fn committed_bytes(trace: &Trace, at: usize) -> Vec<u8> {
    let step = &trace.steps[at];
    let tokens = step.verdict.committed(&step.tree);
    tokens
        .flat_map(|(id, _)| trace.token_bytes(id).iter().copied())
        .collect()
}
