//! Two runs of one prompt as they are compared: which, aligned how, and the race
//! of both on one clock. What was worked out is kept until a run changes.
//!
//! Knows traces; nothing of panes.

use std::borrow::Cow;
use std::time::Duration;

use crate::present::record::Record;
use crate::speculate::compare::{
    Divergence, Lossless, Side, Slower, Stretch, align, arrivals, divergence, headers_beside,
    lossless, share_in_common, slower, tokens_after,
};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::quality::LogProb;
use crate::speculate::trace::Trace;
use crate::tui::app::{App, Screen};
use crate::tui::runs::parked::Kept;
use crate::worker::message::RunId;

/// A run that can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    Run(RunId),
    /// A reference run of another run.
    Reference {
        of: RunId,
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
    Running(f64),
    Paused(f64),
}

/// How quickly the race's clock goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockPace(usize);

impl ClockPace {
    const FACTORS: [f64; 7] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0];

    pub fn slower(self) -> Self {
        ClockPace(self.0.saturating_sub(1))
    }

    pub fn faster(self) -> Self {
        ClockPace((self.0 + 1).min(Self::FACTORS.len() - 1))
    }

    pub fn factor(self) -> f64 {
        Self::FACTORS[self.0]
    }
}

/// How much of a run something was worked out of: its steps, and whether it ended.
type Extent = (Choice, usize, bool);

/// What was worked out of a pair, and of how much of it.
#[derive(Clone, Debug)]
pub struct Comparison {
    of: [Extent; 2],
    pub stretches: Vec<Stretch>,
    /// Share of both texts' tokens that are equal.
    pub in_common: f64,
    pub divergence: Option<Divergence>,
    /// What decides a run and differs in their headers, in a line.
    pub headers: String,
    /// Which one is slower, and by what.
    pub slower: Option<Slower>,
    /// Per side: when tokens appeared.
    pub arrivals: [Vec<(f64, usize)>; 2],
    /// Per side: the tokens that differ from the other text.
    pub differs: [Vec<bool>; 2],
    /// Per side: the mean logarithm of what the model gave the tokens taken.
    pub mean_log_prob: [Option<f64>; 2],
}

#[derive(Clone, Debug)]
pub struct Compare {
    pub left: Option<Choice>,
    pub right: Option<Choice>,
    pub race: Race,
    pub pace: ClockPace,
    /// First line of the left text shown; `None`: where the texts part.
    pub top: Option<usize>,
    pub comparison: Option<Comparison>,
    /// What strict and autoregressive runs of the left one's prompt say;
    /// `None`: not both were made.
    pub lossless: Option<Lossless>,
    /// What every pair of them said: a strict run, an autoregressive one.
    verdicts: Vec<([Extent; 2], Lossless)>,
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
    pub fn choice(&self, side: Side) -> Option<Choice> {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }

    pub fn is_racing(&self) -> bool {
        matches!(self.race, Race::Running(_))
    }

    /// Milliseconds on the race's clock; `None`: it is over.
    pub fn clock(&self) -> Option<f64> {
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
            None => arrivals.last().map_or(0, |a| a.1),
        }
    }
}

impl Comparison {
    pub fn arrivals_of(&self, side: Side) -> &[(f64, usize)] {
        match side {
            Side::Left => &self.arrivals[0],
            Side::Right => &self.arrivals[1],
        }
    }

    pub fn differs(&self, side: Side, token: usize) -> bool {
        let flags = match side {
            Side::Left => &self.differs[0],
            Side::Right => &self.differs[1],
        };
        flags.get(token).copied().unwrap_or(false)
    }

    /// Milliseconds of decoding and tokens of a whole run.
    pub fn whole(&self, side: Side) -> (f64, usize) {
        self.arrivals_of(side).last().copied().unwrap_or_default()
    }

    /// The right text's token beside a token of the left one.
    pub fn beside(&self, left: usize) -> usize {
        let found = self.stretches.iter().find(|s| left < s.left.end);
        found.map_or(usize::MAX, |s| {
            let into = left.saturating_sub(s.left.start);
            (s.right.start + into).min(s.right.end)
        })
    }
}

