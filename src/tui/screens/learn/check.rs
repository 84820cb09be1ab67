//! Whether a task is done: what its check says of what the interface shows.

use crate::present::lesson::check::{Check, PaneName, ScreenName, TokenCheck, is_answer};
use crate::present::lines::Ghosts;
use crate::present::selection::TreeSelection;
use crate::speculate::params::AcceptanceRule;
use crate::tui::app::App;
use crate::tui::dialogs::inside_pass::InsidePass;
use crate::tui::dialogs::why_slow::WhySlowDialog;
use crate::tui::screens::Screen;
use crate::tui::screens::decode::state::{Pane, Zoom};

impl Check {
    /// Whether the interface is in the state asked for. `answer` is what was
    /// typed last.
    pub fn holds(&self, app: &App, answer: Option<&str>) -> bool {
        match self {
            Check::Step(wanted) => {
                decoding(app)
                    && is_shown(app, wanted.run.as_deref())
                    && app.step().is_some_and(|s| wanted.fits(s))
            }
            Check::Token(wanted) => decoding(app) && is_picked(app, wanted),
            Check::InsidePass(wanted) => {
                app.dialog_of::<InsidePass>().is_some()
                    && app.step().is_some_and(|s| wanted.fits(s))
            }
            Check::Predicted { at_least } => app.decode.predictions.asked >= *at_least,
            Check::Screen { screen } => app.screen == screen.screen(),
            Check::Pass { min_drafts } => {
                let pass = app.batch.pass().filter(|_| app.screen == Screen::Batch);
                pass.is_some_and(|pass| pass.drafts >= *min_drafts)
            }
            Check::Zoom { pane } => {
                decoding(app) && app.decode.zoom == Zoom::One && app.decode.pane == pane.pane()
            }
            Check::Run { run } => decoding(app) && is_shown(app, Some(run)),
            Check::Ghosts => decoding(app) && app.decode.ghosts == Ghosts::Shown,
            Check::WhySlow => decoding(app) && app.dialog_of::<WhySlowDialog>().is_some(),
            Check::K { k } => {
                matches!(app.next.params.verify, AcceptanceRule::Relaxed { k: set, .. } if set == *k)
            }
            Check::Answer { figure, within } => {
                answer.is_some_and(|typed| is_answer(typed, figure, *within, &app.lesson_view()))
            }
        }
    }
}

fn decoding(app: &App) -> bool {
    app.screen == Screen::Decode
}

fn is_shown(app: &App, run: Option<&str>) -> bool {
    run.is_none_or(|name| app.learn.run_named(name) == app.session.shown)
}

fn is_picked(app: &App, wanted: &TokenCheck) -> bool {
    match (app.selection(), app.step()) {
        (Some(TreeSelection::Draft(node)), Some(step)) => wanted.fits(step, node),
        _ => false,
    }
}

impl PaneName {
    /// The pane of this name.
    pub(super) fn pane(self) -> Pane {
        match self {
            PaneName::Text => Pane::Text,
            PaneName::Tree => Pane::Tree,
            PaneName::Steps => Pane::Steps,
            PaneName::Token => Pane::Token,
            PaneName::Pool => Pane::Pool,
            PaneName::Speed => Pane::Speed,
        }
    }
}

impl ScreenName {
    /// The screen of this name.
    pub(super) fn screen(self) -> Screen {
        match self {
            ScreenName::Decode => Screen::Decode,
            ScreenName::Compare => Screen::Compare,
            ScreenName::Learn => Screen::Learn,
            ScreenName::Batch => Screen::Batch,
        }
    }
}
