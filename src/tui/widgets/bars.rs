//! Bars made of eighths of a cell, as parts of lines. Anything above nothing is seen,
//! which a `Sparkline` or a `BarChart` rounds away.

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A bar from left to right, `share` of `width` columns long. Anything above
/// nothing is seen.
pub(crate) fn across(share: f64, width: usize) -> String {
    let wanted = share.clamp(0.0, 1.0) * width as f64 * 8.0;
    let least = usize::from(share > 0.0 && width > 0);
    let eighths = (wanted.round() as usize).max(least);
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// One cell filled from below.
pub(crate) fn level(share: f64) -> &'static str {
    let eighths = (share.clamp(0.0, 1.0) * 8.0).round() as usize;
    LEVELS[eighths.max(usize::from(share > 0.0))]
}

/// The cell `row` rows above the ground of an upright bar `height` rows high.
pub(crate) fn upright(share: f64, height: usize, row: usize) -> &'static str {
    let filled = share.clamp(0.0, 1.0) * height as f64 - row as f64;
    if row == 0 && share > 0.0 {
        level(filled.max(0.125))
    } else {
        level(filled.max(0.0))
    }
}

/// A line that fills up: how many of `width` columns are full. Not a `LineGauge`, which
/// fills a row from its label on: these have words on both sides.
pub(crate) fn progress(share: f64, width: usize) -> (String, String) {
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    ("━".repeat(full), "─".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths() {
        assert_eq!(across(0.5, 4), "██");
        assert_eq!(across(0.0, 4), "");
        assert_eq!(across(0.001, 4), "▏");
        assert_eq!(across(2.0, 3), "███");
        assert_eq!(across(0.5, 0), "");
        assert_eq!(
            [upright(1.0, 2, 1), upright(0.75, 2, 1), upright(0.25, 2, 1)],
            ["█", "▄", " "]
        );
    }
}
