//! What is done when the screens are left: the run under way is saved where nobody
//! asked for its end, what has to be said is said, and errors get their causes.
//!
//! Nothing here fails because a terminal has gone away.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use color_eyre::eyre::{Report, eyre};

use crate::shutdown::{self, Cause};
use crate::tui::app::App;
use crate::tui::remembered::Remembered;
use crate::tui::screens::compare::state::Choice;
use crate::tui::terminal::{files, tty};

/// How long after an error a signal that explains it may come.
const SIGNAL_BEHIND: Duration = Duration::from_millis(200);

/// Saves what runs under way have so far; what is to be said about that. Not even a
/// panic keeps the terminal from being given back afterwards.
pub(crate) fn rescue(app: &App) -> Vec<String> {
    let saved = catch_unwind(AssertUnwindSafe(|| save_under_way(app)));
    saved.unwrap_or_else(|_| vec!["the run under way could not be saved".into()])
}

fn save_under_way(app: &App) -> Vec<String> {
    let under_way = app.session.runs.iter().filter(|r| r.is_under_way());
    let begun = under_way.filter(|r| r.recording().is_none() && r.n_steps() > 0);
    let save = |id| files::save(&app.session.save_dir, &*app.trace_of(Choice::Run(id))?);
    let saved = begun.map(|run| match save(run.id) {
        Ok(path) => format!("the run under way is saved: {path}"),
        Err(why) => format!("the run under way could not be saved: {why:#}"),
    });
    saved.collect()
}

/// One line each on standard error.
pub(crate) fn tell(lines: &[String]) {
    for line in lines {
        note!("{line}");
    }
}

/// Keeps what the next session is to know.
pub(crate) fn remember(path: Option<&Path>, before: &Remembered, now: &Remembered) {
    if let Some(path) = path.filter(|_| now != before)
        && let Err(why) = now.write(path)
    {
        tell(&[format!("warning: {why:#}")]);
    }
}

/// What an error of the terminal comes from, where that is known: a closing terminal
/// fails first and is reported right after.
pub(crate) async fn cause_of_error() -> Option<&'static Cause> {
    let arrived = tokio::time::timeout(SIGNAL_BEHIND, shutdown::arrived()).await;
    arrived.ok()
}

/// An error with what other threads panicked about meanwhile.
pub(crate) fn with_reports(error: Report) -> Report {
    let reports = tty::reports();
    if reports.is_empty() {
        return error;
    }
    eyre!(
        "{error:#}\n  {}\nThis is a bug in LaserScope; to report it, run with RUST_BACKTRACE=1 \
         and quote the line above.",
        reports.join("\n  ")
    )
}
