//! A lesson as one self-contained web page: its text, its runs with a player for their
//! steps, and its tasks, which the player checks. Without scripts the tasks, their answers
//! and the runs' texts are there to read. Everything in the template is escaped, and so is
//! the data of the player.

mod batch;
mod compare;
mod run;
mod tasks;

use color_eyre::eyre::{Result, WrapErr};
use minijinja::context;
use minijinja::value::Value;
use serde::Serialize;

use super::web::{environment, variables};
use crate::console::visible;
use crate::present::lesson::cost_bars::{CostBar, cost_bars};
use crate::present::lesson::walk::LessonRuns;
use crate::present::lesson::{Lesson, Plot};
use crate::present::mark::Mark;
use crate::present::number::{count, three};
use crate::present::theme::ThemeName;
use compare::PageComparison;
use run::{PageRun, PlayerRun};
use tasks::{PagePiece, PageTask, PlayerTask, page_pieces};

const PAGE: &str = include_str!("page.html");
const INDEX: &str = include_str!("index.html");
const STYLE: &str = include_str!("lesson.css");
const SCRIPT: &str = concat!(
    include_str!("player.js"),
    include_str!("pictures.js"),
    include_str!("predict.js"),
    include_str!("passes.js"),
    include_str!("tasks.js"),
);

/// What a page of ours begins with; files that do not are not overwritten.
pub(crate) const GENERATOR: &str = "LaserScope lesson";

/// Whether a page links to the pages of the other lessons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbours {
    /// It is the only one.
    Alone,
    /// All lie in one folder, with an index.
    Linked,
}

/// The name of a lesson's file.
pub fn file_name(lesson: &Lesson) -> String {
    format!("lesson-{}.html", lesson.id)
}

/// The name of the index of all lessons.
pub const INDEX_NAME: &str = "index.html";

/// What stands in the page itself.
#[derive(Serialize)]
struct PageParts {
    number: usize,
    paragraphs: Vec<Vec<PagePiece>>,
    cost_bars: Vec<PageBar>,
    /// What the costs were measured on.
    machine: Option<String>,
    tasks: Vec<PageTask>,
    runs: Vec<PageRun>,
    has_tabs: bool,
    comparison: Option<PageComparison>,
    before: Option<Link>,
    next: Option<Link>,
    index: Option<&'static str>,
    program: &'static str,
}

/// What the player reads.
#[derive(Serialize)]
struct PlayerData {
    runs: Vec<PlayerRun>,
    tasks: Vec<PlayerTask>,
    passes: Vec<batch::PlayerPass>,
    start: PlayerStart,
    /// Glyph and name of every mark.
    marks: Vec<(&'static str, &'static str)>,
}

#[derive(Serialize)]
struct PlayerStart {
    run: usize,
    step: usize,
    pass: usize,
}

/// A bar of the cost table.
#[derive(Serialize)]
struct PageBar {
    name: String,
    ms: String,
    one_by_one: String,
    share: f64,
}

#[derive(Serialize)]
struct Link {
    file: String,
    title: String,
    /// Its number and its first paragraph, for the index.
    number: usize,
    about: Vec<PagePiece>,
    n_tasks: String,
}

/// The page of one lesson of all.
///
/// # Errors
/// A run or a text that cannot be read; a template that cannot be rendered.
pub fn page(lessons: &[Lesson], at: usize, neighbours: Neighbours) -> Result<String> {
    let lesson = &lessons[at];
    let naming = || format!("the lesson `{}`", lesson.id);
    let runs = LessonRuns::of(lesson).wrap_err_with(naming)?;
    page_of(lessons, at, &runs, neighbours).wrap_err_with(naming)
}

/// The page of a lesson on these runs.
///
/// # Errors
/// A text whose braces mean nothing; a template that cannot be rendered.
pub fn page_of(
    lessons: &[Lesson],
    at: usize,
    runs: &LessonRuns,
    neighbours: Neighbours,
) -> Result<String> {
    let (parts, data) = parts(lessons, at, runs, neighbours)?;
    let rendered = environment().render_str(
        PAGE,
        context! {
            ..common(&lessons[at].title),
            ..context! {
                has_batch => !data.passes.is_empty(),
                marks => &data.marks,
                data => Value::from_safe_string(embedded(&data)?),
                script => Value::from_safe_string(SCRIPT.into()),
            },
            ..Value::from_serialize(parts)
        },
    );
    rendered.wrap_err("lesson/page.html")
}

