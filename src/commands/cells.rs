//! Figures in the tables of the commands.

/// A share in percent; `-` where there is none.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or("-".into(), |share| format!("{:.1}%", share * 100.0))
}

/// Two digits; `-` where there is none.
pub(crate) fn two(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.2}"))
}
