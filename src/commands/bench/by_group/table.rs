//! `bench decode --by-group` for people.

use super::{ByGroupReport, PromptSlice};
use crate::commands::arrangement::Arrangement;
use crate::console::table::Table;
use crate::speculate::params::AcceptanceRule;

const HEADS: [&str; 8] = [
    "pool",
    "documents",
    "MAL",
    "rows/pass",
    "acceptance",
    "tokens/s",
    "speed-up",
    "95%",
];

/// For people.
pub(crate) fn print(report: &ByGroupReport) {
    out!(
        "{} on {}; {}, budget {}, repetition penalty {}",
        report.on.model,
        report.on.device,
        report.verify,
        report.params.budget.describe(),
        report.params.repeat_penalty,
    );
    for part in report.parts.iter().filter(|part| part.group.is_none()) {
        print_kind(part);
        print_groups(part, &report.parts);
    }
    if report.lossless && report.verify == AcceptanceRule::Strict.name() {
        out!();
        out!("lossless: strict equalled autoregressive everywhere, token for token");
    } else if !report.lossless {
        out!();
        out!("NOT lossless: strict differed from autoregressive");
    }
}

fn print_kind(part: &PromptSlice) {
    out!();
    out!(
        "{} prompts about {}s, repeated 4-grams {:.1}%:",
        part.prompts,
        part.kind,
        part.autoregressive.repetition * 100.0
    );
    out!();
    let mut table = Table::markdown(1, HEADS).with_narrow_blanks();
    let f = &part.autoregressive;
    table.row([
        "autoregressive".to_string(),
        String::new(),
        format!("{:.2}", f.mal),
        format!("{:.1}", f.rows),
        String::new(),
        format!("{:.0}", f.tokens_per_s),
        format!("{:.2}x", f.speedup),
        String::new(),
    ]);
    for row in &part.rows {
        let f = &row.figures;
        table.row([
            row.arrangement.name().to_string(),
            format!("{:.0}", row.documents),
            format!("{:.2}", f.mal),
            format!("{:.1}", f.rows),
            format!("{:.0}%", f.acceptance * 100.0),
            format!("{:.0}", f.tokens_per_s),
            format!("{:.2}x", f.speedup),
            format!("{:.2}-{:.2}", f.low, f.high),
        ]);
    }
    table.print();
}

/// One line per group: accepted length and speed-up of every arrangement.
fn print_groups(kind: &PromptSlice, parts: &[PromptSlice]) {
    let groups = parts.iter().filter(|p| p.kind == kind.kind);
    let groups: Vec<&PromptSlice> = groups.filter(|p| p.group.is_some()).collect();
    if groups.is_empty() {
        return;
    }
    out!();
    let heads = ["group (MAL, speed-up)", "prompts", "documents"];
    let arrangements = Arrangement::ALL.map(|a| a.name());
    let mut table = Table::markdown(1, heads.into_iter().chain(arrangements));
    for part in groups {
        let rows = part.rows.iter();
        let cells = rows.map(|r| format!("{:.2}, {:.2}x", r.figures.mal, r.figures.speedup));
        let mut rows = part.rows.iter();
        let own = rows.find(|r| r.arrangement == Arrangement::OwnGroup);
        let about = [
            part.group.clone().unwrap_or_default(),
            part.prompts.to_string(),
            format!("{:.0}", own.map_or(0.0, |r| r.documents)),
        ];
        table.row(about.into_iter().chain(cells));
    }
    table.print();
}
