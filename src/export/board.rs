//! The acceptance board as comma-separated values, as Markdown and as one self-contained web
//! page. Prompts, answers and what is taken from them are left out unless they are asked
//! for: a log may hold private data.

use std::fmt::Write;

use super::escape;
use super::table::field;
use crate::present::board::{Board, BoardColumn, BoardForm, BoardRow, Breakdown, StepTally, Texts};
use crate::present::number::{count, percent_of_tenths};
use crate::speculate::subject::KindName;
use crate::speculate::why_low::{CauseKind, WhyLow};

/// Figures of a row before its causes.
const HEAD: [&str; 16] = [
    "kind",
    "id",
    "title",
    "group",
    "framework",
    "settings",
    "whole",
    "tokens",
    "steps",
    "mal",
    "acceptance",
    "pool_hit_rate",
    "longest_match",
    "drafted",
    "waste",
    "repetition",
];

/// Some rows of a board, in this order, in one form.
pub fn board(rows: &[&BoardRow], form: BoardForm, texts: Texts) -> String {
    match form {
        BoardForm::Csv => csv(rows, texts),
        BoardForm::Html => page(rows, texts),
        BoardForm::Markdown => document(rows, texts),
    }
}

/// A subject's title; a custom prompt's is its text.
fn title(row: &BoardRow, texts: Texts) -> &str {
    let is_text = row.subject.kind == KindName::Prompt;
    match texts {
        Texts::LeftOut if is_text => "",
        _ => &row.subject.title,
    }
}

fn csv(rows: &[&BoardRow], texts: Texts) -> String {
    let mut head: Vec<String> = HEAD.map(String::from).to_vec();
    head.push("main_cause".into());
    head.extend(CauseKind::ALL.map(|kind| format!("{}_steps", kind.name())));
    if texts == Texts::Kept {
        head.extend(["prompt".into(), "answer".into()]);
    }
    let lines = rows.iter().map(|row| csv_line(row, texts));
    let lines = std::iter::once(head).chain(lines);
    let quoted = lines.map(|line| line.iter().map(|f| field(f)).collect::<Vec<_>>());
    quoted.map(|line| line.join(",") + "\n").collect()
}

fn csv_line(row: &BoardRow, texts: Texts) -> Vec<String> {
    let subject = &row.subject;
    let figure = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let of = |column: BoardColumn| figure(column.figure(row));
    let mut line = vec![
        subject.kind.to_string(),
        subject.id.clone(),
        title(row, texts).to_string(),
        subject.group.clone().unwrap_or_default(),
        subject.framework.to_string(),
        row.settings.clone(),
        row.is_whole.to_string(),
        of(BoardColumn::Tokens),
        of(BoardColumn::Steps),
        of(BoardColumn::Mal),
        of(BoardColumn::Acceptance),
        of(BoardColumn::Hits),
        of(BoardColumn::Match),
        row.tally().drafted.to_string(),
        of(BoardColumn::Waste),
        of(BoardColumn::Repetition),
    ];
    line.push(row.main().map_or("", CauseKind::name).to_string());
    line.extend(CauseKind::ALL.map(|kind| row.why.n(kind).to_string()));
    if texts == Texts::Kept {
        let text = row.text.as_ref();
        line.push(text.map_or_else(String::new, |text| text.prompt.clone()));
        line.push(text.map_or_else(String::new, |text| text.answer.clone()));
    }
    line
}

