//! Why a draft token was accepted or refused: its score, the rule's inequalities with
//! both sides, the outcome, and the words for them.

use super::TokenId;
use super::params::AcceptanceRule;
use super::row::{NodeDistribution, TokenScore};
use super::rule::{Refusal, Ruling, Test, rule, tests};
use super::trace::Step;
use super::verify::ScoredTree;

/// Everything that is recorded of what decided about one draft token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explanation {
    /// Its rank and probability; `None`: not recorded.
    pub(crate) score: Option<TokenScore>,
    /// The most probable token there.
    pub(crate) argmax: Option<TokenId>,
    /// The model's own choice there: the argmax, or the sampled token.
    pub(crate) choice: Option<TokenId>,
    /// The score of that choice.
    pub(crate) choice_score: Option<TokenScore>,
    /// The inequalities that can be told, in the order of evaluation; none if only the
    /// choice is accepted.
    pub(crate) tests: Vec<Test>,
    /// `None`: what decided is not recorded.
    pub(crate) ruling: Option<Ruling>,
}

/// Explains what [`rule`] says of a draft token.
pub(crate) fn explain(
    scored: ScoredTree<'_>,
    node: usize,
    verify: AcceptanceRule,
    eos: &[TokenId],
) -> Explanation {
    let at = scored.standing_under(node, verify, eos, &|_| true);
    let drawn = at.row.and_then(|row| row.drawn);
    let asked = match drawn {
        Some(_) => Vec::new(),
        None => tests(at, verify).flatten().collect(),
    };
    Explanation {
        score: at.score,
        argmax: at.row.and_then(NodeDistribution::argmax),
        choice: at.choice,
        choice_score: at.row.and_then(NodeDistribution::choice_score),
        tests: asked,
        ruling: rule(at, verify, eos),
    }
}

/// The word for what a recording does not hold.
pub(crate) const NOT_RECORDED: &str = "not recorded";

impl Explanation {
    /// What decided, in one line: `rank 2 ≤ k 2, .31 > tau .10`.
    pub(crate) fn reason(&self) -> String {
        let Some(ruling) = self.ruling else {
            return self.with_score("what decided is not recorded");
        };
        match ruling {
            Ruling::Choice => choice(self.score, self.is_argmax()),
            Ruling::Relaxed => {
                let all: Vec<String> = self.tests.iter().map(Test::in_words).collect();
                all.join(", ")
            }
            Ruling::Refused(Refusal::NotArgmax) => self.with_score("only rank 1 is accepted"),
            Ruling::Refused(Refusal::NotDrawn) => self.with_score("another token was sampled"),
            Ruling::Refused(Refusal::Rank) => match self.score {
                Some(score) => format!("{}; {}", self.failed(), prob(score.p)),
                None => self.failed(),
            },
            Ruling::Refused(
                Refusal::Probability
                | Refusal::Ratio
                | Refusal::Margin
                | Refusal::Typical
                | Refusal::Window
                | Refusal::WithinWindow,
            ) => {
                let held = self.tests.iter().find(|test| test.holds());
                let held = held.map(|test| format!("{}, but ", test.in_words()));
                format!("{}{}", held.unwrap_or_default(), self.failed())
            }
            Ruling::Refused(Refusal::Entropy) => self.with_score(&self.failed()),
            Ruling::Refused(Refusal::ArgmaxIsEos) => "the model ends the text here".into(),
            Ruling::Refused(Refusal::EosNotArgmax) => {
                match self.score.and_then(|score| score.rank) {
                    Some(rank) => format!("would end the text, and is only rank {rank}"),
                    None => "would end the text, and is not rank 1".into(),
                }
            }
        }
    }

    /// `rank 2, .31: only rank 1 is accepted`, as far as it is recorded.
    fn with_score(&self, why: &str) -> String {
        match self.score {
            Some(TokenScore {
                rank: Some(rank),
                p,
            }) => format!("rank {rank}, {}: {why}", prob(p)),
            Some(TokenScore { rank: None, p }) => format!("{}: {why}", prob(p)),
            None => why.to_string(),
        }
    }

    fn is_argmax(&self) -> bool {
        self.argmax.is_none() || self.choice == self.argmax
    }

