//! A lesson's tasks as its page asks them: the words in pieces, what the player checks, and
//! the place in the runs to which each one leads.

use color_eyre::eyre::Result;
use serde::Serialize;

use super::player::line_of;
use super::run::label;
use crate::present::lesson::check::{Check, StepCheck};
use crate::present::lesson::figure::Figure;
use crate::present::lesson::walk::{LessonPlace, LessonRuns};
use crate::present::lesson::words::{TextPiece, pieces};
use crate::present::lesson::{Lesson, LessonView, Task};
use crate::present::mark::Mark;

/// A part of a text: plain, a key, or a figure.
#[derive(Serialize, Default)]
pub(super) struct PagePiece {
    text: String,
    /// Whether it is the name of a key.
    key: bool,
    /// The name of the figure that it is.
    figure: Option<String>,
}

/// A task as the page lists it.
#[derive(Serialize)]
pub(super) struct PageTask {
    number: usize,
    ask: Vec<PagePiece>,
    learned: Vec<PagePiece>,
    /// The number that is asked for, as texts say it.
    answer: Option<String>,
    /// Where it leads, in words.
    place: String,
}

/// A task as the player checks it.
#[derive(Serialize)]
pub(super) struct PlayerTask {
    check: PlayerCheck,
    place: PlayerPlace,
}

#[derive(Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
enum PlayerCheck {
    Step {
        run: Option<usize>,
        at_least: usize,
        has: Option<&'static str>,
        min_drafts: usize,
        min_committed: usize,
        max_accepted: Option<usize>,
        min_branches: usize,
        beyond_argmax: bool,
    },
    Token {
        fate: Option<&'static str>,
        min_depth: usize,
    },
    Pass {
        min_drafts: usize,
    },
    Run {
        run: Option<usize>,
    },
    Answer {
        figure: String,
        /// Where the figure does not depend on the place.
        value: Option<f64>,
        /// As the lesson says it.
        told: String,
        within: f64,
    },
    Predicted {
        at_least: usize,
    },
    /// Something to look at; the player cannot tell whether it was.
    Look,
}

#[derive(Serialize)]
struct PlayerPlace {
    run: usize,
    step: usize,
    /// The row of a draft token; -1 is the bonus token, 0 the root.
    node: i32,
    pass: usize,
}

/// All tasks of a lesson, each asked where the one before it has led.
///
/// # Errors
/// A text whose braces mean nothing.
pub(super) fn tasks(
    lesson: &Lesson,
    runs: &LessonRuns,
) -> Result<(Vec<PageTask>, Vec<PlayerTask>)> {
    let mut place = runs.start(lesson);
    let (mut listed, mut checked) = (Vec::new(), Vec::new());
    for (i, task) in lesson.tasks.iter().enumerate() {
        let ask = page_pieces(task.page_ask(), &runs.view(lesson, place))?;
        let before = place;
        place = runs.after(lesson, &task.check, place);
        let view = runs.view(lesson, place);
        listed.push(PageTask {
            number: i + 1,
            ask,
            learned: page_pieces(task.page_learned(), &view)?,
            answer: answer(task, &view),
            place: in_words(lesson, runs, place),
        });
        checked.push(PlayerTask {
            check: player_check(&task.check, place != before, runs, &view),
            place: player_place(place, &view),
        });
    }
    Ok((listed, checked))
}

/// A text in pieces, its figures read from a view.
///
/// # Errors
/// Braces that mean nothing.
pub(super) fn page_pieces(text: &str, view: &LessonView) -> Result<Vec<PagePiece>> {
    let piece = |piece| match piece {
        TextPiece::Plain(text) => PagePiece {
            text,
            ..PagePiece::default()
        },
        TextPiece::Key(key) => PagePiece {
            text: key.on_page().unwrap_or(key.name()).into(),
            key: true,
            figure: None,
        },
        TextPiece::Figure(name, figure) => PagePiece {
            text: figure.told(view).unwrap_or("?".into()),
            key: false,
            figure: Some(name),
        },
    };
    Ok(pieces(text)?.into_iter().map(piece).collect())
}

fn answer(task: &Task, view: &LessonView) -> Option<String> {
    match &task.check {
        Check::Answer { figure, .. } => figure.told(view),
        _ => None,
    }
}

/// `run strict, step 12 of 58`
fn in_words(lesson: &Lesson, runs: &LessonRuns, place: LessonPlace) -> String {
    let Some((name, record)) = runs.runs.get(place.run) else {
        return String::new();
    };
    let step = format!("step {} of {}", place.step + 1, record.n_steps());
    let run = label(name, record);
    match (&runs.course, lesson.runs.len()) {
        (Some(course), _) => format!("pass {} of {}", place.pass + 1, course.passes.len()),
        (None, 1) => step,
        (None, _) => format!("run {run}, {step}"),
    }
}

fn player_place(place: LessonPlace, view: &LessonView) -> PlayerPlace {
    PlayerPlace {
        run: place.run,
        step: place.step,
        node: view.selection.map_or(0, line_of),
        pass: place.pass,
    }
}

/// What the player checks; of what is so already when it is asked, nothing.
fn player_check(
    check: &Check,
    is_moved: bool,
    runs: &LessonRuns,
    view: &LessonView,
) -> PlayerCheck {
    match check {
        Check::Step(_) | Check::InsidePass(_) | Check::Token(_) if !is_moved => PlayerCheck::Look,
        Check::Step(wanted) | Check::InsidePass(wanted) => step_check(wanted, runs),
        Check::Token(wanted) => PlayerCheck::Token {
            fate: wanted.fate.map(|fate| Mark::Fate(fate).name()),
            min_depth: wanted.min_depth,
        },
        Check::Pass { min_drafts } => PlayerCheck::Pass {
            min_drafts: *min_drafts,
        },
        Check::Run { run } => PlayerCheck::Run {
            run: runs.index_of(run),
        },
        Check::Predicted { at_least } => PlayerCheck::Predicted {
            at_least: *at_least,
        },
        Check::Answer { figure, within } => answer_check(figure, *within, view),
        Check::Screen { .. }
        | Check::Zoom { .. }
        | Check::Ghosts
        | Check::WhySlow
        | Check::K { .. } => PlayerCheck::Look,
    }
}

fn step_check(wanted: &StepCheck, runs: &LessonRuns) -> PlayerCheck {
    PlayerCheck::Step {
        run: wanted.run.as_ref().and_then(|run| runs.index_of(run)),
        at_least: wanted.at_least,
        has: wanted.has.map(|fate| Mark::Fate(fate).name()),
        min_drafts: wanted.min_drafts,
        min_committed: wanted.min_committed,
        max_accepted: wanted.max_accepted,
        min_branches: wanted.min_branches,
        beyond_argmax: wanted.beyond_argmax,
    }
}

fn answer_check(figure: &Figure, within: f64, view: &LessonView) -> PlayerCheck {
    PlayerCheck::Answer {
        figure: figure.to_string(),
        value: figure.value(view).filter(|_| !figure.moves()),
        told: figure.told(view).unwrap_or_default(),
        within,
    }
}
