//! The recorded part of the model's distribution at a node, and a draft token's score
//! in it. Rules judge by these; the model computes them from logits.
//!
//! What another engine's log does not hold is `None`: not recorded, never 0.

use serde::{Deserialize, Serialize};

use super::TokenId;

/// Candidates recorded per node.
pub const TOP_N: usize = 10;

/// A token and its probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate(pub TokenId, pub f32);

/// The model's distribution at a node, as far as it is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeDistribution {
    /// The most probable tokens, best first; ties go to the lower id. The first is the
    /// argmax. Empty: only the sampled token is recorded.
    pub top: Vec<Candidate>,
    /// Shannon entropy in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f32>,
    /// The softmax's normalizer, ln of the sum of e^logit over the vocabulary, after the
    /// repetition penalty: a token's logit is ln p plus this. `None`: not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_norm: Option<f32>,
    /// The token sampled here, with a temperature. Rows off the committed path are not
    /// sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
}

/// A token sampled from a distribution, with its score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    pub(crate) token: TokenId,
    /// 1 is the argmax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rank: Option<u32>,
    pub(crate) p: f32,
}

impl Drawn {
    /// `rank`: `None` if it is not recorded.
    pub fn new(token: TokenId, rank: Option<u32>, p: f32) -> Self {
        Drawn { token, rank, p }
    }
}

impl NodeDistribution {
    /// The model's own choice: the sampled token, else the argmax.
    pub(crate) fn choice(&self) -> Option<TokenId> {
        self.drawn.map(|drawn| drawn.token).or(self.argmax())
    }

    /// The score of the choice in this distribution.
    pub(crate) fn choice_score(&self) -> Option<TokenScore> {
        let argmax = self.top.first().map(|best| TokenScore::new(1, best.1));
        let score = |Drawn { rank, p, .. }| TokenScore { rank, p };
        self.drawn.map(score).or(argmax)
    }

    pub(crate) fn argmax(&self) -> Option<TokenId> {
        self.top.first().map(|best| best.0)
    }

    pub(crate) fn argmax_p(&self) -> Option<f32> {
        self.top.first().map(|best| best.1)
    }

    /// A token's score, if it is among the candidates or was sampled.
    pub(crate) fn score(&self, token: TokenId) -> Option<TokenScore> {
        if let Some(at) = self.top.iter().position(|c| c.0 == token) {
            return Some(TokenScore::new(at as u32 + 1, self.top[at].1));
        }
        let drawn = self.drawn.filter(|drawn| drawn.token == token)?;
        Some(TokenScore {
            rank: drawn.rank,
            p: drawn.p,
        })
    }

    /// The logit of a token with this probability, after the repetition penalty: ln p +
    /// log_norm. `None`: the normalizer is not recorded, or the probability is too small
    /// for a logit to follow from it.
    pub(crate) fn logit(&self, p: f32) -> Option<f32> {
        let norm = self.log_norm?;
        (p >= f32::MIN_POSITIVE).then(|| (f64::from(p).ln() + f64::from(norm)) as f32)
    }

    /// The most that a token outside the candidates can have: no more than the least of
    /// them, and no more than they leave.
    pub(crate) fn most_unlisted(&self) -> f32 {
        let sum: f32 = self.top.iter().map(|c| c.1).sum();
        let least = self.top.last().map_or(1.0, |c| c.1);
        least.min(1.0 - sum + ROUNDED).clamp(0.0, 1.0)
    }
}

/// Logs round their log probabilities: candidates may leave this much more.
const ROUNDED: f32 = 1e-3;

/// A draft token's score in its parent's distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// 1 is the argmax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// After the repetition penalty, at temperature 1.
    pub p: f32,
}

impl TokenScore {
    /// A score whose rank is known.
    pub fn new(rank: u32, p: f32) -> Self {
        TokenScore {
            rank: Some(rank),
            p,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_recorded_is_left_out_of_the_file_and_is_not_0() {
        let whole = NodeDistribution {
            top: vec![Candidate(3, 0.5), Candidate(1, 0.25)],
            entropy: Some(1.5),
            log_norm: None,
            drawn: None,
        };
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(text, r#"{"top":[[3,0.5],[1,0.25]],"entropy":1.5}"#);
        let in_part = NodeDistribution {
            entropy: None,
            ..whole.clone()
        };
        let text = serde_json::to_string(&in_part).unwrap();
        assert_eq!(text, r#"{"top":[[3,0.5],[1,0.25]]}"#);
        for row in [whole, in_part] {
            let text = serde_json::to_string(&row).unwrap();
            assert_eq!(
                serde_json::from_str::<NodeDistribution>(&text).unwrap(),
                row
            );
        }
        let score = TokenScore { rank: None, p: 0.5 };
        assert_eq!(serde_json::to_string(&score).unwrap(), r#"{"p":0.5}"#);
        let score = serde_json::to_string(&TokenScore::new(2, 0.5)).unwrap();
        assert_eq!(score, r#"{"rank":2,"p":0.5}"#);
    }

    #[test]
    fn an_unlisted_token_has_at_most_what_the_candidates_leave() {
        let row = |top: &[f32]| NodeDistribution {
            top: (1..).zip(top).map(|(id, &p)| Candidate(id, p)).collect(),
            entropy: None,
            log_norm: None,
            drawn: None,
        };
        assert!((row(&[0.95]).most_unlisted() - 0.051).abs() < 1e-6);
        assert_eq!(row(&[0.5, 0.1]).most_unlisted(), 0.1);
        assert_eq!(row(&[]).most_unlisted(), 1.0);
    }
}
