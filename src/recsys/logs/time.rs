//! Times as logs write them: RFC 3339, with or without an offset, and seconds,
//! milliseconds, microseconds or nanoseconds since 1970.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Microseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogTime(pub i64);

/// Numbers of one unit stay below this in another: 5138 in seconds, 1973 in milliseconds.
const UNIT_BOUND: f64 = 1e11;
const MICROS_PER_S: f64 = 1e6;

impl LogTime {
    /// A number or a text; a time without an offset is UTC.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::of_number(number.as_f64()?),
            Value::String(text) => Self::of_text(text.trim()),
            _ => None,
        }
    }

    /// This much later.
    pub(super) fn after(self, seconds: f64) -> Self {
        LogTime(self.0.saturating_add((seconds * MICROS_PER_S) as i64))
    }

    fn of_number(number: f64) -> Option<Self> {
        let per_unit = match number.abs() {
            n if n < UNIT_BOUND => MICROS_PER_S,
            n if n < UNIT_BOUND * 1e3 => 1e3,
            n if n < UNIT_BOUND * 1e6 => 1.0,
            n if n < UNIT_BOUND * 1e9 => 1e-3,
            _ => return None,
        };
        Some(LogTime((number * per_unit).round() as i64))
    }

    fn of_text(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Self::of_number(number);
        }
        let text = text.strip_suffix("UTC").unwrap_or(text).trim_end();
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(LogTime(time.as_microsecond()));
        }
        let local: DateTime = text.parse().ok()?;
        let time = local.to_zoned(TimeZone::UTC).ok()?;
        Some(LogTime(time.timestamp().as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_moment_in_every_form() {
        let want = LogTime(1_714_564_800_250_000);
        for value in [
            json!("2024-05-01T12:00:00.25Z"),
            json!("2024-05-01T14:00:00.25+02:00"),
            json!("2024-05-01 12:00:00.250000+00:00"),
            json!("2024-05-01 12:00:00.250"),
            json!("2024-05-01T12:00:00,25"),
            json!("2024-05-01 12:00:00.25 UTC"),
            json!(1714564800.25),
            json!("1714564800.25"),
            json!(1714564800250_i64),
            json!(1714564800250000_i64),
            json!(1714564800250000000_i64),
        ] {
            assert_eq!(LogTime::of(&value), Some(want), "{value}");
        }
        assert_eq!(LogTime::of(&json!(3)), Some(LogTime(3_000_000)));
        assert_eq!(want.after(0.75), LogTime(1_714_564_801_000_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            json!("yesterday"),
            json!(""),
            json!(null),
            json!(1e40),
            json!("nan"),
            json!("inf"),
            json!([1]),
            json!("2024-13-01T00:00:00Z"),
        ] {
            assert_eq!(LogTime::of(&value), None, "{value}");
        }
    }
}
