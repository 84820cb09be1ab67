//! The verdict on a run's speed, each sentence building on the previous ones: does the
//! profile fit, how fast is it by the clock and by the profile, does drafting pay, what
//! was wasted, which budget would be better.
//!
//! Measurements take precedence; the profile is used where nothing was measured, and
//! for budgets only if it agrees with the measurement.

use super::{Machine, WhySlow, ratio};
use crate::speculate::drift::{describe, fits};
use crate::speculate::params::Source;

/// Speed-ups within this range count as equal to 1.
const LEVEL: std::ops::RangeInclusive<f64> = 0.98..=1.02;
/// Difference in rows per step that is negligible for a budget.
const SAME_ROWS: f64 = 0.5;

/// How well the profile fits the run's steps, as measured over profiled time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fit {
    /// There is no profile.
    NoProfile,
    /// The steps shared passes with other runs, to which the profile does not apply.
    InABatch,
    /// There is one, but no step's time is recorded.
    NoTimes,
    Fits(f64),
    /// The median step fits, but a few slow steps make the whole run not fit.
    Disturbed {
        median: f64,
        whole: f64,
    },
    /// Steps take a different time than the profile.
    Off(f64),
}

impl Fit {
    /// Whether conclusions from the profile can be trusted.
    pub(crate) fn holds(self) -> bool {
        matches!(self, Fit::Fits(_) | Fit::Disturbed { .. } | Fit::NoTimes)
    }
}

/// One sentence and its claim.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// Nothing was drafted, so there is nothing else to say.
    NoDrafts,
    Fit(Fit),
    /// Speed-up over autoregressive decoding, by the clock and by the profile.
    Speed {
        measured: Option<f64>,
        by_profile: Option<f64>,
        /// The autoregressive run's measured over profiled time, if the two speed-ups
        /// disagree.
        plain_fit: Option<f64>,
    },
    /// Tokens committed per step, and needed to break even with no drafts.
    BreakEven {
        committed: f64,
        needed: f64,
        is_measured: bool,
    },
    /// Share of wasted rows, and where most of them are.
    Waste {
        share: f64,
        worst: Option<(usize, Option<Source>)>,
    },
    /// Rows per step of the automatic budget instead of this run's, and its speed
    /// relative to this run, both by the profile.
    Budget {
        rows: f64,
        own: f64,
        times: f64,
    },
    /// The profile does not fit, or disagrees with the measurement: it cannot choose a
    /// budget.
    NoBudget {
        fits: bool,
    },
}

/// The verdict on a run's speed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) said: Vec<Said>,
}

impl Verdict {
    /// Whether another measurement of the profile would help.
    pub(crate) fn wants_profile(&self) -> bool {
        let wants = |said: &Said| matches!(said, Said::NoBudget { .. });
        self.said.iter().any(wants)
    }
}

impl WhySlow {
    /// The verdict. `measured`: the measured speed-up over autoregressive runs of the
    /// prompt.
    pub(crate) fn verdict(&self, measured: Option<f64>) -> Verdict {
        let drafted: usize = Source::ALL.iter().map(|&s| self.whole(s).drafted).sum();
        let fit = self.fit();
        if drafted == 0 {
            let said = vec![Said::Fit(fit), Said::NoDrafts];
            return Verdict { said };
        }
        // A profile that does not fit is no verdict by itself.
        let by_profile = self.by_profile();
        let by_profile = by_profile.filter(|_| fit.holds() || measured.is_some());
        let mut said = vec![
            Said::Fit(fit),
            Said::Speed {
                measured,
                by_profile,
                plain_fit: self.plain_fit(measured),
            },
        ];
        said.extend(self.break_even(measured.or(by_profile), measured.is_some()));
        said.extend(self.wasted_share().map(|share| Said::Waste {
            share,
            worst: self.worst(),
        }));
        said.extend(self.budget(fit, measured));
        Verdict { said }
    }

    fn fit(&self) -> Fit {
        if self.shares_passes {
            return Fit::InABatch;
        }
        match (self.median_fit(), self.whole_fit()) {
            (Some(median), Some(whole)) => match (fits(median), fits(whole)) {
                (true, true) => Fit::Fits(whole),
                (true, false) => Fit::Disturbed { median, whole },
                (false, _) => Fit::Off(median),
            },
            _ if self.is_measured() => Fit::NoTimes,
            _ => Fit::NoProfile,
        }
    }

    /// The autoregressive run's measured over profiled time, if the measured speed-up
    /// disagrees with the profile's.
    fn plain_fit(&self, measured: Option<f64>) -> Option<f64> {
        let (measured, by_profile) = (measured?, self.by_profile()?);
        (!agree(measured, by_profile)).then_some(measured / by_profile * self.whole_fit()?)
    }

    fn break_even(&self, speed_up: Option<f64>, is_measured: bool) -> Option<Said> {
        let committed = ratio(self.tokens as f64, self.steps as f64)?;
        Some(Said::BreakEven {
            committed,
            needed: committed / speed_up?,
            is_measured,
        })
    }

