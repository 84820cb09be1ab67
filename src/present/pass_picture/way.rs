//! A token's way from its logit to the rule's ruling: repetition penalty, softmax, rank,
//! rule, each with its numbers. The trace records probabilities and the row's normalizer;
//! logits are calculated back from them.

use crate::present::number::prob;
use crate::present::record::Record;
use crate::present::selection::TreeSelection;
use crate::present::story::{SelectedToken, TokenFacts, ordinal};
use crate::speculate::TokenId;
use crate::speculate::explain::NOT_RECORDED;
use crate::speculate::params::Params;
use crate::speculate::row::{NodeDistribution, TokenScore};
use crate::speculate::trace::Step;

/// A stage of a token's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageName {
    /// The row whose logits judge the token.
    Row,
    /// The model's raw score of the token.
    Logit,
    /// The repetition penalty on it.
    Penalty,
    /// From logits to a probability.
    Softmax,
    /// Its place among all tokens.
    Rank,
    /// The token drawn there, with a temperature.
    Sampling,
    /// The rule's ruling.
    Rule,
}

impl StageName {
    /// As the picture says it.
    pub fn name(self) -> &'static str {
        match self {
            StageName::Row => "row",
            StageName::Logit => "logit",
            StageName::Penalty => "penalty",
            StageName::Softmax => "softmax",
            StageName::Rank => "rank",
            StageName::Sampling => "sampling",
            StageName::Rule => "rule",
        }
    }
}

/// One stage with its number.
#[derive(Clone, Debug, PartialEq)]
pub struct WayStage {
    /// Which stage.
    pub stage: StageName,
    /// What comes out of it: a number, a rank, a fate; `not recorded` where the trace does
    /// not hold it.
    pub value: String,
    /// How it comes about, in a sentence.
    pub told: String,
}

/// A token of the row that judged the selected one.
#[derive(Clone, Debug, PartialEq)]
pub struct LogitToken {
    /// Its id.
    pub token: TokenId,
    /// Its text, in quotes.
    pub text: String,
    /// Before the penalty; `None`: not recorded.
    pub logit: Option<f32>,
    /// After the penalty; `None`: not recorded.
    pub penalized: Option<f32>,
    /// Whether the penalty applies to it.
    pub is_penalized: bool,
    /// After the penalty, at temperature 1; `None`: not recorded.
    pub p: Option<f32>,
    /// 1 is the most probable; `None`: not recorded.
    pub rank: Option<u32>,
    /// The token whose way is shown.
    pub is_selected: bool,
    /// The model's own choice there.
    pub is_choice: bool,
}

/// The way of a draft token or of the bonus token through the row that judged it.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenWay {
    /// The token.
    pub token: TokenId,
    /// Its text, in quotes.
    pub text: String,
    /// The node whose row judged it: its parent, or the last committed token.
    pub row: usize,
    /// In order.
    pub stages: Vec<WayStage>,
    /// The most probable tokens of the row, best first, and the token itself where it is
    /// not among them; empty if the row is not recorded.
    pub beside: Vec<LogitToken>,
}

impl TokenWay {
    /// `None` of the root, which an earlier step committed.
    pub fn of(record: &Record, step: &Step, selection: TreeSelection) -> Option<Self> {
        let row = match selection {
            TreeSelection::Root => return None,
            TreeSelection::Draft(node) => step.tree.nodes[node].parent.unwrap_or(0),
            TreeSelection::Bonus => step.verdict.stop(),
        };
        let params = record.params_at(step.index);
        let window = match params.repeat_penalty == 1.0 {
            true => Vec::new(),
            false => record.tokens_before(step, row, params.repeat_window),
        };
        let facts = TokenFacts {
            record,
            step,
            selected: SelectedToken::of(step, selection),
            verify: params.verify,
        };
        let token = facts.selected.token?;
        let score = match selection {
            TreeSelection::Bonus => step.bonus_score(),
            _ => facts.selected.judged,
        };
        let way = Way {
            facts,
            params,
            window,
            token,
            row,
            score,
        };
        Some(way.told())
    }
}

