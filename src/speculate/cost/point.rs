//! A measured point and its two forms on disk: an object, or `[rows, ms]` if no context was
//! measured (traces of format 1, tables given by hand).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The measured time of steps with a number of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostPoint {
    /// Rows of the forward pass.
    pub rows: usize,
    /// Tokens that the rows attended to; `None`: not recorded, the same time for every
    /// context.
    pub context: Option<usize>,
    /// Median milliseconds of the forward pass, including reading its logits: `forward +
    /// verify` of a step's timing.
    pub forward_ms: f32,
    /// Median milliseconds of the whole step, including retrieval and commit.
    pub step_ms: f32,
    /// Interquartile range over the median.
    pub(crate) spread: f32,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OnDisk {
    Measured {
        rows: usize,
        context: usize,
        forward_ms: f32,
        step_ms: f32,
        spread: f32,
    },
    ByRows(usize, f32),
}

impl CostPoint {
    /// A point that holds for every context.
    pub(crate) fn by_rows(rows: usize, ms: f32) -> Self {
        CostPoint {
            rows,
            context: None,
            forward_ms: ms,
            step_ms: ms,
            spread: 0.0,
        }
    }
}

impl Serialize for CostPoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let &CostPoint {
            rows,
            forward_ms,
            step_ms,
            spread,
            ..
        } = self;
        match self.context {
            None => OnDisk::ByRows(rows, step_ms),
            Some(context) => OnDisk::Measured {
                rows,
                context,
                forward_ms,
                step_ms,
                spread,
            },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CostPoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match OnDisk::deserialize(deserializer)? {
            OnDisk::ByRows(rows, ms) => CostPoint::by_rows(rows, ms),
            OnDisk::Measured {
                rows,
                context,
                forward_ms,
                step_ms,
                spread,
            } => CostPoint {
                rows,
                context: Some(context),
                forward_ms,
                step_ms,
                spread,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_saved_as_they_were_read() {
        for text in [
            "[16,14.4]",
            r#"{"rows":16,"context":512,"forward_ms":11.5,"step_ms":11.8,"spread":0.02}"#,
        ] {
            let point: CostPoint = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&point).unwrap(), text);
            assert_eq!(point.rows, 16);
        }
    }
}
