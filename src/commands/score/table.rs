//! The report for people: a line per way, then one way in detail.

use super::figures::{DraftFigures, ScoreFigures};
use super::report::{PositionReport, ScoreReport, WayReport};
use crate::commands::arrangement::Arrangement;
use crate::commands::cells::{percent, two};
use crate::commands::engine_settings;
use crate::console::table::{Table, number, text};

/// Headings and groups that are listed.
const MAX_LISTED: usize = 20;

pub(super) fn print(report: &ScoreReport) {
    print_read(report);
    print_ways(report);
    let Some(way) = report.chosen() else { return };
    out!();
    out!(
        "{} under {} rows, in detail",
        way.drafter.name(),
        way.budget
    );
    print_groups(report, way);
    let positions = way.by_position.iter();
    let range = |p: &PositionReport| match p.to {
        Some(to) => format!("{}-{to}", p.from),
        None => format!("{} and on", p.from),
    };
    let positions = positions.map(|p| (range(p), p.figures));
    print_parts("position", positions.collect());
    let headings = way.by_heading.iter();
    let headings = headings.map(|h| (h.heading.clone(), h.figures));
    print_parts("heading", headings.collect());
    print_sources(way);
    print_matches(way);
    if let Some(settings) = &report.settings {
        out!();
        engine_settings::print(settings);
    }
}

fn print_read(report: &ScoreReport) {
    let (read, encoded) = (&report.read, &report.encoded);
    let formats = read.by_format.iter();
    let formats: Vec<String> = formats.map(|(name, n)| format!("{n} {name}")).collect();
    out!(
        "{} answers of {} tokens scored ({} lines: {})",
        report.answers,
        report.tokens,
        read.lines,
        formats.join(", ")
    );
    out!(
        "token ids: {} answers by logged ids, {} by logged tokens, {} by their text",
        encoded.by_ids,
        encoded.by_tokens,
        encoded.by_text
    );
    if encoded.compared > 0 {
        out!(
            "encoding the text again differs from the logged tokens in {} of {} answers",
            encoded.differing,
            encoded.compared
        );
    }
    out!("drafts from {}", drafts_from(report));
    out!("calibration: {}", report.calibration);
    report.split_note.iter().for_each(|note| out!("{note}"));
    report.groups_note.iter().for_each(|note| out!("{note}"));
    if !report.complete {
        out!("cancelled: these are the figures so far");
    }
}

fn drafts_from(report: &ScoreReport) -> String {
    let pool = match report.pool.documents {
        0 => String::new(),
        n => format!(
            ", and a pool of {n} documents, {} tokens",
            report.pool.tokens
        ),
    };
    match report.split {
        "half" => format!("the answers to every other request{pool}"),
        "leave-one-out" => format!("all other answers{pool}"),
        "pool-only" => format!(
            "a pool of {} documents, {} tokens",
            report.pool.documents, report.pool.tokens
        ),
        _ => format!("the answers that had ended before a request{pool}"),
    }
}

fn print_ways(report: &ScoreReport) {
    let has_costs = report.best.is_some();
    let is_lossy = report.ways.iter().any(|way| way.judged < Some(1.0));
    let is_compared = report.ways.iter().any(|way| way.arrangement.is_some());
    let mut columns = vec![text("drafter", 8)];
    columns.extend(is_compared.then(|| text("pool", 24)));
    columns.extend([
        number("budget", 7),
        number("MAL", 7),
        number("acceptance", 12),
        number("waste", 7),
        number("hits", 7),
        number("rows/step", 11),
    ]);
    columns.extend(is_lossy.then(|| number("judged", 8)));
    columns.extend(has_costs.then(|| number("est. speed-up", 15)));
    let mut table = Table::new(columns);
    for way in &report.ways {
        let mut cells = way_cells(way);
        cells.extend(is_lossy.then(|| percent(way.judged)));
        cells.extend(has_costs.then(|| speed_up(&way.figures)));
        table.row(cells);
    }
    out!();
    table.print();
    if let Some(best) = report.best.map(|at| &report.ways[at]) {
        out!(
            "best budget by the cost profile: {} ({})",
            best.budget,
            speed_up(&best.figures)
        );
    }
}

fn way_cells(way: &WayReport) -> Vec<String> {
    let f = &way.figures;
    let mut cells = vec![way.drafter.name().to_string()];
    cells.extend(way.arrangement.map(|a| a.name().to_string()));
    cells.extend([
        way.budget.clone(),
        two(f.mal),
        percent(f.drafts.acceptance),
        percent(f.drafts.waste),
        percent(f.hit_rate),
        two(f.rows),
    ]);
    cells
}

