//! Two runs of one prompt as they are compared: which, aligned how, and the race
//! of both on one clock. What was worked out is kept until a run changes.
//!
//! Knows traces; nothing of panes.

use crate::protocol::RunId;
use crate::speculate::compare::{
    Divergence, Lossless, Side, Slower, Stretch, token_beside, tokens_after,
};
use crate::speculate::params::AcceptanceRule;

/// A run that can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// A run of the session.
    Run(RunId),
    /// A reference run of another run.
    Reference {
        /// The run that it is a reference of.
        of: RunId,
        /// The rule it was made with.
        verify: AcceptanceRule,
    },
}

impl Choice {
    /// The run of the session that it is, or that it is a reference of.
    pub fn run(self) -> RunId {
        match self {
            Choice::Run(id) | Choice::Reference { of: id, .. } => id,
        }
    }
}

/// Both runs on one clock, in milliseconds of decoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Race {
    /// Both texts are shown whole.
    Over,
    /// The clock goes.
    Running(f64),
    /// The clock stands.
    Paused(f64),
}

/// How quickly the race's clock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockPace(usize);

impl ClockPace {
    const FACTORS: [f64; 7] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0];

    pub(crate) fn slower(self) -> Self {
        ClockPace(self.0.saturating_sub(1))
    }

    pub(crate) fn faster(self) -> Self {
        ClockPace((self.0 + 1).min(Self::FACTORS.len() - 1))
    }

    pub(crate) fn factor(self) -> f64 {
        Self::FACTORS[self.0]
    }
}

/// How much of a run something was worked out of: its steps, and whether it ended.
pub(crate) type Extent = (Choice, usize, bool);

/// What was worked out of a pair, and of how much of it.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub(crate) of: [Extent; 2],
    pub(crate) stretches: Vec<Stretch>,
    /// Share of both texts' tokens that are equal.
    pub(crate) in_common: f64,
    pub(crate) divergence: Option<Divergence>,
    /// What decides a run and differs in their headers, in a line.
    pub(crate) headers: String,
    /// Which one is slower, and by what.
    pub(crate) slower: Option<Slower>,
    /// Per side: when tokens appeared; `None`: not recorded.
    pub(crate) arrivals: [Option<Vec<(f64, usize)>>; 2],
    /// Per side: tokens of the text.
    pub(crate) n_tokens: [usize; 2],
    /// Per side: the tokens that differ from the other text.
    pub(crate) differs: [Vec<bool>; 2],
    /// Per side: the mean logarithm of what the model gave the tokens taken.
    pub(crate) mean_log_prob: [Option<f64>; 2],
}

/// The Compare screen's state.
#[derive(Clone, Debug)]
pub struct Compare {
    /// The left run.
    pub left: Option<Choice>,
    /// The right run.
    pub right: Option<Choice>,
    /// Both runs on one clock.
    pub race: Race,
    pub(crate) pace: ClockPace,
    /// First line of the left text shown; `None`: where the texts diverge.
    pub(crate) top: Option<usize>,
    /// `None` until both are chosen.
    pub comparison: Option<Comparison>,
    /// What strict and autoregressive runs of the left one's prompt say;
    /// `None`: not both were made.
    pub lossless: Option<Lossless>,
    /// What every pair of them said: a strict run, an autoregressive one.
    pub(crate) verdicts: Vec<([Extent; 2], Lossless)>,
}

impl Default for Compare {
    fn default() -> Self {
        Compare {
            left: None,
            right: None,
            race: Race::Over,
            pace: ClockPace(3),
            top: None,
            comparison: None,
            lossless: None,
            verdicts: Vec::new(),
        }
    }
}

impl Compare {
    /// Another pair: nothing is worked out of it yet.
    pub(super) fn begin_pair(&mut self) {
        self.race = Race::Over;
        self.top = None;
        self.comparison = None;
    }

    /// A run on the right side, or on the left one if there is none yet.
    pub(crate) fn add(&mut self, id: RunId) {
        let chosen = Some(Choice::Run(id));
        match self.left {
            None => self.left = chosen,
            left if left == chosen => {}
            _ => self.right = chosen,
        }
        self.begin_pair();
    }

    pub(super) fn swap(&mut self) {
        std::mem::swap(&mut self.left, &mut self.right);
        self.begin_pair();
    }

    pub(super) fn play_pause(&mut self) {
        self.top = None;
        self.race = match self.race {
            Race::Over => Race::Running(0.0),
            Race::Running(ms) => Race::Paused(ms),
            Race::Paused(ms) => Race::Running(ms),
        };
    }

    pub(crate) fn choice(&self, side: Side) -> Option<Choice> {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }

    pub(crate) fn is_racing(&self) -> bool {
        matches!(self.race, Race::Running(_))
    }

    /// Milliseconds on the race's clock; `None`: it is over.
    pub(crate) fn clock(&self) -> Option<f64> {
        match self.race {
            Race::Over => None,
            Race::Running(ms) | Race::Paused(ms) => Some(ms),
        }
    }

    /// Tokens of a side that are there by the clock, all after the race.
    pub fn n_shown(&self, side: Side) -> usize {
        let Some(comparison) = &self.comparison else {
            return 0;
        };
        let arrivals = comparison.arrivals_of(side);
        match self.clock() {
            Some(ms) => tokens_after(arrivals, ms),
            None => side.of(comparison.n_tokens),
        }
    }
}

impl Comparison {
    /// Milliseconds of decoding and tokens by then, per step; empty if not recorded.
    pub fn arrivals_of(&self, side: Side) -> &[(f64, usize)] {
        let [left, right] = &self.arrivals;
        side.of([left, right]).as_deref().unwrap_or_default()
    }

    /// Whether both runs' times are recorded: only then can they race.
    pub(crate) fn is_timed(&self) -> bool {
        self.arrivals.iter().all(Option::is_some)
    }

    pub(crate) fn differs(&self, side: Side, token: usize) -> bool {
        let flags = match side {
            Side::Left => &self.differs[0],
            Side::Right => &self.differs[1],
        };
        flags.get(token).copied().unwrap_or(false)
    }

    /// Milliseconds of decoding of a whole run; `None`: not recorded.
    pub(crate) fn ms(&self, side: Side) -> Option<f64> {
        Some(self.arrivals_of(side).last()?.0)
    }

    /// The right text's token beside a token of the left one.
    pub(crate) fn beside(&self, left: usize) -> usize {
        token_beside(&self.stretches, left).unwrap_or(usize::MAX)
    }
}
