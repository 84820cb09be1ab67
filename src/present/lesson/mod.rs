//! The lessons: texts and tasks as data (`assets/lessons/*.toml`), on runs that
//! ship (`assets/traces/`), so that they work with no model on the machine.
//!
//! Knows what a task asks and what its figures are; who is at which task, and whether the
//! interface does what is asked, is `tui/screens/learn`.

mod batch;
pub(crate) mod batch_value;
pub mod check;
pub(crate) mod cost_bars;
pub mod figure;
mod value;
pub mod view;
pub mod walk;
pub mod words;

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use serde::Deserialize;

use crate::speculate::trace::{Header, Trace};

pub(crate) use batch::{course, recorded_batch};
pub use check::Check;
pub use view::LessonView;

/// In the order in which they are taught.
const LESSONS: [(&str, &str); 12] = [
    (
        "1-draft.toml",
        include_str!("../../../assets/lessons/1-draft.toml"),
    ),
    (
        "2-cost.toml",
        include_str!("../../../assets/lessons/2-cost.toml"),
    ),
    (
        "3-kv-cache.toml",
        include_str!("../../../assets/lessons/3-kv-cache.toml"),
    ),
    (
        "4-tree-attention.toml",
        include_str!("../../../assets/lessons/4-tree-attention.toml"),
    ),
    (
        "5-strict.toml",
        include_str!("../../../assets/lessons/5-strict.toml"),
    ),
    (
        "6-sampling.toml",
        include_str!("../../../assets/lessons/6-sampling.toml"),
    ),
    (
        "7-relaxed.toml",
        include_str!("../../../assets/lessons/7-relaxed.toml"),
    ),
    (
        "8-mal.toml",
        include_str!("../../../assets/lessons/8-mal.toml"),
    ),
    (
        "9-pools.toml",
        include_str!("../../../assets/lessons/9-pools.toml"),
    ),
    (
        "10-drafters.toml",
        include_str!("../../../assets/lessons/10-drafters.toml"),
    ),
    (
        "11-slow.toml",
        include_str!("../../../assets/lessons/11-slow.toml"),
    ),
    (
        "12-batch.toml",
        include_str!("../../../assets/lessons/12-batch.toml"),
    ),
];

const RUNS: [(&str, &str); 13] = [
    (
        "autoregressive",
        include_str!("../../../assets/traces/autoregressive.jsonl"),
    ),
    (
        "strict",
        include_str!("../../../assets/traces/strict.jsonl"),
    ),
    (
        "relaxed",
        include_str!("../../../assets/traces/relaxed.jsonl"),
    ),
    (
        "group-pool",
        include_str!("../../../assets/traces/group-pool.jsonl"),
    ),
    (
        "mixed-pool",
        include_str!("../../../assets/traces/mixed-pool.jsonl"),
    ),
    (
        "global-pool",
        include_str!("../../../assets/traces/global-pool.jsonl"),
    ),
    (
        "drafter-laser",
        include_str!("../../../assets/traces/drafter-laser.jsonl"),
    ),
    (
        "drafter-chain",
        include_str!("../../../assets/traces/drafter-chain.jsonl"),
    ),
    (
        "drafter-ngram",
        include_str!("../../../assets/traces/drafter-ngram.jsonl"),
    ),
    (
        "sampled-plain",
        include_str!("../../../assets/traces/sampled-plain.jsonl"),
    ),
    (
        "sampled-strict",
        include_str!("../../../assets/traces/sampled-strict.jsonl"),
    ),
    (
        "poem-plain",
        include_str!("../../../assets/traces/poem-plain.jsonl"),
    ),
    (
        "poem-64-rows",
        include_str!("../../../assets/traces/poem-64-rows.jsonl"),
    ),
];

