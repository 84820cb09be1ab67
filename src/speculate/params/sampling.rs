//! Sampling instead of always taking the most probable token. How a token is
//! drawn is the model's business; here are its knobs.

use serde::{Deserialize, Serialize};

/// Draws every token from the model's distribution, after the repetition
/// penalty, with randomness keyed by the seed and the token's index in prompt
/// and answer together, and by nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Above 0; the logits are divided by it.
    pub temperature: f32,
    /// Only the `top_k` most probable tokens can come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    /// Only the smallest set of tokens whose probability reaches `top_p` can come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f32>,
    /// With the position it decides every draw.
    pub seed: u64,
}

/// Hottest temperature.
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
