//! The result of a comparison in sentences, the same on the Compare screen and the
//! command line.

use super::{Cause, Divergence, Factor, Margin, NotTaken, Side, Slower, Why};
use crate::speculate::TokenId;
use crate::speculate::explain::{NOT_RECORDED, prob};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::same_run::{HeaderDifference, differences};
use crate::speculate::trace::{Header, Trace};
use crate::speculate::verify::Finish;

/// What the two runs are called, and how their tokens are written.
pub struct Names<'a> {
    /// Names of the left and the right run.
    pub runs: [&'a str; 2],
    /// A token of one side, quoted.
    pub token: &'a dyn Fn(Side, TokenId) -> String,
}

impl Names<'_> {
    fn run(&self, side: Side) -> &str {
        side.of(self.runs)
    }

    fn taken(&self, found: &Divergence, side: Side) -> String {
        let taken = side.of([found.left, found.right]);
        taken.map_or("its end".into(), |t| (self.token)(side, t.token))
    }
}

/// One word for a cause: `relaxed`, `drafts`, `numeric`, ..
pub(crate) fn first_words(cause: &Cause) -> &'static str {
    match cause {
        Cause::Prompt => "other prompts",
        Cause::Model => "other models",
        Cause::Relaxed { .. } => "relaxed",
        Cause::Branched { .. } => "a branch",
        Cause::Parameters(_) => "other parameters",
        Cause::Numeric { .. } => "numeric",
        Cause::Ended { .. } => "one ended",
        Cause::Unexplained => "unexplained",
    }
}

/// What differs in the headers, both values side by side: `budget 16 | 64`.
pub(crate) fn beside(differing: &[HeaderDifference]) -> String {
    let each: Vec<String> = differing.iter().map(|d| d.side_by_side()).collect();
    each.join(", ")
}

/// Why the texts diverge, in a sentence or two.
pub fn because(found: &Divergence, traces: [&Trace; 2], names: &Names<'_>) -> String {
    match &found.cause {
        Cause::Prompt => "The prompts differ.".into(),
        Cause::Model => models(traces.map(|t| t.header.model.name.as_str())),
        Cause::Relaxed {
            side, other, rule, ..
        } => match other {
            NotTaken::Refused { rule: refusing } => refused(found, *side, *rule, *refusing, names),
            _ => other_drafts(found, *side, *rule, other, traces, names),
        },
        Cause::Parameters(differing) => {
            format!("The model's distributions differ: {}.", beside(differing))
        }
        Cause::Numeric {
            left,
            right,
            differing,
        } => numeric([left, right], differing, names),
        Cause::Ended { side, finish } => ended(names.run(*side), *finish),
        Cause::Branched { side, is_forced } => {
            let run = names.run(*side);
            match is_forced {
                true => format!("{run} is a branch on which this token was forced."),
                false => format!("{run} is a branch that inherited it from its parent run."),
            }
        }
        Cause::Unexplained => "Neither the rule nor the model's choice explains it.".into(),
    }
}

fn models([a, b]: [&str; 2]) -> String {
    match a == b {
        true => "The models differ: two files of the same name.".into(),
        false => format!("The models differ: {a} | {b}."),
    }
}

fn ended(run: &str, finish: Option<Finish>) -> String {
    let how = match finish {
        Some(Finish::Eos) => "by itself",
        Some(Finish::Length) => "at its token limit",
        Some(Finish::Context) => "at the context's end",
        Some(Finish::Cancelled) => "because it was stopped",
        None => "there",
    };
    format!("{run} ended {how}; up to there they are equal.")
}

