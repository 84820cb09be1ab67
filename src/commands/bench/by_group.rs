//! `laserscope bench decode --by-group`: what grouping the pools brings. Every prompt
//! is answered with the pool of its own group, with one of as many random documents,
//! with all pools as one, and with none, interleaved with autoregressive decoding. The
//! prompt and the output so far draft in all of them.

mod table;

use std::collections::BTreeSet;

use color_eyre::eyre::{Result, ensure};
use serde::Serialize;

use crate::cli::BenchDecodeArgs;
use crate::commands::arrangement::Arrangement;
use crate::commands::bench::figures::{ModeFigures, mode_figures};
use crate::commands::bench::outcome::{Outcome, compared_rule, outcome};
use crate::commands::bench::paired::{Counted, repeat};
use crate::commands::print_json;
use crate::commands::report::RanOn;
use crate::console::progress::Line;
use crate::engine::{Engine, Knowledge, RunSpec};
use crate::recsys::dealt;
use crate::retrieval::Pools;
use crate::speculate::params::{AcceptanceRule, Params, Source};
use crate::speculate::subject::KindName;

/// One arrangement over some prompts.
#[derive(Debug, Serialize)]
struct ArrangementRow {
    arrangement: Arrangement,
    /// Documents that could draft, a mean over the prompts.
    documents: f64,
    #[serde(flatten)]
    figures: ModeFigures,
}

/// Some of the prompts: a kind, or a group of it.
#[derive(Debug, Serialize)]
struct PromptSlice {
    kind: KindName,
    /// Absent: all of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    prompts: usize,
    autoregressive: ModeFigures,
    rows: Vec<ArrangementRow>,
}

#[derive(Debug, Serialize)]
struct ByGroupReport {
    #[serde(flatten)]
    on: RanOn,
    verify: &'static str,
    params: Params,
    deal_seed: u64,
    parts: Vec<PromptSlice>,
    /// A strict rule made the autoregressive text on every prompt.
    lossless: bool,
}

/// What was made of one prompt.
struct AnsweredPrompt {
    kind: KindName,
    group: String,
    plain: Outcome,
    /// In the order of [`Arrangement::ALL`].
    drafted: Vec<Outcome>,
}

impl ByGroupReport {
    fn of(
        args: &BenchDecodeArgs,
        engine: &Engine,
        params: Params,
        verify: AcceptanceRule,
        answered: &[AnsweredPrompt],
    ) -> Self {
        ByGroupReport {
            on: RanOn::of(engine),
            verify: verify.name(),
            params,
            deal_seed: args.deal_seed,
            lossless: verify != AcceptanceRule::Strict
                || answered.iter().all(AnsweredPrompt::is_lossless),
            parts: parts(answered),
        }
    }
}

/// Runs the bench over `docs`, the pools' documents. `Ok(false)`: cancelled, or
/// not lossless.
///
/// # Errors
/// Without documents, or without a subject that is in a group.
pub(crate) fn run(
    args: &BenchDecodeArgs,
    engine: &mut Engine,
    specs: &[RunSpec],
    docs: &[Knowledge],
) -> Result<bool> {
    let docs: &[Knowledge] = &of_framework(docs, specs);
    ensure!(
        !docs.is_empty(),
        "--by-group regroups knowledge documents, and there are none: pass some with --knowledge \
        (a pool given with --pool cannot be regrouped)"
    );
    let params = specs.first().map(|s| s.params).unwrap_or_default();
    let verify = compared_rule(args, &params);
    ensure!(
        verify.drafts(),
        "--by-group compares drafts, and --verify autoregressive makes none"
    );
    let pools = pools_of(engine, docs, args.deal_seed)?;
    let mut line = Line::new();
    let Some(mut answered) = answer_all(engine, specs, verify, pools.each_ref(), &mut line)? else {
        return Ok(false);
    };
    let mut ways: Vec<Vec<&mut Outcome>> = answered.iter_mut().map(AnsweredPrompt::ways).collect();
    let added = Counted::WhatIsAdded;
    if !repeat(engine, &mut ways, &args.pairing(), added, &mut line)? {
        return Ok(false);
    }
    drop(line);
    ensure!(
        !answered.is_empty(),
        "none of the subjects is in a group: choose groups with --groups"
    );
    let report = ByGroupReport::of(args, engine, params, verify, &answered);
    match args.json {
        true => print_json(&report)?,
        false => table::print(&report),
    }
    Ok(report.lossless)
}

