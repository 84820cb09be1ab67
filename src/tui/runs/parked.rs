//! A run that moved to disk, and what is asked of it without reading it.

use color_eyre::eyre::Result;

use crate::present::record::Record;
use crate::speculate::params::{AcceptanceRule, Budget, MAX_ROWS, Source};
use crate::speculate::stats::Stats;
use crate::speculate::trace::{Header, Trace};
use crate::tui::runs::spill::{Slot, Spill};

/// The records of runs, in 1,048,576 bytes, that stay in memory. The run shown and
/// the two compared do in any case.
pub(crate) const IN_MEMORY_MB: usize = 16;

/// A run on disk, and what is asked of it without reading it.
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    pub(crate) slot: Slot,
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
pub(crate) enum Kept<'a> {
    Here(&'a Record),
    Away(&'a Parked),
}

impl<'a> Kept<'a> {
    pub(super) fn of(record: Option<&'a Record>, parked: Option<&'a Parked>) -> Option<Self> {
        record.map(Kept::Here).or(parked.map(Kept::Away))
    }

    /// Equal for equal prompts.
    pub(crate) fn prompt(self) -> u64 {
        match self {
            Kept::Here(record) => record.prompt,
            Kept::Away(parked) => parked.digest.prompt,
        }
    }

    /// The rule that it began with.
    pub(crate) fn rule(self) -> AcceptanceRule {
        match self {
            Kept::Here(record) => record.trace.header.params.verify,
            Kept::Away(parked) => parked.digest.rule,
        }
    }

    /// Its settings and pool, as a list of runs names it.
    pub(crate) fn name(self) -> String {
        match self {
            Kept::Here(record) => name_of(&record.trace.header),
            Kept::Away(parked) => parked.digest.name.clone(),
        }
    }

    pub(crate) fn n_steps(self) -> usize {
        match self {
            Kept::Here(record) => record.n_steps(),
            Kept::Away(parked) => parked.digest.n_steps,
        }
    }

    pub(crate) fn is_ended(self) -> bool {
        match self {
            Kept::Here(record) => record.trace.end.is_some(),
            Kept::Away(parked) => parked.digest.is_ended,
        }
    }

    pub(crate) fn stats(self) -> &'a Stats {
        match self {
            Kept::Here(record) => &record.stats,
            Kept::Away(parked) => &parked.digest.stats,
        }
    }

    /// Where it leaves its parent: `step 12 → ' Robert'`, the token forced there.
    pub(crate) fn begins(self) -> Option<String> {
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

/// The rule with its numbers, and what it drafted from: `strict · budget auto · group
/// crime 37 docs`; without drafts the rule alone.
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

/// The default bound is left out.
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
        (Some(n), _) => match &header.subject.group {
            Some(group) => format!("group {group} {n} docs"),
            None => format!("group none {n} docs"),
        },
        (None, Some(n)) => format!("all pools {n} docs"),
        (None, None) => "no pool".into(),
    }
}

impl Parked {
    pub(super) fn new(record: &Record, spill: &Spill) -> Result<Self> {
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

    pub(super) fn read(&self, spill: &Spill) -> Result<Record> {
        let Trace {
            header, steps, end, ..
        } = spill.get(self.slot)?;
        let mut record = Record::new(header);
        steps.into_iter().for_each(|step| record.push(step));
        end.into_iter().for_each(|end| record.finish(end));
        Ok(record)
    }
}