/// What the rule accepted: `A's relaxed k=2 tau=0.10 accepted ' drive' at step 6 (p
/// .24, the model's own choice had .47)`.
fn let_in(found: &Divergence, side: Side, rule: AcceptanceRule, names: &Names<'_>) -> String {
    let Cause::Relaxed {
        step, p, argmax_p, ..
    } = &found.cause
    else {
        return String::new();
    };
    let p = p.map_or_else(String::new, |p| format!("p {}, ", prob(p)));
    let argmax_p = argmax_p.map_or_else(|| format!("a p that is {NOT_RECORDED}"), prob);
    format!(
        "{}'s {} accepted {} at step {} ({p}the model's own choice had {argmax_p})",
        names.run(side),
        rule.describe(),
        names.taken(found, side),
        step + 1,
    )
}

fn refused(
    found: &Divergence,
    side: Side,
    rule: AcceptanceRule,
    refusing: AcceptanceRule,
    names: &Names<'_>,
) -> String {
    let other = names.run(side.other());
    let mut text = format!(
        "The rules differ: {}; {other}'s {} refuses it.",
        let_in(found, side, rule, names),
        refusing.describe()
    );
    if let Cause::Relaxed { differing, .. } = &found.cause
        && !refusing.is_lossless()
        && !differing.is_empty()
    {
        text.push_str(&format!(
            " Their drafts differ, too: {}.",
            beside(differing)
        ));
    }
    text
}

fn other_drafts(
    found: &Divergence,
    side: Side,
    rule: AcceptanceRule,
    other: &NotTaken,
    traces: [&Trace; 2],
    names: &Names<'_>,
) -> String {
    let Cause::Relaxed { differing, .. } = &found.cause else {
        return String::new();
    };
    let why = match differing.as_slice() {
        [] => unrecorded(traces),
        some if found.cause.is_of_rules() => format!("The rules differ: {}.", beside(some)),
        some => format!("The drafts differ: {}.", beside(some)),
    };
    let run = names.run(side.other());
    let not = match other {
        NotTaken::NotDrafted { step } => {
            format!("{run} did not draft it there (step {})", step + 1)
        }
        NotTaken::Unconfirmed { step } => {
            format!(
                "{run} also drafted it in step {}, but too few own choices followed it",
                step + 1
            )
        }
        NotTaken::Lost { step } => {
            format!(
                "{run} also drafted it in step {}, but a longer branch won",
                step + 1
            )
        }
        NotTaken::CutOff { step } => {
            format!("{run}'s text was cut off there (step {})", step + 1)
        }
        _ => format!("what {run} drafted there was not recorded"),
    };
    format!("{why} {}; {not}.", let_in(found, side, rule, names))
}

/// Old headers do not record everything.
fn unrecorded(traces: [&Trace; 2]) -> String {
    let is_whole = |t: &&Trace| t.header.calibration.is_some() && t.header.pools_hash.is_some();
    match traces.iter().all(is_whole) {
        true => "The drafts differ, although nothing that was recorded does.".into(),
        false => {
            "The drafts differ for a reason that was not recorded (an earlier trace format).".into()
        }
    }
}

fn numeric(margins: [&Margin; 2], differing: &[HeaderDifference], names: &Names<'_>) -> String {
    let why = match differing {
        [] if margins.iter().all(|margin| margin.p.is_none()) => {
            return format!(
                "The models' own choices differ; how close they were is {NOT_RECORDED}."
            );
        }
        [] => "Numeric: nearly equal logits came out in a different order.".to_string(),
        some => format!("Numeric: computed differently ({}).", beside(some)),
    };
    let [a, b] = [Side::Left, Side::Right].map(|side| {
        let (name, margin) = (names.run(side), side.of(margins));
        match (margin.p, margin.other_p, margin.in_logits()) {
            (Some(p), Some(other), Some(logits)) => {
                format!("{name}: p {p:.4} over {other:.4}, logits {logits:.4} apart.")
            }
            (Some(p), _, _) => {
                format!("{name}: p {p:.4}; the other token is not in its top ten.")
            }
            (None, _, _) => format!("{name}: {NOT_RECORDED}."),
        }
    });
    format!("{why} {a} {b}")
}

