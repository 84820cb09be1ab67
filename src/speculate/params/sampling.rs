//! Sampling instead of always taking the most probable token. How a token is
//! drawn is the model's business; here are its knobs.

use serde::{Deserialize, Serialize};

use super::AcceptanceRule;

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

    /// Says which knob is out of range, or that the rule does not go with it.
    pub(super) fn check(&self, rule: AcceptanceRule) -> Result<(), String> {
        let Sampling { temperature, .. } = *self;
        if !(temperature > 0.0 && temperature <= MAX_TEMPERATURE) {
            return Err(format!(
                "--temperature {temperature}: must be between 0 (off) and {MAX_TEMPERATURE}"
            ));
        }
        if self.top_k == Some(0) {
            return Err("--top-k 0: must be at least 1".into());
        }
        if let Some(p) = self.top_p.filter(|&p| !(p > 0.0 && p <= 1.0)) {
            return Err(format!("--top-p {p}: must be above 0 and at most 1"));
        }
        if !rule.is_lossless() {
            return Err(format!(
                "--temperature {temperature} does not go with the rule {}, which takes tokens \
                 by their probability instead of drawing them: add --verify strict \
                 (or autoregressive), or leave the temperature at 0",
                rule.name()
            ));
        }
        Ok(())
    }
}