/// A lesson, as its file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Progress is remembered under it.
    pub id: String,
    /// As the list shows it.
    pub title: String,
    /// What is read before it begins; an empty line parts paragraphs.
    pub text: String,
    /// What its page says instead.
    #[serde(default, rename = "on-page")]
    pub(crate) on_page: Option<String>,
    /// Runs it opens; the first is shown.
    #[serde(default)]
    pub(crate) runs: Vec<String>,
    /// Whether it opens the batch that ships; its runs are the batch's.
    #[serde(default)]
    pub(crate) batch: bool,
    /// Where in the first run it begins.
    #[serde(default)]
    pub(crate) start: At,
    /// What the Learn screen draws below the text.
    #[serde(default)]
    pub(crate) plot: Option<Plot>,
    /// In order.
    #[serde(rename = "task")]
    pub tasks: Vec<Task>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum At {
    #[default]
    First,
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Plot {
    /// The cost table t(n) of the first run.
    Cost,
    /// The one of this machine, where it is known, beside it.
    CostHere,
}

/// Something to do, and what it shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What to do.
    pub ask: String,
    /// What the lesson's page asks instead, where the words are about the screens alone.
    #[serde(default, rename = "on-page")]
    pub(crate) on_page: Option<String>,
    /// When it is done.
    pub check: Check,
    /// What one has seen by then.
    pub learned: String,
    /// What the lesson's page says of it instead.
    #[serde(default, rename = "learned-on-page")]
    pub(crate) learned_on_page: Option<String>,
}

impl Lesson {
    /// What its page says before the tasks.
    pub fn page_text(&self) -> &str {
        self.on_page.as_deref().unwrap_or(&self.text)
    }
}

impl Task {
    /// What its page asks.
    pub fn page_ask(&self) -> &str {
        self.on_page.as_deref().unwrap_or(&self.ask)
    }

    /// What its page says when it is done.
    pub fn page_learned(&self) -> &str {
        self.learned_on_page.as_deref().unwrap_or(&self.learned)
    }
}

/// The lessons that ship.
///
/// # Errors
/// Names the file and the line that cannot be read, or what does not fit.
pub fn bundled() -> Result<Vec<Lesson>> {
    let parsed = LESSONS.iter().map(|(name, text)| {
        let lesson: Lesson =
            toml::from_str(text).wrap_err_with(|| format!("assets/lessons/{name}"))?;
        check_lesson(&lesson).wrap_err_with(|| format!("assets/lessons/{name}"))?;
        Ok(lesson)
    });
    parsed.collect()
}

fn check_lesson(lesson: &Lesson) -> Result<()> {
    ensure!(!lesson.tasks.is_empty(), "a lesson needs a task");
    ensure!(
        lesson.batch == lesson.runs.is_empty(),
        "a lesson needs either runs or the batch"
    );
    if let Some(unknown) = lesson.runs.iter().find(|run| !is_run(run)) {
        bail!(
            "run `{unknown}`: must be one of {}",
            RUNS.map(|r| r.0).join(", ")
        );
    }
    words::check(&lesson.text)?;
    words::check_page(lesson.page_text())?;
    for task in &lesson.tasks {
        words::check(&task.ask)?;
        words::check(&task.learned)?;
        words::check_page(task.page_ask())?;
        words::check_page(task.page_learned())?;
    }
    Ok(())
}

fn is_run(name: &str) -> bool {
    RUNS.iter().any(|r| r.0 == name)
}

/// A run that ships, by name.
pub fn run(name: &str) -> Result<Trace> {
    load(name, text_of(name)?)
}

/// What a run that ships says of itself, without its steps.
pub fn header(name: &str) -> Result<Header> {
    let first = text_of(name)?.lines().next().unwrap_or_default();
    Ok(load(name, first)?.header)
}

fn text_of(name: &str) -> Result<&'static str> {
    let found = RUNS.iter().find(|r| r.0 == name);
    found
        .map(|r| r.1)
        .ok_or_else(|| eyre!("there is no run `{name}`"))
}

fn load(name: &str, text: &str) -> Result<Trace> {
    Trace::load(text.as_bytes()).map_err(|e| eyre!("assets/traces/{name}.jsonl: {e}"))
}
