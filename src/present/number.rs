//! Numbers as the screens write them.

pub(crate) use crate::speculate::explain::{NOT_RECORDED, prob};

/// In a narrow column: not recorded, or not measured.
pub(crate) const UNKNOWN: &str = "—";

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Tenths of a percent: `12.3%`.
pub(crate) fn percent_of_tenths(tenths: usize) -> String {
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// Bytes in MB or GB, as download pages write them.
pub(crate) fn bytes(n: u64) -> String {
    let mb = n as f64 / 1e6;
    if mb >= 1000.0 {
        format!("{:.2} GB", mb / 1000.0)
    } else {
        format!("{mb:.1} MB")
    }
}

/// Three digits of a positive number.
pub(crate) fn three(x: f64) -> String {
    if x >= 99.95 {
        format!("{x:.0}")
    } else if x >= 9.995 {
        format!("{x:.1}")
    } else {
        format!("{x:.2}")
    }
}

/// `1 step`, `2 steps`.
pub(crate) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        assert_eq!(
            [three(2.939), three(17.44), three(241.3)],
            ["2.94", "17.4", "241"]
        );
        assert_eq!(
            [percent_of_tenths(123), percent_of_tenths(1000)],
            ["12.3%", "100.0%"]
        );
        assert_eq!(bytes(98_362_432), "98.4 MB");
        assert_eq!([count(1, "run"), count(2, "run")], ["1 run", "2 runs"]);
    }
}
