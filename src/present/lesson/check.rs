//! When a task is done, as data: a condition on what the interface shows, never on which
//! key was pressed, so that every way there counts. Whether one holds is known by the
//! interface (`screens/learn/check.rs`).

use serde::Deserialize;

use super::figure::Figure;
use super::view::LessonView;
use crate::speculate::trace::Step;
use crate::speculate::verify::Fate;

/// When a task is done, as lesson files write it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// On Decode, the step looked at; all that is named must hold.
    Step(StepCheck),
    /// On Decode, a draft token is selected.
    Token(TokenCheck),
    /// The inside of a pass is shown, of a step like this.
    InsidePass(StepCheck),
    /// So many predictions were made in this lesson.
    Predicted {
        /// Questions answered, rightly or not.
        #[serde(rename = "at-least")]
        at_least: usize,
    },
    /// This screen is in front.
    Screen {
        /// Which one.
        screen: ScreenName,
    },
    /// On Batch, the pass looked at has at least so many drafts.
    Pass {
        /// Drafts of all lanes.
        #[serde(rename = "min-drafts")]
        min_drafts: usize,
    },
    /// This pane has the focus, alone.
    Zoom {
        /// Which one.
        pane: PaneName,
    },
    /// This run of the lesson is shown.
    Run {
        /// Its name in the lesson.
        run: String,
    },
    /// The text shows refused drafts.
    Ghosts,
    /// It is added up where the time went.
    WhySlow,
    /// The relaxed rule's k is set to this.
    K {
        /// The rank.
        k: usize,
    },
    /// The number typed is this figure, give or take `within` of it.
    Answer {
        /// What the number must equal.
        figure: Figure,
        /// Tolerance, in the figure's unit.
        #[serde(default)]
        within: f64,
    },
}

/// What must hold of the step looked at; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct StepCheck {
    /// Of this run of the lesson; `None`: of any.
    pub(crate) run: Option<String>,
    /// Counted from 1.
    pub at_least: usize,
    pub(crate) has: Option<Fate>,
    /// Draft tokens of its tree.
    pub min_drafts: usize,
    /// Tokens committed, bonus included.
    pub min_committed: usize,
    /// Draft tokens that were committed.
    pub(crate) max_accepted: Option<usize>,
    /// Branches: drafts that no draft follows.
    pub min_branches: usize,
    /// Whether a draft was accepted that is not the model's most probable token.
    pub(crate) beyond_argmax: bool,
}

/// What must hold of the draft token selected; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct TokenCheck {
    /// What became of it.
    pub(crate) fate: Option<Fate>,
    /// Distance from the root.
    pub min_depth: usize,
}

/// Screens that a task can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenName {
    /// The Decode screen.
    Decode,
    /// The Compare screen.
    Compare,
    /// The Learn screen.
    Learn,
    /// The Batch screen.
    Batch,
}

/// Panes of the Decode screen that a task can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaneName {
    /// The running text.
    Text,
    /// The draft tree of the step.
    Tree,
    /// The list of steps.
    Steps,
    /// The selected token: fate and candidates.
    Token,
    /// Hits and sources.
    Pool,
    /// Times and speed-ups.
    Speed,
}

impl Check {
    /// Whether a number is to be typed.
    pub fn wants_number(&self) -> bool {
        matches!(self, Check::Answer { .. })
    }
}

impl StepCheck {
    /// Whether a step is as asked, of whichever run.
    pub(crate) fn fits(&self, step: &Step) -> bool {
        let committed = step.verdict.n_committed();
        step.index + 1 >= self.at_least
            && self.has.is_none_or(|fate| step.verdict.count(fate) > 0)
            && step.tree.n_drafts() >= self.min_drafts
            && committed >= self.min_committed
            && self
                .max_accepted
                .is_none_or(|most| step.verdict.path.len() <= most)
            && n_branches(step) >= self.min_branches
            && (!self.beyond_argmax || accepts_beyond_argmax(step))
    }
}

fn n_branches(step: &Step) -> usize {
    let drafts = 1..step.tree.n_rows();
    drafts
        .filter(|&node| step.tree.children(node).next().is_none())
        .count()
}

fn accepts_beyond_argmax(step: &Step) -> bool {
    let rank = |&node: &usize| step.score(node).and_then(|score| score.rank);
    let mut ranks = step.verdict.path.iter().filter_map(rank);
    ranks.any(|rank| rank > 1)
}

impl TokenCheck {
    /// Whether a draft token of a step is as asked.
    pub(crate) fn fits(&self, step: &Step, node: usize) -> bool {
        let depth = step.tree.nodes.get(node).map_or(0, |node| node.depth);
        depth >= self.min_depth.max(1)
            && self
                .fate
                .is_none_or(|fate| step.verdict.fate(node) == Some(fate))
    }
}

/// Whether a number that was typed is the figure, give or take `within` of it.
pub(crate) fn is_answer(typed: &str, figure: &Figure, within: f64, view: &LessonView) -> bool {
    let typed = typed.trim().replace(',', ".").parse::<f64>();
    match (typed, figure.value(view)) {
        (Ok(typed), Some(value)) => (typed - value).abs() <= within * value.abs() + 1e-9,
        _ => false,
    }
}
