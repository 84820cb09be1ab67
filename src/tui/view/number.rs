//! Numbers as the screens write them.

/// A probability in three columns: `.31`, `1.0`; what rounds to nothing is `.00`.
pub fn prob(p: f32) -> String {
    if p >= 0.995 {
        "1.0".into()
    } else {
        format!("{p:.2}")[1..].to_string()
    }
}

/// A probability and a threshold, with as many digits as tell them apart.
pub fn prob_beside(p: f32, threshold: f32) -> (String, String) {
    let at = |digits: usize| (format!("{p:.digits$}"), format!("{threshold:.digits$}"));
    let (a, b) = (2..=5)
        .map(at)
        .find(|(a, b)| a != b)
        .unwrap_or_else(|| at(2));
    let short = |s: String| s.strip_prefix('0').map(str::to_string).unwrap_or(s);
    (short(a), short(b))
}

pub fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Bytes in MB or GB, as download pages write them.
pub fn bytes(n: u64) -> String {
    let mb = n as f64 / 1e6;
    if mb >= 1000.0 {
        format!("{:.2} GB", mb / 1000.0)
    } else {
        format!("{mb:.1} MB")
    }
}

/// Three digits of a positive number.
pub fn three(x: f64) -> String {
    if x >= 99.95 {
        format!("{x:.0}")
    } else if x >= 9.995 {
        format!("{x:.1}")
    } else {
        format!("{x:.2}")
    }
}

/// `1 step`, `2 steps`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_honest() {
        assert_eq!(
            [prob(0.314), prob(1.0), prob(0.0004)],
            [".31", "1.0", ".00"]
        );
        assert_eq!(prob_beside(0.31, 0.1), (".31".into(), ".10".into()));
        assert_eq!(prob_beside(0.1004, 0.1), (".1004".into(), ".1000".into()));
        assert_eq!(prob_beside(1.0, 0.1), ("1.00".into(), ".10".into()));
        assert_eq!(
            [three(2.939), three(17.44), three(241.3)],
            ["2.94", "17.4", "241"]
        );
        assert_eq!(bytes(98_362_432), "98.4 MB");
        assert_eq!([count(1, "run"), count(2, "run")], ["1 run", "2 runs"]);
    }
}
