//! Why a draft token was accepted or refused: its score, the rule's inequalities with
//! both sides, the outcome, and the words for them.

use super::TokenId;
use super::params::AcceptanceRule;
use super::row::{Candidate, NodeDistribution, TokenScore};
use super::rule::{Refusal, Ruling, Test, rule, tests};

/// Everything that decided about one draft token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explanation {
    pub(crate) token: TokenId,
    pub(crate) judged: TokenScore,
    /// The most probable token there.
    pub(crate) argmax: Candidate,
    /// The model's own choice there with its score: the argmax, or the sampled token.
    pub(crate) choice: (TokenId, TokenScore),
    /// The inequalities, in the order of evaluation; none if only the choice is accepted.
    pub(crate) tests: Vec<Test>,
    pub(crate) ruling: Ruling,
}

/// Explains what [`rule`] says of a draft token.
pub(crate) fn explain(
    token: TokenId,
    judged: TokenScore,
    row: &NodeDistribution,
    verify: AcceptanceRule,
    eos: &[TokenId],
) -> Explanation {
    let asked = match row.drawn {
        Some(_) => Vec::new(),
        None => tests(judged, row, verify).collect(),
    };
    Explanation {
        token,
        judged,
        argmax: row.top[0],
        choice: (row.choice(), row.choice_standing()),
        tests: asked,
        ruling: rule(token, judged, row, verify, eos),
    }
}

impl Explanation {
    /// What decided, in one line: `rank 2 ≤ k 2, .31 > tau .10`.
    pub(crate) fn reason(&self) -> String {
        let TokenScore { rank, p } = self.judged;
        match self.ruling {
            Ruling::Choice => choice(self.judged, self.choice.0 == self.argmax.0),
            Ruling::Relaxed => {
                let all: Vec<String> = self.tests.iter().map(Test::in_words).collect();
                all.join(", ")
            }
            Ruling::Refused(Refusal::NotArgmax) => {
                format!("rank {rank}, {}: only rank 1 is accepted", prob(p))
            }
            Ruling::Refused(Refusal::NotDrawn) => {
                format!("rank {rank}, {}: another token was sampled", prob(p))
            }
            Ruling::Refused(Refusal::Rank) => {
                format!("{}; {}", self.failed(), prob(p))
            }
            Ruling::Refused(Refusal::Probability | Refusal::Ratio | Refusal::Typical) => {
                let held = self.tests.iter().find(|test| test.holds());
                let held = held.map(|test| format!("{}, but ", test.in_words()));
                format!("{}{}", held.unwrap_or_default(), self.failed())
            }
            Ruling::Refused(Refusal::ArgmaxIsEos) => "the model ends the text here".into(),
            Ruling::Refused(Refusal::EosNotArgmax) => {
                format!("would end the text, and is only rank {rank}")
            }
        }
    }

    fn failed(&self) -> String {
        let failed = self.tests.iter().find(|test| !test.holds());
        failed.map_or_else(String::new, Test::in_words)
    }
}

/// Describes the model's own choice, drafted or not.
pub(crate) fn choice(standing: TokenScore, is_argmax: bool) -> String {
    match is_argmax {
        true => format!("the model's own choice, {}", prob(standing.p)),
        false => format!(
            "sampled by the model, rank {}, {}",
            standing.rank,
            prob(standing.p)
        ),
    }
}