/// What a token's way is told from.
struct Way<'a> {
    facts: TokenFacts<'a>,
    params: Params,
    /// The tokens that the penalty applies to.
    window: Vec<TokenId>,
    token: TokenId,
    row: usize,
    score: Option<TokenScore>,
}

impl Way<'_> {
    fn told(&self) -> TokenWay {
        let mut stages = vec![
            self.row_stage(),
            self.logit_stage(),
            self.penalty_stage(),
            self.softmax_stage(),
            self.rank_stage(),
        ];
        stages.extend(self.sampling_stage());
        stages.push(self.rule_stage());
        TokenWay {
            token: self.token,
            text: self.facts.name(),
            row: self.row,
            stages,
            beside: self.beside(),
        }
    }

    fn distribution(&self) -> Option<&NodeDistribution> {
        self.facts.selected.row
    }

    fn quoted(&self, token: TokenId) -> String {
        self.facts.record.quoted(token)
    }

    /// The logit after the penalty.
    fn penalized(&self, p: f32) -> Option<f32> {
        self.distribution()?.logit(p)
    }

    /// The logit before the penalty, as `penalize` in the model's code changed it: it keeps
    /// a logit's sign.
    fn raw(&self, token: TokenId, penalized: f32) -> f32 {
        let penalty = self.params.repeat_penalty;
        match self.window.contains(&token) {
            false => penalized,
            true if penalized > 0.0 => penalized * penalty,
            true => penalized / penalty,
        }
    }

    fn own_penalized(&self) -> Option<f32> {
        self.penalized(self.score?.p)
    }

    fn row_stage(&self) -> WayStage {
        let token = self.quoted(self.facts.step.tree.nodes[self.row].token);
        let which = match (self.facts.selected.selection, self.row) {
            (_, 0) => "the root",
            (TreeSelection::Bonus, _) => "the last accepted token",
            _ => "the token before it",
        };
        WayStage {
            stage: StageName::Row,
            value: format!("row {}", self.row),
            told: format!("It is predicted by the row of {token}, {which}."),
        }
    }

    fn logit_stage(&self) -> WayStage {
        let raw = self
            .own_penalized()
            .map(|after| self.raw(self.token, after));
        let told = match raw {
            Some(_) => "The model's score of it, calculated back from p.".into(),
            None => self.why_no_logit(),
        };
        WayStage {
            stage: StageName::Logit,
            value: number(raw),
            told,
        }
    }

    fn why_no_logit(&self) -> String {
        let why = match (self.distribution(), self.score) {
            (None, _) => "The distribution is not recorded.",
            (_, None) => "The token's probability is not recorded.",
            (Some(row), _) if row.log_norm.is_none() => {
                "This trace lacks the softmax's normalizer, from which it would follow."
            }
            _ => "p is too small for a logit to follow from it.",
        };
        why.into()
    }

    fn penalty_stage(&self) -> WayStage {
        let Params {
            repeat_penalty: penalty,
            repeat_window: width,
            ..
        } = self.params;
        let after = self.own_penalized();
        let back = self.window.iter().rev().position(|&id| id == self.token);
        let (value, told) = match back {
            _ if penalty == 1.0 => ("off".into(), "The penalty is 1: no logit changes.".into()),
            None => (
                number(after),
                format!("Not among the last {width} tokens of its path: the logit stays."),
            ),
            Some(back) => {
                let how = match after {
                    Some(after) if after > 0.0 => format!("divided by {penalty}"),
                    Some(_) => format!("negative, so multiplied by {penalty}"),
                    None => format!("made smaller by the penalty {penalty}"),
                };
                let told = format!(
                    "Among the last {width} tokens of its path, {} back: {how}.",
                    back + 1
                );
                (number(after), told)
            }
        };
        WayStage {
            stage: StageName::Penalty,
            value,
            told,
        }
    }

    fn softmax_stage(&self) -> WayStage {
        let p = self.score.map(|score| score.p);
        let norm = self.distribution().and_then(|row| row.log_norm);
        let told = match (self.own_penalized(), norm) {
            (Some(logit), Some(norm)) => format!(
                "e^({logit:.2} - {norm:.2}); {norm:.2} is ln of the sum of e^logit over all tokens."
            ),
            _ => "e^logit over the sum of e^logit over all tokens.".into(),
        };
        WayStage {
            stage: StageName::Softmax,
            value: p.map_or_else(|| NOT_RECORDED.into(), p_text),
            told,
        }
    }

    fn rank_stage(&self) -> WayStage {
        let rank = self.score.and_then(|score| score.rank);
        let row = self.distribution();
        let best = row.and_then(|row| row.top.first());
        let mut told = match (rank, best) {
            (Some(1), _) => "The most probable token there.".to_string(),
            (Some(rank), Some(best)) => format!(
                "The {} most probable; the first is {}, {}.",
                ordinal(rank),
                self.quoted(best.0),
                p_text(best.1)
            ),
            (Some(rank), None) => format!("The {} most probable token there.", ordinal(rank)),
            (None, _) => "Its place among all tokens.".to_string(),
        };
        if let Some(entropy) = row.and_then(|row| row.entropy) {
            told += &format!(" Entropy {entropy:.2} nats.");
        }
        WayStage {
            stage: StageName::Rank,
            value: rank.map_or_else(|| NOT_RECORDED.into(), |rank| rank.to_string()),
            told,
        }
    }

    fn sampling_stage(&self) -> Option<WayStage> {
        let sampling = self.params.sampling?;
        let drawn = self.distribution().and_then(|row| row.drawn);
        let value = drawn.map_or_else(|| "not drawn".into(), |drawn| self.quoted(drawn.token));
        let told = match drawn {
            Some(_) => format!(
                "Every logit is divided by the temperature, {}, and this token is drawn: by the \
                 seed, {}, and the position alone. p above is at temperature 1.",
                sampling.temperature, sampling.seed
            ),
            None => "Nothing is drawn off the path of the drawn tokens.".into(),
        };
        Some(WayStage {
            stage: StageName::Sampling,
            value,
            told,
        })
    }

    fn rule_stage(&self) -> WayStage {
        let fate = self.facts.mark();
        let value = fate.map_or_else(String::new, |m| format!("{} {}", m.glyph(), m.name()));
        let rule = self.params.verify.describe();
        WayStage {
            stage: StageName::Rule,
            value,
            told: format!("{rule}: {}.", self.facts.reason()),
        }
    }

    fn beside(&self) -> Vec<LogitToken> {
        let Some(row) = self.distribution() else {
            return Vec::new();
        };
        let listed = (1..).zip(&row.top);
        let mut tokens: Vec<LogitToken> = listed
            .map(|(rank, c)| self.logit_token(row, c.0, Some(TokenScore::new(rank, c.1))))
            .collect();
        if !tokens.iter().any(|token| token.is_selected) {
            tokens.push(self.logit_token(row, self.token, self.score));
        }
        tokens
    }

    fn logit_token(
        &self,
        row: &NodeDistribution,
        token: TokenId,
        score: Option<TokenScore>,
    ) -> LogitToken {
        let penalized = score.and_then(|score| row.logit(score.p));
        LogitToken {
            token,
            text: self.quoted(token),
            logit: penalized.map(|after| self.raw(token, after)),
            penalized,
            is_penalized: self.window.contains(&token),
            p: score.map(|score| score.p),
            rank: score.and_then(|score| score.rank),
            is_selected: token == self.token,
            is_choice: row.choice() == Some(token),
        }
    }
}

fn number(value: Option<f32>) -> String {
    value.map_or_else(|| NOT_RECORDED.into(), |value| format!("{value:.2}"))
}

/// As [`prob`], but a small probability keeps its size: `3e-5`.
fn p_text(p: f32) -> String {
    match p < 0.005 && p > 0.0 {
        true => format!("{p:.0e}"),
        false => prob(p),
    }
}