impl App {
    /// The runs that can be compared: each run of the session with its
    /// references behind it.
    pub fn choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for run in self.runs.iter().filter(|r| r.n_steps() > 0) {
            choices.push(Choice::Run(run.id));
            let references = run.references.done.iter();
            choices.extend(
                references
                    .filter(|m| m.kept().is_some())
                    .map(|m| Choice::Reference {
                        of: run.id,
                        verify: m.verify,
                    }),
            );
        }
        choices
    }

    pub fn record_of(&self, choice: Choice) -> Option<&Record> {
        match choice {
            Choice::Run(id) => self.run_of(id)?.record.as_ref(),
            Choice::Reference { of, verify } => {
                let measured = self.run_of(of)?.references.of(verify)?;
                measured.record.as_deref()
            }
        }
    }

    pub fn compared(&self, side: Side) -> Option<&Record> {
        self.compare.choice(side).and_then(|c| self.record_of(c))
    }

    /// The choices of the same prompt as a run's, that run left out.
    pub(crate) fn choices_beside(&self, left: Choice) -> Vec<Choice> {
        let Some(prompt) = self.kept(left).map(Kept::prompt) else {
            return Vec::new();
        };
        let mut choices = self.choices();
        choices.retain(|&c| c != left && self.kept(c).map(Kept::prompt) == Some(prompt));
        choices
    }

    /// Keeps the pair, or finds one: the shown run against its autoregressive
    /// reference, else against another run of the prompt.
    fn choose(&mut self) {
        let is_there = |c: &Choice| self.kept(*c).is_some_and(|r| r.n_steps() > 0);
        let left = self.compare.left.filter(is_there);
        let shown = self.shown.map(Choice::Run).filter(is_there);
        let left = left.or(shown).or_else(|| self.choices().last().copied());
        let beside = left.map_or_else(Vec::new, |left| self.choices_beside(left));
        let right = self
            .compare
            .right
            .filter(|&r| is_there(&r) && Some(r) != left);
        let is_plain = |c: &&Choice| self.rule_of(**c) == Some(AcceptanceRule::Autoregressive);
        let found = beside.iter().find(is_plain).or(beside.first());
        let right = right.or(found.copied());
        self.compare.left = left;
        self.compare.right = right;
        for choice in [left, right].into_iter().flatten() {
            self.bring_back(choice.run());
        }
    }

    /// The rule of a choice's run.
    pub fn rule_of(&self, choice: Choice) -> Option<AcceptanceRule> {
        self.kept(choice).map(Kept::rule)
    }

    /// Works out what changed, if the screen is in front.
    pub(crate) fn refresh_comparison(&mut self) {
        if self.screen != Screen::Compare {
            return;
        }
        self.choose();
        self.compare.lossless = self.find_lossless();
        let (Some(left), Some(right)) = (self.compare.left, self.compare.right) else {
            self.compare.comparison = None;
            return;
        };
        let (Some(a), Some(b)) = (self.record_of(left), self.record_of(right)) else {
            return;
        };
        let extent = |c, r: &Record| (c, r.n_steps(), r.trace.end.is_some());
        let of = [extent(left, a), extent(right, b)];
        if self.compare.comparison.as_ref().is_some_and(|c| c.of == of) {
            return;
        }
        self.compare.comparison = Some(compared(of, a, b));
    }

    /// Holds a strict run against an autoregressive one of the left prompt,
    /// wherever both were made; one that fails counts most.
    fn find_lossless(&mut self) -> Option<Lossless> {
        let left = self.compare.left?;
        let mut runs = self.choices_beside(left);
        runs.push(left);
        self.compare.verdicts = self.judge_pairs(&runs);
        let found = self.compare.verdicts.iter().map(|(_, verdict)| verdict);
        let first = found.min_by_key(|l| match l {
            Lossless::Broken(_) => 0,
            Lossless::Holds { .. } => 1,
            Lossless::NotComparable(_) => 2,
        });
        first.cloned()
    }

    /// Every strict run against every autoregressive one; what is known of a pair is
    /// not worked out again, and runs on disk are read once.
    fn judge_pairs(&self, runs: &[Choice]) -> Vec<([Extent; 2], Lossless)> {
        let of = |verify: AcceptanceRule| -> Vec<Extent> {
            let chosen = runs.iter().filter(|&&c| self.rule_of(c) == Some(verify));
            chosen.filter_map(|&c| self.extent(c)).collect()
        };
        let (strict, plain) = (
            of(AcceptanceRule::Strict),
            of(AcceptanceRule::Autoregressive),
        );
        let pairs = strict.iter().flat_map(|s| plain.iter().map(|p| [*s, *p]));
        let mut read: Vec<(Choice, Cow<'_, Trace>)> = Vec::new();
        let mut judged = Vec::new();
        for pair in pairs {
            let known = self.compare.verdicts.iter().find(|v| v.0 == pair);
            let verdict = match known {
                Some((_, verdict)) => Some(verdict.clone()),
                None => self.judge(pair, &mut read),
            };
            judged.extend(verdict.map(|verdict| (pair, verdict)));
        }
        judged
    }

    /// `None`: a run cannot be read back.
    fn judge<'a>(
        &'a self,
        pair: [Extent; 2],
        read: &mut Vec<(Choice, Cow<'a, Trace>)>,
    ) -> Option<Lossless> {
        for (choice, ..) in pair {
            if !read.iter().any(|r| r.0 == choice) {
                read.push((choice, self.trace_of(choice).ok()?));
            }
        }
        let trace = |choice| read.iter().find(|r| r.0 == choice).map(|r| &*r.1);
        Some(lossless(trace(pair[0].0)?, trace(pair[1].0)?))
    }

    fn extent(&self, choice: Choice) -> Option<Extent> {
        let kept = self.kept(choice)?;
        Some((choice, kept.n_steps(), kept.is_ended()))
    }

    /// Time went by: the race's clock goes on.
    pub(crate) fn race_on(&mut self, elapsed: Duration) {
        let Race::Running(ms) = self.compare.race else {
            return;
        };
        let ms = ms + elapsed.as_secs_f64() * 1000.0 * self.compare.pace.factor();
        let comparison = self.compare.comparison.as_ref();
        let end = |side| comparison.map_or(0.0, |c| c.whole(side).0);
        let is_over = self.screen != Screen::Compare || ms >= end(Side::Left).max(end(Side::Right));
        self.compare.race = if is_over {
            Race::Over
        } else {
            Race::Running(ms)
        };
    }
}

fn compared(of: [Extent; 2], left: &Record, right: &Record) -> Comparison {
    let stretches = align(&left.ids, &right.ids);
    let mut differs = [vec![false; left.ids.len()], vec![false; right.ids.len()]];
    for stretch in stretches.iter().filter(|s| !s.is_equal) {
        differs[0][stretch.left.clone()].fill(true);
        differs[1][stretch.right.clone()].fill(true);
    }
    Comparison {
        of,
        in_common: share_in_common(&stretches),
        stretches,
        divergence: divergence(&left.trace, &right.trace),
        headers: headers_beside(&left.trace.header, &right.trace.header),
        slower: slower(&left.trace, &right.trace),
        arrivals: [arrivals(&left.trace), arrivals(&right.trace)],
        differs,
        mean_log_prob: [&left.trace, &right.trace].map(|t| LogProb::of(t).mean()),
    }
}
