//! How the Decode screen is looked at: which step, which token, which pane.

use std::time::Duration;

use crate::glossary::GlossaryPlace;
use crate::present::lines::Ghosts;
use crate::present::prediction::PredictionScore;
use crate::present::selection::TreeSelection;
use crate::present::step_phase::StepPhase;
use crate::tui::screens::decode::step_filter::StepFilter;
use crate::tui::widgets::ring::neighbour;

/// What is searched, small and capital letters alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub(crate) text: String,
}

/// The step looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The newest one.
    Follow,
    /// A step by itself, wherever the run is by now.
    At {
        /// Its index.
        step: usize,
        /// `None`: the whole step, and the whole text around it.
        phase: Option<StepPhase>,
    },
}

impl Cursor {
    /// A step as a whole.
    pub fn at(step: usize) -> Self {
        Cursor::At { step, phase: None }
    }
}

/// The Decode screen's panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
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

impl Pane {
    /// Where its words stand in the glossary.
    pub(crate) fn place(self) -> GlossaryPlace {
        match self {
            Pane::Text => GlossaryPlace::Text,
            Pane::Tree => GlossaryPlace::Tree,
            Pane::Steps => GlossaryPlace::Steps,
            Pane::Token => GlossaryPlace::Token,
            Pane::Pool => GlossaryPlace::Pool,
            Pane::Speed => GlossaryPlace::Speed,
        }
    }

    pub(crate) const ALL: [Pane; 6] = [
        Pane::Text,
        Pane::Tree,
        Pane::Steps,
        Pane::Token,
        Pane::Pool,
        Pane::Speed,
    ];

    /// As the border says it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Pane::Text => "TEXT",
            Pane::Tree => "DRAFT TREE",
            Pane::Steps => "STEPS",
            Pane::Token => "TOKEN",
            Pane::Pool => "POOL",
            Pane::Speed => "SPEED",
        }
    }

    /// The panes that share one place on a small screen.
    pub(crate) const LOWER: [Pane; 3] = [Pane::Token, Pane::Pool, Pane::Speed];

    pub(crate) fn is_lower(self) -> bool {
        Self::LOWER.contains(&self)
    }

    pub(crate) fn neighbour(self, forward: bool) -> Self {
        neighbour(&Self::ALL, self, forward)
    }
}

/// How many panes are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// All of the screen's panes.
    All,
    /// The focused pane alone.
    One,
}

impl Zoom {
    pub(crate) fn other(self) -> Self {
        match self {
            Zoom::All => Zoom::One,
            Zoom::One => Zoom::All,
        }
    }
}

/// The least time from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace(usize);

impl Pace {
    const MS: [u64; 7] = [0, 50, 100, 200, 400, 800, 1600];
    pub(crate) const FULL_SPEED: Pace = Pace(0);
    /// Slow enough to follow with the eyes.
    pub(crate) const EASY: Pace = Pace(3);

    pub(crate) fn slower(self) -> Self {
        Pace((self.0 + 1).min(Self::MS.len() - 1))
    }

    pub(crate) fn faster(self) -> Self {
        Pace(self.0.saturating_sub(1))
    }

    pub(crate) fn duration(self) -> Duration {
        Duration::from_millis(Self::MS[self.0])
    }

    pub(crate) fn describe(self) -> String {
        match Self::MS[self.0] {
            0 => "full speed".into(),
            ms => format!("{} s per step", ms as f64 / 1000.0),
        }
    }
}

/// The Decode screen's state.
#[derive(Clone, Debug)]
pub struct DecodeView {
    /// The step looked at.
    pub cursor: Cursor,
    /// The token selected in the step; `None`: what is worth looking at first.
    pub selection: Option<TreeSelection>,
    /// The pane that has the focus.
    pub pane: Pane,
    /// Which of the lower panes a small screen shows.
    pub lower: Pane,
    /// All panes, or one.
    pub zoom: Zoom,
    pub(crate) ghosts: Ghosts,
    /// Which steps are looked for.
    pub step_filter: StepFilter,
    /// What is searched in the text.
    pub search: Option<Search>,
    pub(crate) pace: Pace,
    /// How predictions have gone since they were last begun.
    pub predictions: PredictionScore,
    /// First line of the text shown; `None`: wherever the cursor is.
    pub(crate) text_top: Option<usize>,
}

impl Default for DecodeView {
    fn default() -> Self {
        DecodeView {
            cursor: Cursor::Follow,
            selection: None,
            pane: Pane::Tree,
            lower: Pane::Token,
            zoom: Zoom::All,
            ghosts: Ghosts::Hidden,
            step_filter: StepFilter::default(),
            search: None,
            pace: Pace::FULL_SPEED,
            predictions: PredictionScore::default(),
            text_top: None,
        }
    }
}

impl DecodeView {
    /// Forgets the search; `false`: there was none.
    pub(crate) fn end_search(&mut self) -> bool {
        if self.step_filter == StepFilter::Text {
            self.step_filter = StepFilter::default();
        }
        self.search.take().is_some()
    }

    /// The step looked at, of `n_steps`.
    pub(crate) fn step_index(&self, n_steps: usize) -> Option<usize> {
        let last = n_steps.checked_sub(1)?;
        Some(match self.cursor {
            Cursor::Follow => last,
            Cursor::At { step, .. } => step.min(last),
        })
    }

    /// The phase looked at; `None`: the step as a whole.
    pub fn phase(&self) -> Option<StepPhase> {
        match self.cursor {
            Cursor::Follow => None,
            Cursor::At { phase, .. } => phase,
        }
    }

    /// Whether a phase's outcome is known where we look.
    pub(crate) fn knows(&self, phase: StepPhase) -> bool {
        self.phase().is_none_or(|here| here >= phase)
    }

    /// Looks at another step; the selection starts over.
    pub fn go_to(&mut self, cursor: Cursor) {
        self.cursor = cursor;
        self.selection = None;
        self.text_top = None;
    }

    /// Gives a pane the focus; a small screen then shows it.
    pub fn focus(&mut self, pane: Pane) {
        self.pane = pane;
        if pane.is_lower() {
            self.lower = pane;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_are_described_in_seconds() {
        let mut pace = Pace::FULL_SPEED;
        let mut names = Vec::new();
        for _ in 0..7 {
            names.push(pace.describe());
            pace = pace.slower();
        }
        let want = [
            "full speed",
            "0.05 s per step",
            "0.1 s per step",
            "0.2 s per step",
            "0.4 s per step",
            "0.8 s per step",
            "1.6 s per step",
        ];
        assert_eq!(names, want);
    }
}
