//! When a task is done: a condition on what the interface shows, never on which
//! key was pressed, so that every way there counts.

use serde::Deserialize;

use super::figure::Figure;
use crate::speculate::verify::Fate;
use crate::tui::screens::decode::state::Pane;

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
    pub fn wants_number(&self) -> bool {
        matches!(self, Check::Answer { .. })
    }
}
