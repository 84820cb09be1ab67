//! Numbers as the screens write them.

pub(crate) use crate::speculate::explain::{NOT_RECORDED, prob};

/// In a narrow column: not recorded, or not measured.
pub(crate) const UNKNOWN: &str = "—";

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
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

/// `about 40 s left`, `about 12 min left`, `about 3 h 5 min left`.
pub(crate) fn time_left(ms: f64) -> String {
    let s = ms / 1000.0;
    let time = match s {
        _ if s < 90.0 => format!("{:.0} s", s.ceil()),
        _ if s < 90.0 * 60.0 => format!("{:.0} min", s / 60.0),
        _ => {
            let minutes = (s / 60.0).round() as u64;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    };
    format!("about {time} left")
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
        assert_eq!(bytes(98_362_432), "98.4 MB");
        let left = [400.0, 89_000.0, 150_000.0, 11_100_000.0].map(time_left);
        let times = ["1 s", "89 s", "2 min", "3 h 5 min"];
        assert_eq!(left, times.map(|time| format!("about {time} left")));
        assert_eq!([count(1, "run"), count(2, "run")], ["1 run", "2 runs"]);
    }
}