impl Slower {
    /// Which run is slower and why, in a sentence.
    pub fn in_words(&self, headers: [&Header; 2], names: &Names<'_>) -> String {
        let [slow, quick] = [self.side, self.side.other()];
        let (a, b) = (slow.of(self.paces), quick.of(self.paces));
        let (ms, other_ms) = (a.ms_per_token, b.ms_per_token);
        if self.is_alike() {
            let [left, right] = self.paces.map(|p| p.ms_per_token);
            let [x, y] = names.runs;
            return format!("{x} and {y} are equally fast: {left:.2} and {right:.2} ms per token.");
        }
        let factor = |f: &Factor| self.factor(f, headers, names);
        let [because, although] = self.told().map(|all| {
            let each: Vec<String> = all.iter().map(factor).collect();
            each.join(" and ")
        });
        let although = match although.is_empty() {
            true => String::new(),
            false => format!(", although {although}"),
        };
        format!(
            "{} is slower, {ms:.2} ms per token against {other_ms:.2} ({:.2}×), because \
            {because}{although}.",
            names.run(slow),
            self.times
        )
    }

    fn factor(&self, factor: &Factor, headers: [&Header; 2], names: &Names<'_>) -> String {
        let (a, b) = (self.side.of(self.paces), self.side.other().of(self.paces));
        let times = format!("{:.2}×", factor.times);
        let more = |more: &'static str, less: &'static str| match factor.times > 1.0 {
            true => more,
            false => less,
        };
        match factor.why {
            Why::TokensPerStep => format!(
                "it commits {} tokens per step ({:.2} against {:.2}: {times})",
                more("fewer", "more"),
                a.mal,
                b.mal
            ),
            Why::Rows => format!(
                "its rows cost {} ({:.1} per step against {:.1}: {times} by {}'s profile)",
                more("more", "less"),
                a.rows_per_step,
                b.rows_per_step,
                self.by.map_or("", |side| names.run(side))
            ),
            Why::SameRows => {
                let took = more("took longer", "took less time");
                let [slow, quick] = [self.side, self.side.other()].map(|s| machine(s.of(headers)));
                match slow == quick {
                    true => format!("the same rows {took} ({times})"),
                    false => format!("the same rows {took} on its machine ({times})"),
                }
            }
            Why::Step => format!(
                "a step takes {} ({:.1} ms against {:.1}: {times})",
                more("longer", "less time"),
                a.ms_per_step,
                b.ms_per_step
            ),
        }
    }
}

/// Device, threads and instructions: `cpu (AVX2, 2 threads)`.
pub(crate) fn machine(header: &Header) -> String {
    let Some(device) = &header.device else {
        return NOT_RECORDED.into();
    };
    let mut more = Vec::new();
    let instructions = header.arithmetic.as_ref().map(|a| a.instructions.as_str());
    more.extend(
        instructions
            .filter(|i| !device.contains(i))
            .map(str::to_string),
    );
    if let Some(n) = header.threads.filter(|_| !device.contains("thread")) {
        more.push(format!("{n} thread{}", if n == 1 { "" } else { "s" }));
    }
    match more.is_empty() {
        true => device.clone(),
        false => format!("{device} ({})", more.join(", ")),
    }
}

/// The cost profile by its ends: `1-64 rows 3.3-41.0 ms, 2026-01-31`.
pub(crate) fn profile(header: &Header) -> String {
    let points = &header.cost.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "none".into();
    };
    let day = header.cost.measured.as_ref();
    let day = day.map_or(String::new(), |day| format!(", {day}"));
    format!(
        "{}-{} rows {:.1}-{:.1} ms{day}",
        first.rows, last.rows, first.step_ms, last.step_ms
    )
}

/// Every difference of two headers that affects a run.
pub(crate) fn headers_beside(a: &Header, b: &Header) -> String {
    beside(&differences(a, b))
}
