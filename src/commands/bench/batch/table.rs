//! Output of `bench batch`: a table to read, or CSV.

use color_eyre::eyre::Result;

use super::{BatchReport, Point};
use crate::console;

/// Prints one line per size and rule.
pub(crate) fn print(report: &BatchReport) {
    out!(
        "{} on {}; {} subjects, prompts of up to {} tokens, {} of them shared, rounds: {}",
        report.on.model,
        report.on.device,
        report.subjects,
        report.prompt,
        report.shared,
        report.rounds
    );
    out!(
        "{:>5} {:<15}{:>10}{:>22}{:>12}{:>8}{:>10}{:>7}{:>7}{:>8}{:>10}{:>8}",
        "size",
        "",
        "tokens/s",
        "speed-up (95%)",
        "by drafts",
        "wall s",
        "tokens/s",
        "MAL",
        "rows",
        "drafts",
        "survival",
        "price"
    );
    for point in &report.points {
        print_point(point);
    }
    out!(
        "tokens/s: decoding only, then including prompts; by drafts: speed relative to the same \
         size without drafts; survival: the lowest path probability that was given a row; price: \
         what one more row would have needed (medians)"
    );
    print_lossless(&report.points);
}

fn print_point(point: &Point) {
    let interval = format!("{:.2}x ({:.2}-{:.2})", point.speedup, point.low, point.high);
    let times = |value: Option<f64>| value.map_or("-".to_string(), |v| format!("{v:.2}x"));
    let share = |value: Option<f64>| value.map_or("-".to_string(), |v| format!("{v:.2}"));
    out!(
        "{:>5} {:<15}{:>10.0}{interval:>22}{:>12}{:>8.1}{:>10.0}{:>7.2}{:>7.1}{:>7.0}%{:>10}{:>8}",
        point.size,
        point.rule,
        point.tokens_per_s,
        times(point.over_plain),
        point.wall_s,
        point.wall_tokens_per_s,
        point.mal,
        point.rows,
        point.drafts * 100.0,
        share(point.survival_needed),
        share(point.survival_price)
    );
}

fn print_lossless(points: &[Point]) {
    let differing: Vec<String> = points
        .iter()
        .filter(|point| point.lossless == Some(false))
        .map(|point| point.size.to_string())
        .collect();
    match differing.is_empty() {
        true => out!("lossless: strict equalled autoregressive at every size, token for token"),
        false => out!("NOT lossless at {}", differing.join(", ")),
    }
}

/// Prints one row per size and rule.
///
/// # Errors
/// What writing reports.
pub(crate) fn csv(points: &[Point]) -> Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    for point in points {
        out.serialize(point)?;
    }
    let text = String::from_utf8(out.into_inner()?)?;
    console::text(&text)
}
