//! `laserscope score LOG --open ID --trace FILE`: one answer of a log as a run, with the trees
//! and verdicts that are scored. Built when it is asked for; `--judge` adds a model's
//! distributions.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, eyre};

use super::read::{OpenedEntry, ReadLogs};
use super::ways::Way;
use crate::atomic_file;
use crate::cli::ScoreArgs;
use crate::commands::open_engine;
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::scoring::{OpenedAs, Scoring, ScoringStart, ScoringWay, Split};
use crate::present::number::percent;
use crate::recsys::logs::LogFinish;
use crate::recsys::{self, Catalog};
use crate::session::log_tokens::TokenTop;
use crate::speculate::TokenId;
use crate::speculate::row::{Candidate, Drawn, NodeDistribution};
use crate::speculate::subject::{FrameworkName, GroupKey, KindName};
use crate::speculate::trace::{LogEntry, ModelInfo, SubjectInfo, TokenBytes, Trace};
use crate::speculate::verify::Finish;

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
    (logs, ways): (&ReadLogs, &[Way]),
    split: Split,
    start: &ScoringStart,
    (args, settings): (&ScoreArgs, &Settings),
) -> Result<bool> {
    let [way] = ways else {
        return Err(eyre!(
            "--open shows one way to draft, and {} are given: give one --drafter and one --budget",
            ways.len()
        ));
    };
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
    let codec = logs.encoder.codec();
    let is_greedy = is_greedy(entry.temperature, &encoded.token_ids, &encoded.tops);
    let rows = rows(&encoded.token_ids, &encoded.tops, is_greedy);
    // Without a prompt, the answer's first token is given.
    let n_given = encoded.token_ids.len() - logs.answers.n_tokens_of(*number);
    let bytes = |id: TokenId| {
        let bytes = codec.map(|codec| codec.token_bytes(id).to_vec());
        TokenBytes::new(&bytes.unwrap_or_default())
    };
    let opened = OpenedAs {
        model: ModelInfo {
            name: entry.model.clone().unwrap_or(NO_MODEL.into()),
            tokenizer_hash: codec.map_or_else(String::new, |codec| codec.hash()),
            ..ModelInfo::default()
        },
        log: place(entry, is_greedy),
        subject: subject(entry, &logs.answers.entries[*number as usize].group),
        finish: finish(&entry.finish, encoded.has_end),
        rows: rows.into_iter().skip(n_given).collect(),
        bytes: &bytes,
    };
    scoring.open_as_run(*number, way, opened)
}

/// The name of a model that the log does not name.
const NO_MODEL: &str = "model not recorded";

fn place(entry: &recsys::logs::LogEntry, is_greedy: Option<bool>) -> LogEntry {
    let file = Path::new(&*entry.place.file).file_name();
    LogEntry {
        log: file.map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        id: entry.id.clone(),
        is_greedy,
        judge: None,
    }
}

fn subject(entry: &recsys::logs::LogEntry, group: &GroupKey) -> SubjectInfo {
    entry.subject.clone().unwrap_or_else(|| SubjectInfo {
        kind: KindName::Prompt,
        id: entry.id.clone(),
        title: entry.id.clone(),
        group: Some(group.to_string()),
        framework: FrameworkName::default(),
    })
}

fn finish(logged: &LogFinish, has_end: bool) -> Option<Finish> {
    match logged {
        LogFinish::Length => Some(Finish::Length),
        _ if has_end => Some(Finish::Eos),
        LogFinish::Stop | LogFinish::Other(_) | LogFinish::Unknown => None,
    }
}

/// Whether the engine took the most probable token each time: by the logged temperature,
/// else by the candidates. `None`: the log does not say.
fn is_greedy(temperature: Option<f64>, ids: &[TokenId], tops: &[TokenTop]) -> Option<bool> {
    if let Some(temperature) = temperature {
        return Some(temperature == 0.0);
    }
    let mut logged = ids.iter().zip(tops).filter(|(_, top)| !top.top.is_empty());
    let has_any = logged.clone().next().is_some();
    has_any.then(|| logged.all(|(&id, top)| is_best(id, top)))
}

