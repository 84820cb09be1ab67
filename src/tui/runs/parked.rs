//! Runs of the session that nobody looks at move to disk, the oldest first, once all
//! of them together take more than [`IN_MEMORY_MB`]. They are listed, chosen and
//! judged as before, and read back when they are shown or compared.

use std::borrow::Cow;

use color_eyre::eyre::{Result, eyre};

use crate::present::record::Record;
use crate::speculate::params::{AcceptanceRule, Budget, MAX_ROWS, Source};
use crate::speculate::stats::Stats;
use crate::speculate::trace::{Header, Trace};
use crate::tui::app::{App, Tone};
use crate::tui::runs::reference::Measured;
use crate::tui::runs::run::{Origin, Phase, Recording, Run};
use crate::tui::runs::spill::{Slot, Spill};
use crate::tui::screens::compare::state::Choice;
use crate::worker::message::RunId;

/// The records of runs, in 1,048,576 bytes, that stay in memory. The run shown and
/// the two compared do in any case.
pub const IN_MEMORY_MB: usize = 16;

/// A run on disk, and what is asked of it without reading it.
#[derive(Clone, Debug)]
pub struct Parked {
    slot: Slot,
    digest: Digest,
}

#[derive(Clone, Debug)]
struct Digest {
    prompt: u64,
    rule: AcceptanceRule,
    n_steps: usize,
    is_ended: bool,
    stats: Stats,
    begins: Option<String>,
    name: String,
}

/// A run that has begun, wherever it is kept.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    Here(&'a Record),
    Away(&'a Parked),
}

impl<'a> Kept<'a> {
    fn of(record: Option<&'a Record>, parked: Option<&'a Parked>) -> Option<Self> {
        record.map(Kept::Here).or(parked.map(Kept::Away))
    }

    /// Equal for equal prompts.
    pub fn prompt(self) -> u64 {
        match self {
            Kept::Here(record) => record.prompt,
            Kept::Away(parked) => parked.digest.prompt,
        }
    }

    /// The rule that it began with.
    pub fn rule(self) -> AcceptanceRule {
        match self {
            Kept::Here(record) => record.trace.header.params.verify,
            Kept::Away(parked) => parked.digest.rule,
        }
    }

    /// Its settings and pool, as a list of runs names it.
    pub fn name(self) -> String {
        match self {
            Kept::Here(record) => name_of(&record.trace.header),
            Kept::Away(parked) => parked.digest.name.clone(),
        }
    }

    pub fn n_steps(self) -> usize {
        match self {
            Kept::Here(record) => record.n_steps(),
            Kept::Away(parked) => parked.digest.n_steps,
        }
    }

    pub fn is_ended(self) -> bool {
        match self {
            Kept::Here(record) => record.trace.end.is_some(),
            Kept::Away(parked) => parked.digest.is_ended,
        }
    }

    pub fn stats(self) -> &'a Stats {
        match self {
            Kept::Here(record) => &record.stats,
            Kept::Away(parked) => &parked.digest.stats,
        }
    }

    /// Where it leaves its parent: `step 12 → ' Robert'`, the token forced there.
    pub fn begins(self) -> Option<String> {
        match self {
            Kept::Here(record) => begins(record),
            Kept::Away(parked) => parked.digest.begins.clone(),
        }
    }
}

fn begins(record: &Record) -> Option<String> {
    let branch = record.trace.header.branch.as_ref()?;
    let forced = branch.forced.map(|id| format!(" → {}", record.quoted(id)));
    Some(format!(
        "step {}{}",
        branch.of.step + 1,
        forced.unwrap_or_default()
    ))
}

/// `relaxed k=2 tau=0.10 · budget auto · group crime 37 docs`; without drafts the
/// rule alone.
fn name_of(header: &Header) -> String {
    let params = &header.params;
    let rule = params.verify.describe();
    match params.verify.drafts() {
        true => format!(
            "{rule} · budget {} · {}",
            budget_of(params.budget),
            pool_of(header)
        ),
        false => rule,
    }
}

/// The usual bound goes without saying.
fn budget_of(budget: Budget) -> String {
    match budget {
        Budget::Auto { max: MAX_ROWS } => "auto".into(),
        other => other.describe(),
    }
}

/// The pool that served it, the nearest one where several did.
fn pool_of(header: &Header) -> String {
    let sources = header.params.sources;
    let served = |source: Source| {
        let pool = header.pools.iter().find(|p| p.source == source)?;
        sources.has(source).then_some(pool.documents)
    };
    match (served(Source::Group), served(Source::Global)) {
        (Some(n), _) => {
            let group = header.subject.group.as_deref().unwrap_or("none");
            format!("group {group} {n} docs")
        }
        (None, Some(n)) => format!("all pools {n} docs"),
        (None, None) => "no pool".into(),
    }
}

impl Parked {
    fn new(record: &Record, spill: &Spill) -> Result<Self> {
        Ok(Parked {
            slot: spill.put(&record.trace)?,
            digest: Digest {
                prompt: record.prompt,
                rule: record.trace.header.params.verify,
                n_steps: record.n_steps(),
                is_ended: record.trace.end.is_some(),
                stats: record.stats.clone(),
                begins: begins(record),
                name: name_of(&record.trace.header),
            },
        })
    }