/// What the template and the player are given.
fn parts(
    lessons: &[Lesson],
    at: usize,
    runs: &LessonRuns,
    neighbours: Neighbours,
) -> Result<(PageParts, PlayerData)> {
    let lesson = &lessons[at];
    let (tasks, checked) = tasks::tasks(lesson, runs)?;
    let view = runs.view(lesson, runs.start(lesson));
    let read = |text: &String| page_pieces(text, &view);
    let header = runs.runs.first().map(|run| &run.1.trace.header);
    let near = |by: isize| match neighbours {
        Neighbours::Alone => None,
        Neighbours::Linked => link(lessons, at.checked_add_signed(by)?),
    };
    let page_runs = runs.runs.iter().enumerate();
    let parts = PageParts {
        number: at + 1,
        paragraphs: paragraphs(lesson.page_text())
            .iter()
            .map(read)
            .collect::<Result<_>>()?,
        cost_bars: header.map_or_else(Vec::new, |header| bars(lesson, &cost_bars(header))),
        machine: header.and_then(|header| header.cost.machine.clone()),
        tasks,
        runs: page_runs
            .map(|(i, (name, record))| PageRun::of(i, name, record))
            .collect(),
        has_tabs: runs.runs.len() > 1,
        comparison: compare::comparison(runs),
        before: near(-1),
        next: near(1),
        index: (neighbours == Neighbours::Linked).then_some(INDEX_NAME),
        program: env!("CARGO_PKG_VERSION"),
    };
    Ok((parts, player_data(lesson, runs, checked)))
}

fn player_data(lesson: &Lesson, runs: &LessonRuns, tasks: Vec<PlayerTask>) -> PlayerData {
    let start = runs.start(lesson);
    let all = runs.runs.iter();
    PlayerData {
        runs: all
            .map(|(name, record)| PlayerRun::of(name, record))
            .collect(),
        tasks,
        passes: batch::passes(lesson, runs),
        start: PlayerStart {
            run: start.run,
            step: start.step,
            pass: start.pass,
        },
        marks: Mark::ALL.map(|m| (m.glyph(), m.name())).to_vec(),
    }
}

/// The page that links to all of them.
///
/// # Errors
/// A run or a text that cannot be read; a template that cannot be rendered.
pub fn index(lessons: &[Lesson]) -> Result<String> {
    let links: Vec<_> = (0..lessons.len())
        .filter_map(|at| link(lessons, at))
        .collect();
    let rendered = environment().render_str(
        INDEX,
        context! {
            ..common("Lessons"),
            ..context! { links, program => env!("CARGO_PKG_VERSION") }
        },
    );
    rendered.wrap_err("lesson/index.html")
}

/// Title, style and generator of a page.
fn common(title: &str) -> Value {
    context! {
        title,
        generator => GENERATOR,
        light => variables(ThemeName::Light),
        dark => variables(ThemeName::Dark),
        style => Value::from_safe_string(STYLE.into()),
    }
}

fn link(lessons: &[Lesson], at: usize) -> Option<Link> {
    let lesson = lessons.get(at)?;
    let view = crate::present::lesson::LessonView::before(lesson);
    let about = paragraphs(lesson.page_text()).into_iter().next()?;
    Some(Link {
        file: file_name(lesson),
        title: lesson.title.clone(),
        number: at + 1,
        about: page_pieces(&about, &view).ok()?,
        n_tasks: count(lesson.tasks.len(), "task"),
    })
}

/// An empty line parts paragraphs; other line breaks are those of the file.
fn paragraphs(text: &str) -> Vec<String> {
    let parts = text.trim().split("\n\n");
    let words = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.map(words).collect()
}

fn bars(lesson: &Lesson, bars: &[CostBar]) -> Vec<PageBar> {
    if !matches!(lesson.plot, Some(Plot::Cost | Plot::CostHere)) {
        return Vec::new();
    }
    let bar = |of: &CostBar| PageBar {
        name: count(of.rows, "row"),
        ms: format!("{} ms", three(f64::from(of.ms))),
        one_by_one: format!("{} ms one by one", three(f64::from(of.one_by_one))),
        share: (1000.0 * of.share().min(1.0)).round() / 10.0,
    };
    bars.iter().map(bar).collect()
}

/// Data as JSON that ends no element: nothing in it opens a tag or an entity.
fn embedded(data: &impl Serialize) -> Result<String> {
    let json = visible::json(data).wrap_err("the data of the player")?;
    let json = String::from_utf8_lossy(&json);
    Ok(json
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_data_ends_no_element() {
        let hostile = "</script><!--<script>&amp;\u{2028}\u{7f}";
        let json = embedded(&hostile).expect("data");
        assert!(
            !json.contains(['<', '>', '&', '\u{2028}', '\u{7f}']),
            "{json}"
        );
        let read: String = serde_json::from_str(&json).expect("JSON");
        assert_eq!(read, hostile);
    }
}
