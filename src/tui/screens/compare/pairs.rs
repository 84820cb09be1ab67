//! Which runs are compared, and what that says; worked out where a run has changed.

use std::borrow::Cow;
use std::time::Duration;

use crate::present::record::Record;
use crate::speculate::compare::{
    Lossless, Side, align, arrivals, differing, divergence, headers_beside, lossless,
    share_in_common, slower,
};
use crate::speculate::params::AcceptanceRule;
use crate::speculate::quality::LogProb;
use crate::speculate::trace::Trace;
use crate::tui::app::App;
use crate::tui::runs::parked::Kept;
use crate::tui::screens::Screen;
use crate::tui::screens::compare::state::{Choice, Comparison, Extent, Race};

impl App {
    /// The runs that can be compared: each run of the session with its
    /// references behind it.
    pub fn choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for run in self.session.runs.iter().filter(|r| r.n_steps() > 0) {
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

    /// The run of a choice; `None` while it is on disk alone.
    pub fn record_of(&self, choice: Choice) -> Option<&Record> {
        match choice {
            Choice::Run(id) => self.run_of(id)?.record.as_ref(),
            Choice::Reference { of, verify } => {
                let measured = self.run_of(of)?.references.of(verify)?;
                measured.record.as_deref()
            }
        }
    }

    /// The run on this side.
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
        let shown = self.session.shown.map(Choice::Run).filter(is_there);
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
    pub(crate) fn rule_of(&self, choice: Choice) -> Option<AcceptanceRule> {
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
        let end = |side| comparison.and_then(|c| c.ms(side)).unwrap_or_default();
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
    Comparison {
        of,
        in_common: share_in_common(&stretches),
        differs: differing(&stretches),
        stretches,
        divergence: divergence(&left.trace, &right.trace),
        headers: headers_beside(&left.trace.header, &right.trace.header),
        slower: slower(&left.trace, &right.trace),
        arrivals: [arrivals(&left.trace), arrivals(&right.trace)],
        n_tokens: [left.ids.len(), right.ids.len()],
        mean_log_prob: [&left.trace, &right.trace].map(|t| LogProb::of(t).mean()),
    }
}