    fn read(&self, spill: &Spill) -> Result<Record> {
        let Trace {
            header, steps, end, ..
        } = spill.get(self.slot)?;
        let mut record = Record::new(header);
        steps.into_iter().for_each(|step| record.push(step));
        end.into_iter().for_each(|end| record.finish(end));
        Ok(record)
    }
}

impl Run {
    /// `None` until the first news of it.
    pub fn kept(&self) -> Option<Kept<'_>> {
        Kept::of(self.record.as_ref(), self.parked.as_ref())
    }

    fn n_bytes(&self) -> usize {
        let references = self.references.done.iter();
        let references = references.filter_map(|m| m.record.as_deref());
        let records = self.record.as_ref().into_iter().chain(references);
        records.map(|r| r.n_bytes).sum()
    }

    /// Nothing of it changes any more, and it could be read back.
    fn can_park(&self) -> bool {
        let is_over = matches!(self.phase, Phase::Ended | Phase::Failed(_));
        let is_kept = match &self.origin {
            Origin::Live { .. } => true,
            Origin::Recorded { kind, unplayed, .. } => {
                *kind == Recording::File && unplayed.is_empty()
            }
        };
        is_over && is_kept && !self.references.is_busy()
    }

    fn park(&mut self, spill: &Spill) -> Result<()> {
        if let Some(record) = &self.record {
            if self.parked.is_none() {
                self.parked = Some(Parked::new(record, spill)?);
            }
            self.record = None;
        }
        self.references.done.iter_mut().try_for_each(|m| {
            let Some(record) = m.record.as_deref() else {
                return Ok(());
            };
            if m.parked.is_none() {
                m.parked = Some(Parked::new(record, spill)?);
            }
            m.record = None;
            Ok(())
        })
    }

    fn bring_back(&mut self, spill: &Spill) -> Result<()> {
        if let (None, Some(parked)) = (&self.record, &self.parked) {
            self.record = Some(parked.read(spill)?);
        }
        for measured in &mut self.references.done {
            if let (None, Some(parked)) = (&measured.record, &measured.parked) {
                measured.record = Some(Box::new(parked.read(spill)?));
            }
        }
        Ok(())
    }
}

impl Measured {
    /// `None` until it has begun, and where a run is its own reference.
    pub fn kept(&self) -> Option<Kept<'_>> {
        Kept::of(self.record.as_deref(), self.parked.as_ref())
    }
}

impl App {
    /// A choice's run, wherever it is kept.
    pub fn kept(&self, choice: Choice) -> Option<Kept<'_>> {
        match choice {
            Choice::Run(id) => self.run_of(id)?.kept(),
            Choice::Reference { of, verify } => self.run_of(of)?.references.of(verify)?.kept(),
        }
    }

    /// A choice's trace, wherever it is kept.
    ///
    /// # Errors
    /// The run is gone, or cannot be read back.
    pub fn trace_of(&self, choice: Choice) -> Result<Cow<'_, Trace>> {
        match self.kept(choice) {
            Some(Kept::Here(record)) => Ok(Cow::Borrowed(&record.trace)),
            Some(Kept::Away(parked)) => Ok(Cow::Owned(self.spill.get(parked.slot)?)),
            None => Err(eyre!("the run is gone")),
        }
    }

    /// Whether a run's record is this very trace.
    pub(crate) fn is_of(&self, run: &Run, trace: &Trace) -> bool {
        match run.kept() {
            Some(Kept::Here(record)) => record.trace == *trace,
            Some(Kept::Away(parked)) => self.spill.holds(parked.slot, trace),
            None => false,
        }
    }

    /// Which run Decode shows, from now on in memory.
    pub(crate) fn set_shown(&mut self, id: Option<RunId>) {
        self.shown = id;
        id.into_iter().for_each(|id| self.bring_back(id));
    }

    /// Has a run in memory, with its references.
    pub(crate) fn bring_back(&mut self, id: RunId) {
        let Some(run) = self.runs.iter_mut().find(|r| r.id == id) else {
            return;
        };
        if let Err(why) = run.bring_back(&self.spill) {
            self.tell(Tone::Problem, format!("The run cannot be shown: {why:#}"));
        }
    }

    /// Moves runs to disk until the others fit.
    pub(crate) fn park_runs(&mut self) {
        let mut n_bytes: usize = self.runs.iter().map(Run::n_bytes).sum();
        if n_bytes <= self.in_memory_bytes {
            return;
        }
        let compared = [self.compare.left, self.compare.right];
        let compared = compared.map(|choice| choice.map(Choice::run));
        for run in &mut self.runs {
            let is_seen = self.shown == Some(run.id) || compared.contains(&Some(run.id));
            if n_bytes <= self.in_memory_bytes || is_seen || !run.can_park() {
                continue;
            }
            let before = run.n_bytes();
            if let Err(why) = run.park(&self.spill) {
                // All goes on as before, in more memory; it is said once.
                self.in_memory_bytes = usize::MAX;
                let text = format!("Earlier runs stay in memory: {why:#}");
                return self.tell(Tone::Problem, text);
            }
            n_bytes -= before - run.n_bytes();
        }
    }
}