    fn failed(&self) -> String {
        let failed = self.tests.iter().find(|test| !test.holds());
        failed.map_or_else(String::new, Test::in_words)
    }
}

/// Describes the model's own choice, drafted or not.
pub(crate) fn choice(score: Option<TokenScore>, is_argmax: bool) -> String {
    let p = score.map_or_else(|| format!("p {NOT_RECORDED}"), |score| prob(score.p));
    match (is_argmax, score.and_then(|score| score.rank)) {
        (true, _) => format!("the model's own choice, {p}"),
        (false, Some(rank)) => format!("sampled by the model, rank {rank}, {p}"),
        (false, None) => format!("sampled by the model, {p}"),
    }
}

/// The same of a step's bonus token.
pub(crate) fn bonus_choice(step: &Step) -> String {
    let is_drawn = step.bonus_row().is_some_and(|row| row.drawn.is_some());
    choice(step.bonus_score(), !is_drawn)
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
            Test::Margin { p, m, p_max } => {
                let (p, bound) = prob_beside(p, self.bound());
                format!(
                    "{p} {} {} - m {} = {bound}",
                    sign("≥", "<"),
                    prob(p_max),
                    prob(m)
                )
            }
            Test::Entropy { entropy, h } => {
                format!("entropy {entropy:.2} {} h {h:.2}", sign(">", "≤"))
            }
            Test::Window { followed, w } => window(followed, w),
            Test::WithinWindow { left } => waiting(left),
            Test::Typical {
                p,
                eps,
                delta,
                entropy,
            } => self.typical_in_words(p, (eps, delta), entropy),
            Test::Unlisted { listed, k } => {
                format!("not among the {listed} recorded candidates, k {k}")
            }
            Test::AtMost { most, bound } => {
                let (most, bound) = prob_beside(most, bound);
                format!("at most {most} is left for it, {bound} is needed")
            }
        }
    }

    fn typical_in_words(&self, p: f32, (eps, delta): (f32, f32), entropy: Option<f32>) -> String {
        let sign = if self.holds() { ">" } else { "≤" };
        let (p, bound) = prob_beside(p, self.bound());
        let delta = prob(delta);
        let part = match entropy.filter(|_| delta_decides(eps, self.bound())) {
            Some(entropy) => format!("delta {delta} × e^-{entropy:.2} = {bound}"),
            None => format!("eps {bound}"),
        };
        format!("{p} {sign} {part}")
    }
}

/// What a token before it still asks for.
fn waiting(left: usize) -> String {
    let own_choices = if left == 1 {
        "own choice"
    } else {
        "own choices"
    };
    format!("a token before it still waits for {left} {own_choices}")
}