impl Test {
    /// The inequality with its outcome: `rank 4 > k 2`, `.05 ≤ tau .10`.
    pub(crate) fn in_words(&self) -> String {
        let sign = |holds: &'static str, fails: &'static str| match self.holds() {
            true => holds,
            false => fails,
        };
        match *self {
            Test::Rank { rank, k } => format!("rank {rank} {} k {k}", sign("≤", ">")),
            Test::Probability { p, tau } => {
                let (p, tau) = prob_beside(p, tau);
                format!("{p} {} tau {tau}", sign(">", "≤"))
            }
            Test::Ratio { p, r, p_max } => {
                let (p, bound) = prob_beside(p, self.bound());
                let sign = sign("≥", "<");
                format!("{p} {sign} r {} × {} = {bound}", prob(r), prob(p_max))
            }
            Test::Typical {
                p,
                eps,
                delta,
                entropy,
            } => {
                let (p, bound) = prob_beside(p, self.bound());
                let (sign, delta) = (sign(">", "≤"), prob(delta));
                let part = match delta_decides(eps, self.bound()) {
                    true => format!("delta {delta} × e^-{entropy:.2} = {bound}"),
                    false => format!("eps {bound}"),
                };
                format!("{p} {sign} {part}")
            }
        }
    }
}

/// Whether the entropy bound is the smaller of typical acceptance's two bounds.
fn delta_decides(eps: f32, bound: f32) -> bool {
    bound < eps
}

/// A probability in three columns: `.31`, `1.0`; values that round to 0 are `.00`.
pub(crate) fn prob(p: f32) -> String {
    if p >= 0.995 {
        "1.0".into()
    } else {
        format!("{p:.2}")[1..].to_string()
    }
}

/// A probability and a threshold, with enough digits to tell them apart.
pub(crate) fn prob_beside(p: f32, threshold: f32) -> (String, String) {
    let at = |digits: usize| (format!("{p:.digits$}"), format!("{threshold:.digits$}"));
    let (a, b) = (2..=5)
        .map(at)
        .find(|(a, b)| a != b)
        .unwrap_or_else(|| at(2));
    let short = |s: String| s.strip_prefix('0').map(str::to_string).unwrap_or(s);
    (short(a), short(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(rank: u32, p: f32, verify: AcceptanceRule) -> String {
        let row = NodeDistribution {
            top: vec![Candidate(1, 0.5), Candidate(2, 0.31), Candidate(3, 0.05)],
            entropy: 1.0,
            drawn: None,
        };
        explain(rank, TokenScore { rank, p }, &row, verify, &[99]).reason()
    }

    #[test]
    fn every_inequality_is_said_with_its_numbers() {
        let relaxed = AcceptanceRule::Relaxed { k: 2, tau: 0.1 };
        assert_eq!(reason(1, 0.5, relaxed), "the model's own choice, .50");
        assert_eq!(reason(2, 0.31, relaxed), "rank 2 ≤ k 2, .31 > tau .10");
        assert_eq!(reason(2, 0.05, relaxed), "rank 2 ≤ k 2, but .05 ≤ tau .10");
        assert_eq!(reason(4, 0.04, relaxed), "rank 4 > k 2; .04");
        let strict = "rank 2, .31: only rank 1 is accepted";
        assert_eq!(reason(2, 0.31, AcceptanceRule::Strict), strict);
        let ratio = AcceptanceRule::Ratio { k: 3, r: 0.3 };
        let taken = "rank 2 ≤ k 3, .31 ≥ r .30 × .50 = .15";
        assert_eq!(reason(2, 0.31, ratio), taken);
        let refused = "rank 3 ≤ k 3, but .05 < r .30 × .50 = .15";
        assert_eq!(reason(3, 0.05, ratio), refused);
        let typical = |eps| AcceptanceRule::Typical { eps, delta: 0.3 };
        assert_eq!(reason(2, 0.31, typical(0.09)), ".31 > eps .09");
        let by_entropy = ".05 ≤ delta .30 × e^-1.00 = .11";
        assert_eq!(reason(3, 0.05, typical(0.5)), by_entropy);
    }

    #[test]
    fn numbers_are_short_and_honest() {
        assert_eq!(
            [prob(0.314), prob(1.0), prob(0.0004)],
            [".31", "1.0", ".00"]
        );
        assert_eq!(prob_beside(0.31, 0.1), (".31".into(), ".10".into()));
        assert_eq!(prob_beside(0.1004, 0.1), (".1004".into(), ".1000".into()));
        assert_eq!(prob_beside(1.0, 0.1), ("1.00".into(), ".10".into()));
    }
}
