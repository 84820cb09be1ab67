//! The parameters of sampling, for runs that do not always take the most probable token.
//! How a token is drawn is up to the model's code.

use serde::{Deserialize, Serialize};

/// Draws every token from the model's distribution after the repetition penalty. The
/// randomness depends only on the seed and on the token's index in prompt and answer
/// together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Above 0; divides the logits.
    pub temperature: f32,
    /// Sample only from the `top_k` most probable tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Sample only from the smallest set of tokens whose probability reaches `top_p`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// Determines every draw, together with the position.
    pub seed: u64,
}

/// The highest temperature.
pub(crate) const MAX_TEMPERATURE: f32 = 5.0;

impl Sampling {
    /// At this temperature, from the whole distribution, with seed 0.
    pub const fn at(temperature: f32) -> Self {
        Sampling {
            temperature,
            top_k: None,
            top_p: None,
            seed: 0,
        }
    }

    /// For a title bar.
    pub(crate) fn describe(&self) -> String {
        let top_k = self.top_k.map(|k| format!(" top-k {k}"));
        let top_p = self.top_p.map(|p| format!(" top-p {p}"));
        format!(
            "temperature {}{}{} seed {}",
            self.temperature,
            top_k.unwrap_or_default(),
            top_p.unwrap_or_default(),
            self.seed
        )
    }
}
