//! `bench decode --by-group` for people.

use super::{Arrangement, Part, Report};
use crate::speculate::params::AcceptanceRule;

/// For people.
pub(crate) fn print(report: &Report) {
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

fn print_kind(part: &Part) {
    out!();
    out!(
        "{} prompts about {}s, repeated 4-grams {:.1}%:",
        part.prompts,
        part.kind,
        part.autoregressive.repetition * 100.0
    );
    out!();
    out!("| pool | documents | MAL | rows/pass | acceptance | tokens/s | speed-up | 95% |");
    out!("|---|---|---|---|---|---|---|---|");
    let f = &part.autoregressive;
    out!(
        "| autoregressive | | {:.2} | {:.1} | | {:.0} | {:.2}x | |",
        f.mal,
        f.rows,
        f.tokens_per_s,
        f.speedup
    );
    for row in &part.rows {
        let f = &row.figures;
        out!(
            "| {} | {:.0} | {:.2} | {:.1} | {:.0}% | {:.0} | {:.2}x | {:.2}-{:.2} |",
            row.arrangement.name(),
            row.documents,
            f.mal,
            f.rows,
            f.acceptance * 100.0,
            f.tokens_per_s,
            f.speedup,
            f.low,
            f.high
        );
    }
}

/// One line per group: accepted length and speed-up of every arrangement.
fn print_groups(kind: &Part, parts: &[Part]) {
    let groups = parts.iter().filter(|p| p.kind == kind.kind);
    let groups: Vec<&Part> = groups.filter(|p| p.group.is_some()).collect();
    if groups.is_empty() {
        return;
    }
    let names = Arrangement::ALL.map(|a| format!(" {} |", a.name()));
    out!();
    out!(
        "| group (MAL, speed-up) | prompts | documents |{}",
        names.concat()
    );
    out!("|---|---|---|{}", "---|".repeat(Arrangement::ALL.len()));
    for part in groups {
        let cells = part
            .rows
            .iter()
            .map(|r| format!(" {:.2}, {:.2}x |", r.figures.mal, r.figures.speedup));
        let own = part
            .rows
            .iter()
            .find(|r| r.arrangement == Arrangement::OwnGroup);
        out!(
            "| {} | {} | {:.0} |{}",
            part.group.as_deref().unwrap_or_default(),
            part.prompts,
            own.map_or(0.0, |r| r.documents),
            cells.collect::<String>()
        );
    }
}
