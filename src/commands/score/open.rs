//! `laserscope score LOG --open ID --trace FILE`: one answer of a log as a run, with the trees
//! and verdicts that are scored. Built when it is asked for; `--judge` adds a model's
//! distributions.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};

use super::logged::{LoggedMeta, bytes_of, logged_rows};
use super::read::{OpenedEntry, ReadLogs};
use super::ways::{ScoreWay, the_only_way};
use crate::atomic_file;
use crate::cli::ScoreArgs;
use crate::commands::open_engine;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::scoring::{OpenedAs, Scoring, ScoringStart, ScoringWay, Split};
use crate::present::number::percent;
use crate::recsys::Catalog;
use crate::speculate::TokenId;
use crate::speculate::trace::Trace;

/// What is opened, and where it goes.
pub(super) struct ToOpen<'a> {
    pub(super) id: &'a str,
    pub(super) file: &'a PathBuf,
}

/// Opens the answer. `Ok(false)`: cancelled.
///
/// # Errors
/// An id that no answer has, or that the protocol does not score; several ways to draft; a
/// file that cannot be written.
pub(super) fn run(
    asked: ToOpen<'_>,
    (logs, ways): (&ReadLogs, &[ScoreWay]),
    split: Split,
    start: &ScoringStart,
    (args, settings): (&ScoreArgs, &Settings),
) -> Result<bool> {
    let way = the_only_way("--open", ways)?;
    logs.told().iter().for_each(|line| note!("{line}"));
    let ways = [way.scoring()];
    let scoring = Scoring::new(&logs.answers, split, &logs.pools, &ways, start);
    let trace = opened(asked.id, logs, &scoring, &ways[0])?;
    let trace = match args.judge {
        true => judged(&trace, settings)?,
        false => Some(trace),
    };
    let Some(trace) = trace else {
        return Ok(false);
    };
    save(&trace, asked.file)?;
    let (file, n) = (asked.file.display(), trace.steps.len());
    note!("{file}: {n} steps; open it with `laserscope replay {file}`");
    Ok(true)
}

/// The answer of this id as a run.
fn opened(id: &str, logs: &ReadLogs, scoring: &Scoring<'_>, way: &ScoringWay) -> Result<Trace> {
    let opened = logs.opened.as_ref().ok_or_else(|| {
        eyre!("--open {id}: no answer has this id; `laserscope score --csv` lists the ids")
    })?;
    opened_as_run(logs, opened, scoring, way)?.ok_or_else(|| {
        eyre!(
            "--open {id}: --split half lets this answer draft for others, so it is not scored \
             itself: use another --split"
        )
    })
}

fn save(trace: &Trace, file: &Path) -> Result<()> {
    atomic_file::write_with(file, |out| Ok(trace.save(out)?))
        .wrap_err_with(|| format!("--trace {}", file.display()))
}

/// With the model's distributions; its agreement with the log is said first.
fn judged(trace: &Trace, settings: &Settings) -> Result<Option<Trace>> {
    let mut engine = open_engine(settings, &Catalog::bundled()?).wrap_err("--judge")?;
    let mut line = Line::new();
    let judged = engine.judge(trace, &mut |done, of| {
        line.timed_part(done as u64, of as u64, &format!("judging {done}/{of}"));
        !interrupt::is_set()
    });
    drop(line);
    let judged = judged.wrap_err("--judge")?;
    let log = judged.as_ref().and_then(|trace| trace.header.log.as_ref());
    if let Some(judge) = log.and_then(|log| log.judge.as_ref()) {
        note!(
            "{}: {} of the {} logged tokens ({}) are its own choice",
            judge.model.name,
            judge.agreeing,
            judge.of,
            percent(judge.agreement().unwrap_or_default())
        );
    }
    Ok(judged)
}

fn opened_as_run(
    logs: &ReadLogs,
    opened: &OpenedEntry,
    scoring: &Scoring<'_>,
    way: &ScoringWay,
) -> Result<Option<Trace>> {
    let OpenedEntry {
        number,
        entry,
        encoded,
    } = opened;
    let rows = logged_rows(entry, encoded);
    // Without a prompt, the answer's first token is given.
    let n_given = encoded.token_ids.len() - logs.answers.n_tokens_of(*number);
    let known = LoggedMeta::of(entry, encoded);
    let codec = logs.encoder.codec();
    let bytes = |id: TokenId| bytes_of(codec, id);
    let opened = OpenedAs {
        rows: rows.into_iter().skip(n_given).collect(),
        ..known.opened(&logs.answers.entries[*number as usize], codec, &bytes)
    };
    scoring.open_as_run(*number, way, opened)
}