/// `6 of 6 own choices follow`, `only 2 of 6 own choices follow`.
fn window((least, most): (usize, usize), w: usize) -> String {
    match (least >= w, least == most) {
        (true, _) => format!("{w} of {w} own choices follow"),
        (false, true) => format!("only {most} of {w} own choices follow"),
        (false, false) => format!("at most {most} of {w} own choices follow"),
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
    let short = |s: String| match s.strip_prefix("-0.") {
        Some(digits) => format!("-.{digits}"),
        None => s.strip_prefix('0').map(str::to_string).unwrap_or(s),
    };
    (short(a), short(b))
}

#[cfg(test)]
mod tests {
    use super::super::draft::DraftTree;
    use super::super::params::ALL_RANKS;
    use super::super::row::Candidate;
    use super::*;

    fn reason(rank: u32, p: f32, verify: AcceptanceRule) -> String {
        let row = NodeDistribution {
            top: vec![Candidate(1, 0.5), Candidate(2, 0.31), Candidate(3, 0.05)],
            entropy: Some(1.0),
            log_norm: None,
            drawn: None,
        };
        reason_of(rank, Some(TokenScore::new(rank, p)), Some(row), verify)
    }

    /// Of the only draft token after the root.
    fn reason_of(
        token: TokenId,
        score: Option<TokenScore>,
        row: Option<NodeDistribution>,
        verify: AcceptanceRule,
    ) -> String {
        let mut tree = DraftTree::root_only(0);
        tree.push(0, token, 0.5, Vec::new());
        let (rows, judged) = ([row, None], [score]);
        explain(ScoredTree::new(&tree, &rows, &judged), 1, verify, &[99]).reason()
    }

    #[test]
    fn what_is_not_recorded_is_said_and_is_not_0() {
        let relaxed = |k, tau| AcceptanceRule::Relaxed { k, tau };
        let unknown = "what decided is not recorded";
        assert_eq!(reason_of(7, None, None, relaxed(2, 0.1)), unknown);
        let row = |top: &[Candidate]| NodeDistribution {
            top: top.to_vec(),
            entropy: None,
            log_norm: None,
            drawn: None,
        };
        let of = |top: &[Candidate], token, verify| reason_of(token, None, Some(row(top)), verify);
        let five: Vec<Candidate> = (1..6).map(|id| Candidate(id, 0.15)).collect();
        let unlisted = "not among the 5 recorded candidates, k 2";
        assert_eq!(of(&five, 7, relaxed(2, 0.1)), unlisted);
        assert_eq!(of(&five, 2, relaxed(2, 0.1)), "rank 2 ≤ k 2, .15 > tau .10");
        // About a twentieth is left, and its rank is unknown.
        let one = [Candidate(1, 0.95)];
        let left = "at most .05 is left for it, .10 is needed";
        assert_eq!(of(&one, 7, relaxed(2, 0.1)), left);
        assert_eq!(of(&one, 7, relaxed(2, 0.01)), unknown);
        assert_eq!(of(&one, 1, relaxed(2, 0.01)), "the model's own choice, .95");
        let typical = AcceptanceRule::Typical {
            eps: 0.09,
            delta: 0.3,
        };
        assert_eq!(of(&five, 2, typical), ".15 > eps .09");
        assert_eq!(of(&five, 7, typical), unknown);
        assert_eq!(choice(None, true), "the model's own choice, p not recorded");
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
        let margin = |k, m| AcceptanceRule::Margin { k, m };
        let near = "rank 2 ≤ k 3, .31 ≥ .50 - m .20 = .30";
        assert_eq!(reason(2, 0.31, margin(3, 0.2)), near);
        let far = "rank 3 ≤ k 3, but .05 < .50 - m .20 = .30";
        assert_eq!(reason(3, 0.05, margin(3, 0.2)), far);
        assert_eq!(
            reason(3, 0.05, margin(ALL_RANKS, 0.2)),
            ".05 < .50 - m .20 = .30"
        );
        let single = |tau| AcceptanceRule::Relaxed { k: ALL_RANKS, tau };
        assert_eq!(reason(3, 0.05, single(0.04)), ".05 > tau .04");
    }

    #[test]
    fn a_window_is_said_with_what_fills_it() {
        let row = NodeDistribution {
            top: vec![Candidate(1, 0.5), Candidate(2, 0.31)],
            entropy: Some(1.0),
            log_norm: None,
            drawn: None,
        };
        // 2, then 1 and 1, which are own choices; then 2 and 2.
        let mut tree = DraftTree::root_only(0);
        for (parent, token) in [2, 1, 1, 2, 2].into_iter().enumerate() {
            tree.push(parent, token, 0.5, Vec::new());
        }
        let rows = vec![Some(row); 6];
        let scores = vec![Some(TokenScore::new(2, 0.31)); 5];
        let said = |node, h, w| {
            let scored = ScoredTree::new(&tree, &rows, &scores);
            let deferred = AcceptanceRule::Deferred { h, w };
            explain(scored, node, deferred, &[99]).reason()
        };
        assert_eq!(
            said(1, 0.3, 2),
            "entropy 1.00 > h 0.30, 2 of 2 own choices follow"
        );
        assert_eq!(
            said(1, 0.3, 3),
            "entropy 1.00 > h 0.30, but only 2 of 3 own choices follow"
        );
        assert_eq!(said(1, 1.5, 2), "rank 2, .31: entropy 1.00 ≤ h 1.50");
        assert_eq!(
            said(4, 0.3, 3),
            "entropy 1.00 > h 0.30, but a token before it still waits for 1 own choice"
        );
        assert_eq!(
            said(5, 0.3, 1),
            "entropy 1.00 > h 0.30, but a token before it still waits for 1 own choice"
        );
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
        assert_eq!(prob_beside(0.16, -0.07), (".16".into(), "-.07".into()));
    }
}
