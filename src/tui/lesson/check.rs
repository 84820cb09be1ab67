//! When a task is done: a condition on what the interface shows, never on which
//! key was pressed, so that every way there counts.

use serde::Deserialize;

use super::figure::Figure;
use crate::present::lines::Ghosts;
use crate::present::pick::Pick;
use crate::speculate::params::AcceptanceRule;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;
use crate::tui::app::{App, Screen};
use crate::tui::dialogs::why_slow::WhySlowDialog;
use crate::tui::screens::decode::state::{Pane, Zoom};

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// On Decode, the step looked at; all that is named must hold.
    Step(StepCheck),
    /// On Decode, a token of this fate is selected.
    Token { fate: Fate },
    /// This screen is in front.
    Screen { screen: ScreenName },
    /// This pane has the focus, alone.
    Zoom { pane: Pane },
    /// This run of the lesson is shown.
    Run { run: String },
    /// The text shows refused drafts.
    Ghosts,
    /// It is added up where the time went.
    WhySlow,
    /// The relaxed rule's k is set to this.
    K { k: usize },
    /// The number typed is this figure, give or take `within` of it.
    Answer {
        figure: Figure,
        #[serde(default)]
        within: f64,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct StepCheck {
    /// Of this run of the lesson; `None`: of any.
    pub run: Option<String>,
    /// Counted from 1.
    pub at_least: usize,
    pub has: Option<Fate>,
    pub min_drafts: usize,
    pub min_committed: usize,
    /// Draft tokens that were committed.
    pub max_accepted: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenName {
    Decode,
    Compare,
    Learn,
}

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
            Check::Zoom { pane } => {
                decoding(app) && app.view.zoom == Zoom::One && app.view.pane == *pane
            }
            Check::Run { run } => decoding(app) && is_shown(app, Some(run)),
            Check::Ghosts => decoding(app) && app.view.ghosts == Ghosts::Shown,
            Check::WhySlow => decoding(app) && app.dialog_of::<WhySlowDialog>().is_some(),
            Check::K { k } => {
                matches!(app.params.verify, AcceptanceRule::Relaxed { k: set, .. } if set == *k)
            }
            Check::Answer { figure, within } => is_answer(app, answer, figure, *within),
        }
    }

    pub fn wants_number(&self) -> bool {
        matches!(self, Check::Answer { .. })
    }
}

fn decoding(app: &App) -> bool {
    app.screen == Screen::Decode
}

fn is_shown(app: &App, run: Option<&str>) -> bool {
    run.is_none_or(|name| app.learn.run_named(name) == app.shown)
}

fn picked_fate(app: &App) -> Option<Fate> {
    match app.pick()? {
        Pick::Draft(node) => app.step()?.verdict.fate(node),
        Pick::Root | Pick::Bonus => None,
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
        }
    }
}