    fn budget(&self, fit: Fit, measured: Option<f64>) -> Option<Said> {
        let by_profile = self.by_profile()?;
        let is_borne_out = measured.is_none_or(|m| agree(m, by_profile));
        if !fit.holds() || !is_borne_out {
            return Some(Said::NoBudget { fits: fit.holds() });
        }
        let (rows, speed_up) = self.elsewhere(Machine::Here)?;
        Some(Said::Budget {
            rows,
            own: ratio(self.rows as f64, self.steps as f64)?,
            times: speed_up / by_profile,
        })
    }
}

/// Whether two speed-ups agree: close together, and on the same side of 1.
fn agree(a: f64, b: f64) -> bool {
    let is_split = a.min(b) < *LEVEL.start() && a.max(b) > *LEVEL.end();
    fits(a / b) && !is_split
}

impl Said {
    /// The sentence.
    pub(crate) fn in_words(&self) -> String {
        match *self {
            Said::NoDrafts => "Nothing was drafted: every step makes one token.".into(),
            Said::Fit(fit) => fit.in_words(),
            Said::Speed {
                measured,
                by_profile,
                plain_fit,
            } => speed(measured, by_profile, plain_fit),
            Said::BreakEven {
                committed,
                needed,
                is_measured,
            } => {
                let est = if is_measured { "" } else { "est. " };
                let pays = match committed / needed {
                    x if LEVEL.contains(&x) => "Drafting just breaks even",
                    x if x > 1.0 => "Drafting pays",
                    _ => "Drafting does not pay",
                };
                format!("{pays}: a step commits {committed:.2} tokens and needs {est}{needed:.2}.")
            }
            Said::Waste { share, worst } => {
                let place = worst.map_or(String::new(), place);
                format!("{:.0}% of the rows were wasted{place}.", 100.0 * share)
            }
            Said::Budget { rows, own, times } => budget(rows, own, times),
            Said::NoBudget { fits: false } => {
                "A cost profile that does not fit cannot tell which budget pays: measure it again."
                    .into()
            }
            Said::NoBudget { fits: true } => {
                "The clock and the profile disagree on which budget pays: measure both again."
                    .into()
            }
        }
    }
}

impl Fit {
    fn in_words(self) -> String {
        match self {
            Fit::NoProfile => {
                "No cost profile was recorded, so the cost of rows is unknown.".into()
            }
            Fit::InABatch => {
                "It was decoded in a batch: its steps shared passes with other runs, so the costs \
                 of a single run do not apply."
                    .into()
            }
            Fit::NoTimes => {
                "The steps' times are not recorded: what follows is by the cost profile alone."
                    .into()
            }
            Fit::Fits(ratio) => {
                format!("The cost profile fits: steps took {ratio:.2}x the time in it.")
            }
            Fit::Disturbed { median, whole } => format!(
                "The machine was disturbed: all steps together took {whole:.2}x the time in the cost \
                 profile, the median step {median:.2}x."
            ),
            Fit::Off(ratio) => {
                format!("The cost profile does not fit. {}.", describe(ratio))
            }
        }
    }
}

/// The measurement is the verdict; the profile's speed-up follows it.
fn speed(measured: Option<f64>, by_profile: Option<f64>, plain_fit: Option<f64>) -> String {
    let Some(speed_up) = measured.or(by_profile) else {
        return "It was not compared with autoregressive decoding.".into();
    };
    let (how, est) = match measured {
        Some(_) => ("Measured", ""),
        None => ("By profile", "est. "),
    };
    let verdict = match speed_up {
        x if LEVEL.contains(&x) => format!("as fast as autoregressive, {est}{x:.2}×"),
        x if x > 1.0 => format!("{est}{x:.2}× as fast as autoregressive"),
        x => format!("slower than autoregressive, {est}{x:.2}×"),
    };
    let behind = match (measured, by_profile, plain_fit) {
        (Some(_), Some(est), None) => format!("; the profile says est. {est:.2}×"),
        (Some(_), Some(est), Some(plain)) => format!(
            "; the profile says est. {est:.2}×, but the autoregressive run took {plain:.2}x its \
             profiled time"
        ),
        _ => String::new(),
    };
    format!("{how} it is {verdict}{behind}.")
}

fn budget(rows: f64, own: f64, times: f64) -> String {
    let speed = match times {
        x if LEVEL.contains(&x) => "the same speed".to_string(),
        x => format!("{x:.2}× this run's speed"),
    };
    if (rows - own).abs() < SAME_ROWS {
        return format!("The automatic budget would use as many rows: {rows:.1} per step.");
    }
    format!("The automatic budget would use {rows:.1} rows per step, not {own:.1}: est. {speed}.")
}

fn place((depth, source): (usize, Option<Source>)) -> String {
    let depth = match depth {
        1 => "at all depths".to_string(),
        depth => format!("at depth {depth}+"),
    };
    let source = source.map_or(String::new(), |s| format!(", from the {}", name(s)));
    format!(", mostly {depth}{source}")
}

fn name(source: Source) -> &'static str {
    match source {
        Source::Group => "group pool",
        Source::Global => "global pool",
        Source::Local => "own text",
        Source::Online => "finished answers",
    }
}