/// The documents of the chosen framework: others have separate pools.
fn of_framework(docs: &[Knowledge], specs: &[RunSpec]) -> Vec<Knowledge> {
    let asked = specs.first().map(|spec| spec.subject.framework.as_str());
    let is_asked = |doc: &&Knowledge| doc.framework.is_none() || doc.framework.as_deref() == asked;
    docs.iter().filter(is_asked).cloned().collect()
}

/// The pools of the documents' own groups, which the engine keeps, and those of random
/// groups.
fn pools_of(engine: &mut Engine, docs: &[Knowledge], seed: u64) -> Result<[Pools; 2]> {
    engine.set_knowledge(&dealt_out(docs, seed))?;
    let random = engine.pools.current.clone();
    engine.set_knowledge(docs)?;
    Ok([engine.pools.current.clone(), random])
}

/// Every prompt whose subject is in a group, in every arrangement; `None`: cancelled.
fn answer_all(
    engine: &mut Engine,
    specs: &[RunSpec],
    verify: AcceptanceRule,
    pools: [&Pools; 2],
    line: &mut Line,
) -> Result<Option<Vec<AnsweredPrompt>>> {
    let mut answered = Vec::new();
    for (i, spec) in specs.iter().enumerate() {
        let text = format!("{}/{} {}", i + 1, specs.len(), spec.subject.title);
        line.timed_part(i as u64, specs.len() as u64, &text);
        match answer(engine, spec, verify, pools)? {
            PromptAnswer::Whole(all) => answered.push(*all),
            PromptAnswer::NoGroup => {}
            PromptAnswer::Cancelled => return Ok(None),
        }
    }
    Ok(Some(answered))
}

/// The documents with their groups shuffled, each group of each kind as large as before.
fn dealt_out(docs: &[Knowledge], seed: u64) -> Vec<Knowledge> {
    let mut dealt_docs = docs.to_vec();
    let kinds: BTreeSet<&KindName> = docs.iter().map(|doc| &doc.kind).collect();
    for kind in kinds {
        let of_kind = docs.iter().filter(|doc| doc.kind == *kind);
        let groups: Vec<Option<String>> = of_kind.map(|doc| doc.group.clone()).collect();
        let places = dealt_docs.iter_mut().filter(|doc| doc.kind == *kind);
        for (doc, group) in places.zip(dealt(&groups, seed)) {
            doc.group = group;
        }
    }
    dealt_docs
}

enum PromptAnswer {
    Whole(Box<AnsweredPrompt>),
    NoGroup,
    Cancelled,
}

fn answer(
    engine: &mut Engine,
    spec: &RunSpec,
    verify: AcceptanceRule,
    [own, random]: [&Pools; 2],
) -> Result<PromptAnswer> {
    let Some(group) = spec.subject.group.clone() else {
        return Ok(PromptAnswer::NoGroup);
    };
    let autoregressive = Params {
        verify: AcceptanceRule::Autoregressive,
        ..spec.params
    };
    let Some(plain) = outcome(engine, spec, autoregressive)? else {
        return Ok(PromptAnswer::Cancelled);
    };
    let mut drafted = Vec::new();
    for arrangement in Arrangement::ALL {
        engine.pools.current = match arrangement {
            Arrangement::RandomGroup => random.clone(),
            _ => own.clone(),
        };
        let params = Params {
            verify,
            sources: arrangement.sources(),
            ..spec.params
        };
        match outcome(engine, spec, params)? {
            Some(outcome) => drafted.push(outcome),
            None => return Ok(PromptAnswer::Cancelled),
        }
    }
    Ok(PromptAnswer::Whole(Box::new(AnsweredPrompt {
        kind: spec.subject.kind.clone(),
        group,
        plain,
        drafted,
    })))
}

