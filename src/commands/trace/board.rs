//! `laserscope trace board`: acceptance over a set of runs, a row a subject.

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use crate::atomic_file;
use crate::cli::TraceBoardArgs;
use crate::commands::outputs;
use crate::commands::print_json;
use crate::commands::trace::set::TraceSet;
use crate::commands::trace::why::WhyReport;
use crate::console;
use crate::console::table::{Table, number, text};
use crate::export::board::board;
use crate::present::board::{Board, BoardColumn, BoardRow, Breakdown, RowFrom, StepTally, Texts};
use crate::speculate::trace::SubjectInfo;
use crate::speculate::why_low::CauseKind;

/// Texts first: a table repeats them beside figures that do not fit.
fn columns() -> [BoardColumn; BoardColumn::ALL.len()] {
    let mut columns = BoardColumn::ALL;
    columns.sort_by_key(|column| !column.is_text());
    columns
}

/// Widest subject and group of the table, in columns.
const WIDEST: usize = 28;

#[derive(Serialize)]
struct BoardReport<'a> {
    runs: usize,
    totals: StepTally,
    mal: Option<f64>,
    acceptance: Option<f64>,
    waste: Option<f64>,
    why: WhyReport,
    by_group: Vec<PartReport>,
    by_position: Vec<PartReport>,
    /// Only with --with-text: headings are taken from the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_heading: Option<Vec<PartReport>>,
    rows: Vec<RowReport<'a>>,
}

#[derive(Serialize)]
struct PartReport {
    name: String,
    mal: Option<f64>,
    acceptance: Option<f64>,
    #[serde(flatten)]
    tally: StepTally,
}

#[derive(Serialize)]
struct RowReport<'a> {
    trace: String,
    subject: SubjectInfo,
    settings: &'a str,
    whole: bool,
    mal: Option<f64>,
    acceptance: Option<f64>,
    waste: Option<f64>,
    longest_match: usize,
    repetition: f64,
    main_cause: Option<CauseKind>,
    /// Counted from 1: the step that explains the figure.
    look_at: Option<usize>,
    #[serde(flatten)]
    tally: StepTally,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
}

/// Runs the command. `Ok(false)`: cancelled; what was read is shown.
pub(crate) fn run(args: &TraceBoardArgs) -> Result<bool> {
    let texts = match args.with_text {
        true => Texts::Kept,
        false => Texts::LeftOut,
    };
    if let Some(out) = &args.out {
        for trace in args.traces.iter().filter(|path| path.is_file()) {
            outputs::expect_apart("--out", out, "a trace", trace)?;
        }
    }
    ensure!(
        args.out.is_none() || args.form().is_some(),
        "--out: choose a form with --csv, --html or --md, or by the file's ending"
    );
    let (mut found, mut set) = (Board::default(), TraceSet::find(&args.traces)?);
    let is_whole = set.each(|path, trace| {
        found.insert(BoardRow::of(&trace, RowFrom::File(path.into()), texts));
        Ok(())
    })?;
    let order = found.sorted(args.sort, args.sort.worst_first(), |_| true);
    let rows: Vec<&BoardRow> = order.iter().map(|&i| &found.rows()[i]).collect();
    let written = args.form().map(|form| board(&rows, form, texts));
    match (written, &args.out) {
        (Some(written), Some(path)) => atomic_file::write(path, written)?,
        (Some(written), None) => console::text(&written)?,
        (None, _) if args.json => print_json(&report(&rows, texts))?,
        (None, _) => print_tables(&rows, args.by),
    }
    Ok(is_whole)
}

fn report<'a>(rows: &[&'a BoardRow], texts: Texts) -> BoardReport<'a> {
    let all = Board::together(rows.iter().copied());
    let mut totals = StepTally::default();
    let drafting = rows.iter().filter(|row| row.drafts);
    drafting.for_each(|row| totals.add(&row.tally()));
    let parts = |breakdown: Breakdown| part_reports(breakdown, rows);
    BoardReport {
        runs: rows.len(),
        mal: totals.mal(),
        acceptance: totals.acceptance(),
        waste: totals.waste(),
        totals,
        why: WhyReport::of(&all),
        by_group: parts(Breakdown::Group),
        by_position: parts(Breakdown::Position),
        by_heading: (texts == Texts::Kept).then(|| parts(Breakdown::Heading)),
        rows: rows.iter().map(|row| row_report(row, texts)).collect(),
    }
}

fn part_reports(breakdown: Breakdown, rows: &[&BoardRow]) -> Vec<PartReport> {
    let parts = breakdown.of(rows.iter().copied()).into_iter();
    let part = |(name, tally): (String, StepTally)| PartReport {
        name,
        mal: tally.mal(),
        acceptance: tally.acceptance(),
        tally,
    };
    parts.map(part).collect()
}

fn row_report(row: &BoardRow, texts: Texts) -> RowReport<'_> {
    let tally = row.tally();
    let text = row.text.as_ref();
    let mut subject = row.subject.clone();
    if texts == Texts::LeftOut && subject.kind == crate::speculate::subject::KindName::Prompt {
        subject.title.clear();
    }
    RowReport {
        trace: match &row.from {
            RowFrom::File(path) => path.display().to_string(),
            _ => String::new(),
        },
        subject,
        settings: &row.settings,
        whole: row.is_whole,
        mal: tally.mal(),
        acceptance: tally.acceptance(),
        waste: tally.waste(),
        longest_match: row.longest_match(),
        repetition: row.repetition,
        main_cause: row.main(),
        look_at: row.look_at.map(|step| step + 1),
        tally,
        prompt: text.map(|text| text.prompt.as_str()),
        answer: text.map(|text| text.answer.as_str()),
    }
}

fn print_tables(rows: &[&BoardRow], by: Option<Breakdown>) {
    if let Some(breakdown) = by {
        return print_parts(breakdown, rows);
    }
    let width = |column: BoardColumn| {
        let cells = rows.iter().map(|row| column.value(row).chars().count());
        let widest = cells.max().unwrap_or(0).min(WIDEST);
        widest.max(column.head().len()) + 2
    };
    let shown = columns();
    let columns = shown.map(|column| match column.is_text() {
        true => text(column.head(), width(column)),
        false => number(column.head(), width(column)),
    });
    let mut table = Table::new(columns);
    for row in rows {
        table.row(shown.map(|column| {
            let cell = column.value(row);
            match column.is_text() {
                true => crate::present::token_text::fit(&cell, WIDEST),
                false => cell,
            }
        }));
    }
    table.print();
    let all = Board::together(rows.iter().copied());
    if all.n_steps() > 0 {
        out!();
        WhyReport::of(&all).print();
    }
}

fn print_parts(breakdown: Breakdown, rows: &[&BoardRow]) {
    let parts = breakdown.of(rows.iter().copied());
    let widest = parts.iter().map(|(name, _)| name.chars().count()).max();
    let figures = [
        BoardColumn::Steps,
        BoardColumn::Tokens,
        BoardColumn::Mal,
        BoardColumn::Acceptance,
        BoardColumn::Hits,
        BoardColumn::Waste,
    ];
    let mut columns = vec![text(breakdown.name(), widest.unwrap_or(0).max(8) + 2)];
    columns.extend(figures.map(|column| number(column.head(), 9)));
    let mut table = Table::new(columns);
    for (name, tally) in parts {
        let cell = |column: BoardColumn| {
            let figure = column.of_tally(&tally);
            figure.map_or("-".into(), |figure| column.written(figure))
        };
        table.row(std::iter::once(name).chain(figures.map(cell)));
    }
    table.print();
}