/// A table of texts.
struct BoardTable {
    title: String,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The tables of a board: totals, causes, breakdowns, rows.
fn grids(rows: &[&BoardRow], texts: Texts) -> Vec<BoardTable> {
    let all = Board::together(rows.iter().copied());
    let mut grids = vec![causes(&all)];
    let breakdowns = Breakdown::ALL.into_iter();
    // Headings are taken from the answers.
    let shown = breakdowns.filter(|&b| b != Breakdown::Heading || texts == Texts::Kept);
    grids.extend(shown.map(|breakdown| parts(breakdown, rows)));
    grids.push(BoardTable {
        title: "Subjects".into(),
        heads: BoardColumn::ALL
            .map(|column| column.head().to_string())
            .to_vec(),
        rows: rows.iter().map(|row| cells(row, texts)).collect(),
    });
    grids
}

fn cells(row: &BoardRow, texts: Texts) -> Vec<String> {
    let cell = |column: BoardColumn| match (column, title(row, texts)) {
        (BoardColumn::Subject, "") => row.subject.id.clone(),
        _ => column.value(row),
    };
    BoardColumn::ALL.map(cell).to_vec()
}

fn causes(all: &WhyLow) -> BoardTable {
    let tenths = all.tenths();
    let cause = |kind: CauseKind| {
        let lever = all.lever(kind);
        let share = tenths[kind as usize];
        vec![
            kind.title().to_string(),
            all.n(kind).to_string(),
            percent_of_tenths(share),
            lever.text,
            lever.brings.map_or("—".into(), |brings| brings.in_words()),
        ]
    };
    BoardTable {
        title: "Why acceptance is not higher".into(),
        heads: ["cause", "steps", "share", "lever", "brings"]
            .map(String::from)
            .to_vec(),
        rows: all.kinds().map(cause).collect(),
    }
}

fn parts(breakdown: Breakdown, rows: &[&BoardRow]) -> BoardTable {
    let figures = [
        BoardColumn::Steps,
        BoardColumn::Tokens,
        BoardColumn::Mal,
        BoardColumn::Acceptance,
        BoardColumn::Hits,
        BoardColumn::Waste,
    ];
    let row = |(name, tally): (String, StepTally)| {
        let cell = |column: BoardColumn| {
            let figure = column.of_tally(&tally);
            figure.map_or("—".into(), |figure| column.written(figure))
        };
        std::iter::once(name).chain(figures.map(cell)).collect()
    };
    BoardTable {
        title: format!("By {}", breakdown.name()),
        heads: std::iter::once(breakdown.name())
            .chain(figures.map(BoardColumn::head))
            .map(String::from)
            .collect(),
        rows: breakdown
            .of(rows.iter().copied())
            .into_iter()
            .map(row)
            .collect(),
    }
}

/// `57 runs, 3,210 steps, MAL 2.31`.
fn summary(rows: &[&BoardRow]) -> String {
    let all = Board::together(rows.iter().copied());
    let mal = all
        .stats
        .mal()
        .map_or("—".into(), |mal| format!("{mal:.2}"));
    let undrafted = rows.iter().filter(|row| !row.drafts).count();
    let left_out = match undrafted {
        0 => String::new(),
        n => format!("; {} without drafts left out of all sums", count(n, "run")),
    };
    format!(
        "{}, {}, MAL {mal}{left_out}",
        count(rows.len(), "run"),
        count(all.n_steps(), "step")
    )
}

fn document(rows: &[&BoardRow], texts: Texts) -> String {
    let mut out = format!("# Acceptance board\n\n{}\n", summary(rows));
    for grid in grids(rows, texts) {
        let _ = write!(out, "\n## {}\n\n", escape::markdown(&grid.title));
        let line = |cells: &[String]| {
            let cells = cells
                .iter()
                .map(|cell| format!(" {} |", escape::markdown(cell)));
            format!("|{}\n", cells.collect::<String>())
        };
        out.push_str(&line(&grid.heads));
        let _ = writeln!(out, "|{}", "---|".repeat(grid.heads.len()));
        grid.rows.iter().for_each(|row| out.push_str(&line(row)));
    }
    for row in rows {
        let Some(text) = row.text.as_ref().filter(|_| texts == Texts::Kept) else {
            continue;
        };
        let _ = write!(
            out,
            "\n## {}\n\n{}\n\n{}\n",
            escape::markdown(&row.subject.title),
            escape::markdown(&text.prompt),
            escape::markdown(&text.answer)
        );
    }
    out
}

const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color-scheme:light dark}\
table{border-collapse:collapse}th,td{padding:.15em .7em;text-align:left;\
border-bottom:1px solid #8884}th{font-weight:600}pre{white-space:pre-wrap}";

fn page(rows: &[&BoardRow], texts: Texts) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <title>Acceptance board</title><style>{STYLE}</style></head>\n<body>\n\
         <h1>Acceptance board</h1>\n<p>{}</p>\n",
        escape::html(&summary(rows))
    );
    for grid in grids(rows, texts) {
        let _ = writeln!(out, "<h2>{}</h2>\n<table>", escape::html(&grid.title));
        let line = |tag: &str, cells: &[String]| {
            let cells = cells.iter();
            let cells = cells.map(|cell| format!("<{tag}>{}</{tag}>", escape::html(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        out.push_str(&line("th", &grid.heads));
        grid.rows
            .iter()
            .for_each(|row| out.push_str(&line("td", row)));
        out.push_str("</table>\n");
    }
    for row in rows {
        let Some(text) = row.text.as_ref().filter(|_| texts == Texts::Kept) else {
            continue;
        };
        let _ = write!(
            out,
            "<h2>{}</h2>\n<pre>{}</pre>\n<pre>{}</pre>\n",
            escape::html(&row.subject.title),
            escape::html(&text.prompt),
            escape::html(&text.answer)
        );
    }
    out.push_str("</body></html>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::board::RowFrom;
    use crate::speculate::trace::Trace;

    const FORMS: [BoardForm; 3] = [BoardForm::Csv, BoardForm::Html, BoardForm::Markdown];

    fn row(texts: Texts, change: impl Fn(&mut Trace)) -> BoardRow {
        let shipped = include_bytes!("../../assets/traces/strict.jsonl");
        let mut trace = Trace::load(&shipped[..]).expect("a trace");
        change(&mut trace);
        BoardRow::of(&trace, RowFrom::Run(1), texts)
    }

    fn private(trace: &mut Trace) {
        trace.header.prompt = "SECRET prompt".into();
        trace.header.subject.kind = KindName::Prompt;
        trace.header.subject.title = "SECRET title".into();
        trace.header.subject.id = "own".into();
    }

    #[test]
    fn prompts_and_answers_are_left_out_unless_asked_for() {
        let (without, with) = (row(Texts::LeftOut, private), row(Texts::Kept, private));
        let answer = with.text.as_ref().expect("kept").answer.clone();
        let word = answer.split_whitespace().max_by_key(|w| w.len());
        let word = word.expect("a word");
        for form in FORMS {
            for row in [&without, &with] {
                let written = board(&[row], form, Texts::LeftOut);
                assert!(
                    !written.contains("SECRET") && !written.contains(word),
                    "{form:?}"
                );
            }
            let written = board(&[&with], form, Texts::Kept);
            assert!(written.contains("SECRET prompt"), "{form:?}");
        }
    }

    #[test]
    fn hostile_titles_open_no_tag_and_end_no_cell() {
        let hostile = |trace: &mut Trace| {
            trace.header.subject.title = "</td><script>|a\",b\n# x".into();
        };
        let row = row(Texts::LeftOut, hostile);
        let page = board(&[&row], BoardForm::Html, Texts::LeftOut);
        assert!(!page.contains("<script>") && !page.contains("</td><s"));
        let document = board(&[&row], BoardForm::Markdown, Texts::LeftOut);
        assert!(!document.contains("<script") && !document.contains("\n# x"));
        let csv = board(&[&row], BoardForm::Csv, Texts::LeftOut);
        let mut lines = csv::Reader::from_reader(csv.as_bytes());
        let lines: Vec<csv::StringRecord> = lines.records().map(|r| r.expect("a line")).collect();
        assert_eq!(lines.len(), 1);
        assert_eq!(&lines[0][2], "</td><script>|a\",b\n# x");
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let row = row(Texts::Kept, |_| {});
        for form in FORMS {
            let written = || board(&[&row], form, Texts::Kept);
            assert_eq!(written(), written());
        }
    }
}
