//! How the Tune screen is looked at: the parameters that are moved, and what they
//! would have made of the run that is shown. The sweep is in `sweep.rs`.

use crate::protocol::RunId;
use crate::speculate::params::Params;
use crate::speculate::sweep::TestedRules;
use crate::speculate::whatif::{Knob, WhatIf};
use crate::tui::screens::tune::sweep::SweepView;
use crate::tui::target::Target;

/// The halves of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// Parameters and what they would change.
    #[default]
    Sliders,
    /// The heat map and the frontier.
    Sweep,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Side::Sliders => Side::Sweep,
            Side::Sweep => Side::Sliders,
        }
    }
}

/// What the moved parameters would have made of a recorded run.
#[derive(Clone, Debug)]
pub struct Answered {
    pub(crate) run: RunId,
    /// Steps it was recorded with when it was judged again.
    pub(crate) n_steps: usize,
    /// The parameters that were asked about.
    pub params: Params,
    /// The answer.
    pub what_if: WhatIf,
    /// What was moved and cannot be judged from a recording.
    pub rerun: Vec<Knob>,
}

/// What the sweep's half has to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SweepShape {
    /// Rows of the heat map.
    pub(crate) n_rows: usize,
    /// Rows for what a downstream test has found.
    pub(crate) n_tested: usize,
    /// Whether two texts stand in place of the frontier.
    pub(crate) texts: bool,
}

/// The Tune screen's state.
#[derive(Clone, Debug)]
pub struct Tune {
    /// The half with the focus.
    pub side: Side,
    /// The slider that is moved.
    pub(crate) row: usize,
    /// As the sliders stand.
    pub params: Params,
    /// What a plain command line means here.
    pub(crate) configured: Params,
    /// The run whose parameters the sliders began with.
    pub(crate) begun_with: Option<RunId>,
    /// `None`: nothing was moved, or there is no run.
    pub answered: Option<Answered>,
    /// The sweep shown.
    pub sweep: SweepView,
    /// What a downstream test has found about rules.
    pub tested: Option<TestedRules>,
}

impl Tune {
    pub(crate) fn new(params: Params) -> Self {
        Tune {
            side: Side::default(),
            row: 0,
            params,
            configured: params,
            begun_with: None,
            answered: None,
            sweep: SweepView::default(),
            tested: None,
        }
    }

    /// What the sweep's half has to show.
    pub(super) fn shape(&self) -> SweepShape {
        let tested = self.tested.as_ref();
        SweepShape {
            n_rows: self.sweep.layer().map_or(0, |layer| layer.rows.len()),
            n_tested: tested.map_or(0, |tested| tested.backbones.len()),
            texts: self.sweep.beside.is_some(),
        }
    }

    pub(super) fn click(&mut self, target: &Target) {
        match *target {
            Target::Slider(row) => (self.side, self.row) = (Side::Sliders, row),
            Target::Cell { row, column } => {
                (self.side, self.sweep.at) = (Side::Sweep, (row, column));
            }
            Target::TuneSide(side) => self.side = side,
            _ => {}
        }
    }
}
