//! A sweep as a table for people and for spreadsheets: one line per cell.

use color_eyre::eyre::Result;

use crate::commands::sweep::report::{CellReport, SweepReport};
use crate::console;
use crate::console::table::Table;
use crate::speculate::parameters::{Parameter, rule_numbers};
use crate::speculate::speed_up::count_pairs;
use crate::speculate::sweep::{AucDifference, CellFigures, Estimate};

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

const HEADS: [&str; 14] = [
    "",
    "rule",
    "budget",
    "speed-up",
    "95%",
    "est.",
    "MAL",
    "in common",
    "agreement",
    "same text",
    "parts after",
    "log-prob.",
    "rep.",
    "acceptance",
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
    let backbones = report.backbones();
    out.write_record(heads(backbones))?;
    if let Some(plain) = &report.autoregressive {
        let mut line = vec!["autoregressive".to_string()];
        line.extend(rule_numbers().map(|_| String::new()));
        line.extend([String::new()]);
        line.extend(csv_figures(plain));
        line.extend([String::new(), "--verify autoregressive".to_string()]);
        line.extend(csv_interval(plain));
        line.extend(vec![String::new(); 4 * backbones.len()]);
        out.write_record(&line)?;
    }
    for cell in &report.cells {
        let Some(found) = &cell.figures else { continue };
        let number = |number: &Parameter| {
            let mut of_the_rule = cell.verify.numbers();
            let found = of_the_rule.find(|(each, _)| *each == number);
            found.map_or_else(String::new, |(_, value)| value.to_string())
        };
        let mut line = vec![cell.verify.name().to_string()];
        line.extend(rule_numbers().map(number));
        line.push(cell.budget.clone());
        line.extend(csv_figures(found));
        line.extend([cell.frontier.to_string(), cell.options.clone()]);
        line.extend(csv_interval(found));
        for backbone in backbones {
            line.extend(csv_difference(cell.difference(backbone)));
        }
        out.write_record(&line)?;
    }
    let table = out.into_inner()?;
    console::text(&String::from_utf8_lossy(&table))
}

/// The heads of the columns; `backbones`: of the click models that were tested.
fn heads(backbones: &[String]) -> Vec<String> {
    let mut head: Vec<String> = vec!["rule".into()];
    head.extend(rule_numbers().map(|number| number.name.to_string()));
    head.extend(["budget", "subjects", "same_text"].map(String::from));
    let errors = FIGURES
        .iter()
        .flat_map(|f| [f.to_string(), format!("{f}_se")]);
    head.extend(errors);
    head.extend(["frontier", "options"].map(String::from));
    head.extend(["low", "high", "pairs", "speedup_by_profile"].map(String::from));
    for backbone in backbones {
        let of = ["", "_low", "_high", "_finding"];
        head.extend(of.map(|end| format!("auc_difference_{backbone}{end}")));
    }
    head
}

fn csv_difference(found: Option<&AucDifference>) -> [String; 4] {
    found.map_or_else(Default::default, |found| {
        let [value, low, high] = [found.value, found.low, found.high].map(|n| format!("{n:.6}"));
        [value, low, high, found.finding.clone()]
    })
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

/// A table in Markdown; `*` marks Pareto-optimal cells.
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
    let backbones = report.backbones();
    let heads: Vec<String> = backbones.iter().map(|name| format!("AUC {name}")).collect();
    let heads = HEADS.into_iter().chain(heads.iter().map(String::as_str));
    let mut table = Table::markdown(3, heads);
    if let Some(plain) = &report.autoregressive {
        let row = row(" ", "autoregressive", "", plain).into_iter();
        table.row(row.chain(backbones.iter().map(|_| String::new())));
    }
    for cell in &report.cells {
        if let Some(figures) = &cell.figures {
            let mark = if cell.frontier { "*" } else { " " };
            let row = row(mark, &cell.verify.describe(), &cell.budget, figures).into_iter();
            let differences = backbones.iter().map(|name| match cell.difference(name) {
                Some(found) => format!("{} {}", found.with_interval(), found.finding),
                None => "not tested".to_string(),
            });
            table.row(row.chain(differences));
        }
    }
    table.print();
    verdicts(report);
}

fn row(mark: &str, rule: &str, budget: &str, of: &CellFigures) -> [String; 14] {
    let plain = |e: Option<Estimate>, digits| number(e, 1.0, digits);
    let percent = |e: Estimate| format!("{} %", number(Some(e), 100.0, 1));
    let by_profile = of.speedup_by_profile;
    [
        mark.to_string(),
        rule.to_string(),
        budget.to_string(),
        format!("{:.2}", of.speedup.mean),
        format!("{:.2}-{:.2}", of.low, of.high),
        by_profile.map_or("–".into(), |by| format!("{:.2}", by.mean)),
        plain(Some(of.mal), 2),
        percent(of.in_common),
        percent(of.agreement),
        format!("{}/{}", of.same_text, of.subjects),
        plain(of.first_divergence, 0),
        plain(of.mean_log_prob, 3),
        percent(of.repetition),
        of.acceptance.map_or("–".into(), percent),
    ]
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
        "*: Pareto-optimal: no other cell is faster (in paired runs, beyond the noise) with as \
        much text in common, or as fast with more. 95%: interval of the speed-up, over {}; est.: \
        by the cost profile. ±: standard error over subjects.",
        count_pairs(pairs)
    );
    if let Some(tested) = &report.tested {
        out!("{}", tested.about());
    }
    let fastest = report.cells.iter().filter(|c| c.frontier);
    let speed = |c: &&CellReport| c.figures.as_ref().map_or(0.0, |f| f.speedup.mean);
    if let Some(cell) = fastest.max_by(|a, b| speed(a).total_cmp(&speed(b))) {
        out!("fastest of them: {}", cell.command);
    }
    match report.lossless {
        Some(true) => {
            out!("lossless: strict equalled autoregressive on every prompt, token for token")
        }
        Some(false) => out!("NOT lossless: strict differed from autoregressive"),
        None => {}
    }
}