/// Groups by arrangement, if these are compared; else like any other part.
fn print_groups(report: &ScoreReport, chosen: &WayReport) {
    if chosen.by_group.len() < 2 {
        return;
    }
    if chosen.arrangement.is_none() {
        let groups = chosen.by_group.iter();
        let groups = groups.map(|g| (format!("{} ({})", g.group, g.answers), g.figures));
        return print_parts("group (answers)", groups.collect());
    }
    let same = |way: &&WayReport| way.drafter == chosen.drafter && way.budget == chosen.budget;
    let ways: Vec<&WayReport> = report.ways.iter().filter(same).collect();
    let arrangements = Arrangement::ALL.map(|a| number(a.name(), 24));
    let columns = [text("group (MAL)", 24), number("answers", 9)];
    let mut table = Table::new(columns.into_iter().chain(arrangements).collect::<Vec<_>>());
    for (at, group) in chosen.by_group.iter().enumerate().take(MAX_LISTED) {
        let mals = ways.iter().map(|way| two(way.by_group[at].figures.mal));
        let about = [group.group.clone(), group.answers.to_string()];
        table.row(about.into_iter().chain(mals));
    }
    out!();
    table.print();
    say_rest(chosen.by_group.len());
}

fn print_parts(head: &str, parts: Vec<(String, ScoreFigures)>) {
    if parts.is_empty() {
        return;
    }
    let has_costs = parts.iter().any(|(_, f)| f.est_speedup.is_some());
    let mut columns = vec![
        text(head, 32),
        number("tokens", 9),
        number("steps", 9),
        number("MAL", 7),
        number("acceptance", 12),
        number("waste", 7),
        number("hits", 7),
    ];
    columns.extend(has_costs.then(|| number("est. speed-up", 15)));
    let mut table = Table::new(columns);
    let n_parts = parts.len();
    for (name, f) in parts.into_iter().take(MAX_LISTED) {
        let mut cells = vec![
            name,
            f.tokens.to_string(),
            f.steps.to_string(),
            two(f.mal),
            percent(f.drafts.acceptance),
            percent(f.drafts.waste),
            percent(f.hit_rate),
        ];
        cells.extend(has_costs.then(|| speed_up(&f)));
        table.row(cells);
    }
    out!();
    table.print();
    say_rest(n_parts);
}

fn say_rest(n: usize) {
    if n > MAX_LISTED {
        out!("and {} more (--json lists all)", n - MAX_LISTED);
    }
}

fn print_sources(way: &WayReport) {
    if way.figures.drafts.drafted == 0 {
        return;
    }
    let mut table = Table::new([
        text("source", 20),
        number("drafted", 10),
        number("committed", 11),
        number("acceptance", 12),
        number("waste", 7),
    ]);
    let mut row = |name: &str, d: &DraftFigures| {
        table.row([
            name.to_string(),
            d.drafted.to_string(),
            (d.accepted + d.relaxed).to_string(),
            percent(d.acceptance),
            percent(d.waste),
        ]);
    };
    let sources = way.by_source.iter().filter(|s| s.drafts.drafted > 0);
    sources.for_each(|s| row(s.source.name(), &s.drafts));
    let fields = [
        ("  in the prompt", &way.by_field.prompt),
        ("  in the answer", &way.by_field.answer),
    ];
    let fields = fields.into_iter().filter(|(_, d)| d.drafted > 0);
    fields.for_each(|(name, drafts)| row(name, drafts));
    out!();
    table.print();
}

fn print_matches(way: &WayReport) {
    if way.by_match.is_empty() {
        return;
    }
    let mut table = Table::new([
        number("match", 7),
        number("hits", 9),
        number("drafted", 10),
        number("committed", 11),
        number("per hit", 9),
    ]);
    for m in &way.by_match {
        table.row([
            m.matched.to_string(),
            m.hits.to_string(),
            m.drafted.to_string(),
            m.taken.to_string(),
            format!("{:.2}", m.taken as f64 / m.hits.max(1) as f64),
        ]);
    }
    out!();
    table.print();
}

fn speed_up(figures: &ScoreFigures) -> String {
    let value = figures.est_speedup;
    value.map_or_else(|| "-".to_string(), |n| format!("est. {n:.2}x"))
}