impl AnsweredPrompt {
    /// Without drafts first.
    fn ways(&mut self) -> Vec<&mut Outcome> {
        let plain = std::iter::once(&mut self.plain);
        plain.chain(&mut self.drafted).collect()
    }

    fn is_lossless(&self) -> bool {
        self.drafted.iter().all(|o| o.ids == self.plain.ids)
    }
}

/// Each kind, and where there are several each of its groups.
fn parts(answered: &[AnsweredPrompt]) -> Vec<PromptSlice> {
    let kinds: BTreeSet<&KindName> = answered.iter().map(|a| &a.kind).collect();
    let mut parts = Vec::new();
    for kind in kinds {
        let of_kind: Vec<&AnsweredPrompt> = answered.iter().filter(|a| a.kind == *kind).collect();
        parts.push(part(kind, None, &of_kind));
        let groups: BTreeSet<&str> = of_kind.iter().map(|a| a.group.as_str()).collect();
        for group in groups.iter().filter(|_| groups.len() > 1) {
            let of_group = of_kind.iter().copied().filter(|a| a.group == **group);
            parts.push(part(kind, Some(group), &of_group.collect::<Vec<_>>()));
        }
    }
    parts
}

fn part(kind: &KindName, group: Option<&str>, answered: &[&AnsweredPrompt]) -> PromptSlice {
    let plain: Vec<&Outcome> = answered.iter().map(|a| &a.plain).collect();
    let figures = |outcomes: &[&Outcome]| mode_figures(outcomes, &plain);
    let rows = Arrangement::ALL.into_iter().enumerate();
    let rows = rows.map(|(i, arrangement)| {
        let outcomes: Vec<&Outcome> = answered.iter().map(|a| &a.drafted[i]).collect();
        let documents = outcomes.iter().map(|o| documents(o, arrangement)).sum();
        ArrangementRow {
            arrangement,
            documents: usize_mean(documents, outcomes.len()),
            figures: figures(&outcomes),
        }
    });
    PromptSlice {
        kind: kind.clone(),
        group: group.map(str::to_owned),
        prompts: answered.len(),
        rows: rows.collect(),
        autoregressive: figures(&plain),
    }
}

fn usize_mean(sum: usize, n: usize) -> f64 {
    sum as f64 / n.max(1) as f64
}

/// Documents of the pools that may draft; the global pool includes the group's.
fn documents(outcome: &Outcome, arrangement: Arrangement) -> usize {
    let source = match arrangement {
        Arrangement::None => return 0,
        Arrangement::RandomGroup | Arrangement::OwnGroup => Source::Group,
        Arrangement::Global | Arrangement::OwnGroupAndGlobal => Source::Global,
    };
    let sizes = outcome.header.pools.iter();
    let of_source = sizes.filter(|size| size.source == source);
    of_source.map(|size| size.documents).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(id: usize, kind: &str, group: &str) -> Knowledge {
        Knowledge {
            id: id.to_string(),
            title: String::new(),
            kind: kind.into(),
            group: Some(group.to_owned()),
            framework: None,
            text: "text".to_owned(),
            ended: true,
        }
    }

    #[test]
    fn groups_are_dealt_out_within_their_kind_and_keep_their_sizes() {
        let groups = ["a", "a", "a", "b", "b", "c"].repeat(5);
        let mut docs: Vec<Knowledge> = groups
            .iter()
            .enumerate()
            .map(|(i, g)| doc(i, "item", g))
            .collect();
        docs.extend((0..10).map(|i| doc(i, "user", "u")));
        let dealt = dealt_out(&docs, 7);
        let size = |docs: &[Knowledge], kind: &str, group: &str| {
            docs.iter()
                .filter(|d| d.kind.as_str() == kind && d.group.as_deref() == Some(group))
                .count()
        };
        for (kind, group) in [("item", "a"), ("item", "b"), ("item", "c"), ("user", "u")] {
            assert_eq!(size(&dealt, kind, group), size(&docs, kind, group));
        }
        assert!(
            docs.iter()
                .zip(&dealt)
                .any(|(was, is)| was.group != is.group)
        );
        assert!(
            docs.iter()
                .zip(&dealt)
                .all(|(was, is)| (&was.id, &was.kind) == (&is.id, &is.kind))
        );
    }
}