fn is_best(id: TokenId, top: &TokenTop) -> bool {
    let best = top.top.first().map(|&(_, logprob)| logprob);
    let own = top.top.iter().find(|&&(other, _)| other == id);
    own.is_some_and(|&(_, logprob)| Some(logprob) >= best)
}

/// The distributions that the log has parts of. Where the engine may have sampled, the token
/// counts as sampled: no lossy rule judges there.
fn rows(
    ids: &[TokenId],
    tops: &[TokenTop],
    is_greedy: Option<bool>,
) -> Vec<Option<NodeDistribution>> {
    let row = |(&id, top): (&TokenId, &TokenTop)| match is_greedy {
        Some(true) => greedy_row(id, top),
        _ => sampled_row(id, top),
    };
    ids.iter().zip(tops).map(row).collect()
}

fn candidates(top: &TokenTop) -> Vec<Candidate> {
    let listed = top.top.iter();
    listed
        .map(|&(id, logprob)| Candidate(id, logprob.exp() as f32))
        .collect()
}

/// `None`: the log has nothing here, or another token was more probable.
fn greedy_row(id: TokenId, top: &TokenTop) -> Option<NodeDistribution> {
    let mut listed = candidates(top);
    if listed.is_empty() {
        listed.push(Candidate(id, top.logprob?.exp() as f32));
    }
    let own = listed.iter().position(|candidate| candidate.0 == id)?;
    if listed[own].1 < listed[0].1 {
        return None;
    }
    listed.swap(0, own);
    Some(NodeDistribution {
        top: listed,
        entropy: None,
        drawn: None,
    })
}

/// `None`: the log has no probability of the token.
fn sampled_row(id: TokenId, top: &TokenTop) -> Option<NodeDistribution> {
    let listed = candidates(top);
    let at = listed.iter().position(|candidate| candidate.0 == id);
    let listed_p = at.map(|at| listed[at].1);
    let p = top.logprob.map(|logprob| logprob.exp() as f32);
    Some(NodeDistribution {
        drawn: Some(Drawn::new(id, at.map(|at| at as u32 + 1), p.or(listed_p)?)),
        top: listed,
        entropy: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(logprob: Option<f64>, listed: &[(TokenId, f64)]) -> TokenTop {
        TokenTop {
            logprob,
            top: listed.to_vec(),
        }
    }

    #[test]
    fn what_a_log_says_of_a_token_becomes_its_distribution() {
        let best = top(Some(-0.5), &[(7, -0.5), (8, -1.5)]);
        let row = greedy_row(7, &best).unwrap();
        assert_eq!(row.choice(), Some(7));
        assert_eq!((row.top.len(), row.entropy), (2, None));
        assert_eq!(greedy_row(8, &best), None, "another was more probable");
        assert_eq!(greedy_row(7, &top(None, &[])), None, "nothing is logged");
        let alone = greedy_row(7, &top(Some(-0.5), &[])).unwrap();
        assert_eq!((alone.choice(), alone.top.len()), (Some(7), 1));
        let sampled = sampled_row(9, &top(Some(-3.0), &[(7, -0.5)])).unwrap();
        assert_eq!(sampled.choice(), Some(9));
        assert_eq!(sampled.choice_score().unwrap().rank, None);
        assert_eq!(sampled_row(9, &top(None, &[(7, -0.5)])), None);
    }

    #[test]
    fn greedy_is_what_the_log_says_or_shows() {
        let tops = [top(None, &[(7, -0.5), (8, -1.5)]), top(None, &[])];
        assert_eq!(is_greedy(None, &[7, 1], &tops), Some(true));
        assert_eq!(is_greedy(None, &[8, 1], &tops), Some(false));
        assert_eq!(is_greedy(None, &[7, 1], &[]), None);
        assert_eq!(is_greedy(Some(0.0), &[8, 1], &tops), Some(true));
        assert_eq!(is_greedy(Some(0.7), &[7, 1], &tops), Some(false));
    }
}
