//! Whether a task is done: what its check says of what the interface shows.

use crate::present::lines::Ghosts;
use crate::present::selection::TreeSelection;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;
use crate::tui::app::App;
use crate::tui::dialogs::why_slow::WhySlowDialog;
use crate::tui::lesson::check::{Check, ScreenName, StepCheck};
use crate::tui::lesson::figure::Figure;
use crate::tui::screens::Screen;
use crate::tui::screens::decode::state::Zoom;

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
            Check::Token { fate } => decoding(app) && picked_fate(app) == Some(*fate),
            Check::Screen { screen } => app.screen == screen.screen(),
            Check::Pass { min_drafts } => {
                let pass = app.batch.pass().filter(|_| app.screen == Screen::Batch);
                pass.is_some_and(|pass| pass.drafts >= *min_drafts)
            }
            Check::Zoom { pane } => {
                decoding(app) && app.decode.zoom == Zoom::One && app.decode.pane == *pane
            }
            Check::Run { run } => decoding(app) && is_shown(app, Some(run)),
            Check::Ghosts => decoding(app) && app.decode.ghosts == Ghosts::Shown,
            Check::WhySlow => decoding(app) && app.dialog_of::<WhySlowDialog>().is_some(),
            Check::K { k } => {
                matches!(app.next.params.verify, AcceptanceRule::Relaxed { k: set, .. } if set == *k)
            }
            Check::Answer { figure, within } => is_answer(app, answer, figure, *within),
        }
    }
}

fn decoding(app: &App) -> bool {
    app.screen == Screen::Decode
}

fn is_shown(app: &App, run: Option<&str>) -> bool {
    run.is_none_or(|name| app.learn.run_named(name) == app.session.shown)
}

fn picked_fate(app: &App) -> Option<Fate> {
    match app.selection()? {
        TreeSelection::Draft(node) => app.step()?.verdict.fate(node),
        TreeSelection::Root | TreeSelection::Bonus => None,
    }
}

fn is_answer(app: &App, answer: Option<&str>, figure: &Figure, within: f64) -> bool {
    let typed = answer.and_then(|a| a.trim().replace(',', ".").parse::<f64>().ok());
    match (typed, figure.value(app)) {
        (Some(typed), Some(value)) => (typed - value).abs() <= within * value.abs() + 1e-9,
        _ => false,
    }
}

impl StepCheck {
    fn fits(&self, step: &Step) -> bool {
        let committed = step.verdict.n_committed();
        step.index + 1 >= self.at_least
            && self.has.is_none_or(|fate| step.verdict.count(fate) > 0)
            && step.tree.n_drafts() >= self.min_drafts
            && committed >= self.min_committed
            && self
                .max_accepted
                .is_none_or(|most| step.verdict.path.len() <= most)
    }
}

impl ScreenName {
    fn screen(self) -> Screen {
        match self {
            ScreenName::Decode => Screen::Decode,
            ScreenName::Compare => Screen::Compare,
            ScreenName::Learn => Screen::Learn,
            ScreenName::Batch => Screen::Batch,
        }
    }
}
