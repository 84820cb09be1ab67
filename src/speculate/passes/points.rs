//! Measured points of tokens per second over batch size, as `bench batch --json` prints
//! them.

use serde::Deserialize;

/// What was measured, and on what.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BenchPoints {
    /// Name of the model.
    pub(crate) model: String,
    /// By size, each under every rule.
    pub(crate) points: Vec<BenchPoint>,
}

/// A batch size under a rule.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BenchPoint {
    pub(crate) size: usize,
    /// Name of the rule.
    pub(crate) rule: String,
    /// Of decoding alone.
    pub(crate) tokens_per_s: f64,
}

impl BenchPoints {
    /// Reads the output of `bench batch --json`.
    ///
    /// # Errors
    /// Names the line and field at fault; no points; a size of 0 or a rate that is no
    /// positive number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found: BenchPoints = serde_json::from_str(text)
            .map_err(|e| format!("not the output of `bench batch --json`: {e}"))?;
        if found.points.is_empty() {
            return Err("`points` is empty: `bench batch --json` prints them".into());
        }
        let is_good =
            |p: &BenchPoint| p.size > 0 && p.tokens_per_s.is_finite() && p.tokens_per_s > 0.0;
        match found.points.iter().position(|p| !is_good(p)) {
            Some(at) => Err(format!(
                "points[{at}]: `size` must be 1 or more and `tokens_per_s` positive"
            )),
            None => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_and_faults_are_named() {
        let text = r#"{"model":"m","device":"cpu","points":[
            {"size":4,"rule":"strict","tokens_per_s":81.5,"speedup":2.0,"mal":1.5}]}"#;
        let found = BenchPoints::parse(text).expect("points");
        assert_eq!(
            (found.points[0].size, found.points[0].tokens_per_s),
            (4, 81.5)
        );
        let why = |text: &str| BenchPoints::parse(text).unwrap_err();
        assert!(why("{}").contains("model"));
        assert!(why(r#"{"model":"m","points":[]}"#).contains("empty"));
        assert!(why(&text.replace("\"size\":4", "\"size\":0")).starts_with("points[0]"));
        assert!(why(&text.replace("81.5", "-1")).starts_with("points[0]"));
        assert!(why(&text.replace("\"size\":4,", "")).contains("size"));
    }
}
