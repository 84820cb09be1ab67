//! A sweep's report as one self-contained web page: charts, examples, tables. No scripts;
//! light or dark as on the reader's system, and light on paper. The page is `page.html`, in
//! which everything but the charts and the style is escaped.

use minijinja::context;
use minijinja::value::Value;
use serde::Serialize;

use super::ink::{PagePaper, variables};
use super::rows;
use super::{about, frontier, heat_map, sheet, title};
use crate::export::{escape, web};
use crate::present::sweep_report::{DifferingText, SweepReport, TextDifference, criterion};
use crate::speculate::sweep::Measure;

/// What a page of a sweep is recognized by, in its first lines.
pub(crate) const PAGE_MARK: &str = "<!-- LaserScope: a sweep -->";

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// Those beside the frontier.
const FIRST: [Measure; 2] = [Measure::SpeedUp, Measure::InCommon];

#[derive(Serialize)]
struct PageChoice<'a> {
    name: &'a str,
    why: &'a str,
    options: &'a str,
}

#[derive(Serialize)]
struct PageExample<'a> {
    subject: &'a str,
    cell: &'a str,
    at: usize,
    before: &'a str,
    sides: [PageSide<'a>; 2],
    reason: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct PageSide<'a> {
    name: &'static str,
    token: &'a str,
    scored: String,
    goes_on: &'a str,
}

#[derive(Serialize)]
struct PageRow {
    number: String,
    mark: &'static str,
    chosen: bool,
    texts: Vec<String>,
}

#[derive(Serialize)]
struct PageCondition<'a> {
    name: &'static str,
    value: &'a str,
}

/// The page. If the template cannot be rendered, which a test would catch, it shows the
/// error.
pub(super) fn page(report: &SweepReport) -> String {
    rendered(report).unwrap_or_else(|error| escape::html(&format!("page.html: {error:#}")))
}

fn rendered(report: &SweepReport) -> Result<String, minijinja::Error> {
    let examples: Vec<_> = report.examples.iter().map(|e| example(report, e)).collect();
    let conditions = report.conditions.iter();
    let conditions: Vec<_> = conditions
        .map(|(name, value)| PageCondition { name, value })
        .collect();
    let ours = |text: &str| Value::from_safe_string(text.into());
    web::environment().render_str(
        PAGE,
        context! {
            mark => ours(PAGE_MARK),
            title => title(report),
            about => about(report),
            light => ours(&variables(PagePaper::Light)),
            dark => ours(&variables(PagePaper::Dark)),
            style => ours(STYLE),
            chosen => chosen(report),
            criterion => criterion(),
            lossless => report.lossless_in_words(),
            is_lossless => report.lossless,
            frontier => ours(&frontier_figure(report)),
            first_maps => maps(report, |measure| FIRST.contains(&measure)),
            more_maps => maps(report, |measure| !FIRST.contains(&measure)),
            examples,
            heads => rows::heads(report),
            rows => page_rows(report),
            columns => rows::about(report),
            tested => report.tested.as_ref().map(|tested| tested.about()),
            conditions,
            command => report.command_without_paths,
        },
    )
}

fn chosen(report: &SweepReport) -> Option<PageChoice<'_>> {
    let chosen = report.chosen.as_ref()?;
    Some(PageChoice {
        name: &report.cells[chosen.cell].name,
        why: &chosen.why,
        options: &chosen.options,
    })
}

fn frontier_figure(report: &SweepReport) -> String {
    let label = "Speed-up against text in common, a mark per cell; the same figures are in the \
                 table.";
    sheet::figure(frontier::size(report), label, |sheet| {
        frontier::draw(sheet, report)
    })
}

/// The heat maps of the measures that there are figures of.
fn maps(report: &SweepReport, which: impl Fn(Measure) -> bool) -> Vec<Value> {
    let shown = Measure::ALL.into_iter().filter(|&measure| which(measure));
    let shown = shown.filter(|&measure| heat_map::is_measured(report, measure));
    let figure = |measure| {
        let label = format!("Heat map: {}", heat_map::named(measure));
        let svg = sheet::figure(heat_map::size(report), &label, |sheet| {
            heat_map::draw(sheet, report, measure)
        });
        Value::from_safe_string(svg)
    };
    shown.map(figure).collect()
}

fn example<'a>(report: &'a SweepReport, found: &'a TextDifference) -> PageExample<'a> {
    let side = |name, text: &'a DifferingText| PageSide {
        name,
        token: &text.token,
        scored: text.scored(),
        goes_on: &text.goes_on,
    };
    PageExample {
        subject: &report.subjects[found.subject].title,
        cell: &report.cells[found.cell].name,
        at: found.at,
        before: &found.before,
        sides: [
            side("autoregressive", &found.autoregressive),
            side("the cell", &found.taken),
        ],
        reason: &found.reason,
        why: &found.why,
    }
}

fn page_rows(report: &SweepReport) -> Vec<PageRow> {
    let chosen = report.chosen.as_ref().map(|chosen| chosen.cell);
    let rows = rows::rows(report).into_iter();
    rows.map(|row| PageRow {
        number: row
            .cell
            .map_or(String::new(), |cell| (cell + 1).to_string()),
        mark: row.mark,
        chosen: row.cell.is_some() && row.cell == chosen,
        texts: row.texts,
    })
    .collect()
}
