//! A sweep for people, and for spreadsheets: a line a cell.

use color_eyre::eyre::Result;

use crate::commands::sweep::report::{CellReport, SweepReport};
use crate::console;
use crate::speculate::options::numbers;
use crate::speculate::speed_up::count_pairs;
use crate::speculate::sweep::{CellFigures, Estimate};

/// Names of the numbers that rules may have, in the order of the columns.
const NUMBERS: [&str; 5] = ["k", "tau", "ratio", "eps", "delta"];
/// Names of the figures, each with its standard error after it.
const FIGURES: [&str; 9] = [
    "speedup",
    "mal",
    "agreement",
    "first_divergence",
    "mean_log_prob",
    "repetition",
    "acceptance",
    "tokens_per_s",
    "in_common",
];

fn figures(of: &CellFigures) -> [Option<Estimate>; 9] {
    [
        Some(of.speedup),
        Some(of.mal),
        Some(of.agreement),
        of.first_divergence,
        of.mean_log_prob,
        Some(of.repetition),
        of.acceptance,
        Some(of.tokens_per_s),
        Some(of.in_common),
    ]
}

/// Comma-separated, the autoregressive line first.
pub(crate) fn csv(report: &SweepReport) -> Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut head: Vec<String> = vec!["rule".into()];
    head.extend(NUMBERS.map(String::from));
    head.extend(["budget", "subjects", "same_text"].map(String::from));
    let errors = FIGURES
        .iter()
        .flat_map(|f| [f.to_string(), format!("{f}_se")]);
    head.extend(errors);
    head.extend(["frontier", "options"].map(String::from));
    head.extend(["low", "high", "pairs", "speedup_by_profile"].map(String::from));
    out.write_record(&head)?;
    if let Some(plain) = &report.autoregressive {
        let mut line = vec!["autoregressive".to_string()];
        line.extend(NUMBERS.map(|_| String::new()));
        line.extend([String::new()]);
        line.extend(csv_figures(plain));
        line.extend([String::new(), "--verify autoregressive".to_string()]);
        line.extend(csv_interval(plain));
        out.write_record(&line)?;
    }
    for cell in &report.cells {
        let Some(found) = &cell.figures else { continue };
        let numbers = numbers(&cell.verify);
        let number = |name: &&str| {
            let found = numbers.iter().find(|(n, _)| n == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        };
        let mut line = vec![cell.verify.name().to_string()];
        line.extend(NUMBERS.iter().map(number));
        line.push(cell.budget.clone());
        line.extend(csv_figures(found));
        line.extend([cell.frontier.to_string(), cell.options.clone()]);
        line.extend(csv_interval(found));
        out.write_record(&line)?;
    }
    let table = out.into_inner()?;
    console::text(&String::from_utf8_lossy(&table))
}

fn csv_figures(of: &CellFigures) -> Vec<String> {
    let mut line = vec![of.subjects.to_string(), of.same_text.to_string()];
    for estimate in figures(of) {
        let (mean, error) = estimate.map_or((None, None), |e| (Some(e.mean), e.standard_error));
        let number = |n: Option<f64>| n.map_or_else(String::new, |n| format!("{n:.6}"));
        line.extend([number(mean), number(error)]);
    }
    line
}

fn csv_interval(of: &CellFigures) -> [String; 4] {
    let by_profile = of.speedup_by_profile.map(|by| format!("{:.6}", by.mean));
    [
        format!("{:.6}", of.low),
        format!("{:.6}", of.high),
        of.pairs.to_string(),
        by_profile.unwrap_or_default(),
    ]
}

/// A table in Markdown; `*` marks what no other cell beats.
pub(crate) fn print(report: &SweepReport) {
    out!(
        "{} on {}; {} subjects, {} of {} runs, repetition penalty {}",
        report.on.model,
        report.on.device,
        report.subjects.len(),
        report.runs,
        report.of,
        report.params.repeat_penalty
    );
    out!(
        "| | rule | budget | speed-up | 95% | est. | MAL | in common | agreement | same text | parts after | log-prob. | rep. | acceptance |"
    );
    out!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    if let Some(plain) = &report.autoregressive {
        row(" ", "autoregressive", "", plain);
    }
    for cell in &report.cells {
        if let Some(figures) = &cell.figures {
            let mark = if cell.frontier { "*" } else { " " };
            row(mark, &cell.verify.describe(), &cell.budget, figures);
        }
    }
    verdicts(report);
}

fn row(mark: &str, rule: &str, budget: &str, of: &CellFigures) {
    let plain = |e: Estimate, digits| number(Some(e), 1.0, digits);
    let percent = |e: Estimate| number(Some(e), 100.0, 1);
    out!(
        "| {mark} | {rule} | {budget} | {:.2} | {:.2}-{:.2} | {} | {} | {} % | {} % | {}/{} | {} | {} | {} % | {} |",
        of.speedup.mean,
        of.low,
        of.high,
        of.speedup_by_profile
            .map_or("–".into(), |by| format!("{:.2}", by.mean)),
        plain(of.mal, 2),
        percent(of.in_common),
        percent(of.agreement),
        of.same_text,
        of.subjects,
        number(of.first_divergence, 1.0, 0),
        number(of.mean_log_prob, 1.0, 3),
        percent(of.repetition),
        of.acceptance
            .map_or("–".into(), |e| format!("{} %", percent(e))),
    );
}

/// A mean, and its standard error where there is one.
fn number(estimate: Option<Estimate>, times: f64, digits: usize) -> String {
    let Some(Estimate {
        mean,
        standard_error,
    }) = estimate
    else {
        return "–".into();
    };
    let error = standard_error.map(|e| format!(" ±{:.digits$}", e * times));
    format!("{:.digits$}{}", mean * times, error.unwrap_or_default())
}

fn verdicts(report: &SweepReport) {
    let pairs = report.cells.iter().filter_map(|c| c.figures.as_ref());
    let pairs = pairs.map(|f| f.pairs).min().unwrap_or(0);
    out!(
        "*: no other cell is quicker, pair by pair beyond the noise, and keeps as much of the text, or \
         is as quick and keeps more. 95%: of the speed-up, over {}; est.: by the cost profile. ±: standard error \
         over subjects.",
        count_pairs(pairs)
    );
    let fastest = report.cells.iter().filter(|c| c.frontier);
    let speed = |c: &&CellReport| c.figures.as_ref().map_or(0.0, |f| f.speedup.mean);
    if let Some(cell) = fastest.max_by(|a, b| speed(a).total_cmp(&speed(b))) {
        out!("quickest: {}", cell.command);
    }
    match report.lossless {
        Some(true) => {
            out!("lossless: strict equalled autoregressive on every prompt, token for token")
        }
        Some(false) => out!("NOT lossless: strict differed from autoregressive"),
        None => {}
    }
}
