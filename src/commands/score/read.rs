//! Logs as answers of token ids, with progress; every line is kept or counted.

use std::collections::HashMap;

use color_eyre::eyre::{Result, bail, ensure};

use super::groups::{GroupFinder, limit_groups};
use super::rows::rows;
use super::vocabulary::encoder;
use crate::cli::{LogReadingArgs, ScoreArgs};
use crate::config::Settings;
use crate::console::interrupt;
use crate::console::progress::Line;
use crate::engine::scoring::{Answers, AnswersBuilder, LoggedAnswer, LoggedEntry};
use crate::engine::{Knowledge, open_pool};
use crate::model::tokenizer::TextCodec;
use crate::recsys::Catalog;
use crate::recsys::logs::{LogEntry, LogOptions, LogReader, LogReport};
use crate::retrieval::{Check, PoolStore, Pools};
use crate::session::as_knowledge;
use crate::session::log_tokens::{EncodedEntry, EncodingReport, EntryEncoder};
use crate::speculate::TokenId;
use crate::speculate::headings::headings;
use crate::speculate::params::{AcceptanceRule, Params};

/// Distinct headings that are told apart.
const MAX_HEADINGS: usize = 1024;
/// The headings beyond the limit.
const OTHER_HEADINGS: &str = "(others)";

/// What was read.
pub(super) struct ReadLogs {
    pub(super) answers: Answers,
    /// Given with --pool and --knowledge.
    pub(super) pools: Pools,
    /// Tokens that end an answer.
    pub(super) eos: Vec<TokenId>,
    /// The headings by number.
    pub(super) headings: Vec<String>,
    pub(super) report: LogReport,
    pub(super) encoding: EncodingReport,
    /// Answers of which nothing is left after the prompt.
    pub(super) n_too_short: usize,
    /// Answers that lack one of their times.
    pub(super) n_without_times: usize,
    /// How many groups there were, if some were put together.
    pub(super) n_groups: Option<usize>,
}

impl ReadLogs {
    /// Lines for the user: what was left out, and why.
    pub(super) fn told(&self) -> Vec<String> {
        let mut lines = self.report.told();
        let n = self.n_too_short;
        if n > 0 {
            lines.push(format!(
                "{n} answers of one token without a prompt left out"
            ));
        }
        lines
    }
}

/// Reads all logs; `None`: cancelled.
///
/// # Errors
/// As [`LogReader::open`]; ids of another vocabulary; a lossy rule without what it needs.
pub(super) fn read(
    args: &ScoreArgs,
    params: &Params,
    settings: &Settings,
    line: &mut Line,
) -> Result<Option<ReadLogs>> {
    let mut reader = LogReader::open(&args.logs, &options(&args.reading))?;
    let Some(first) = reader.next().transpose()? else {
        bail!("no answers in the logs");
    };
    let (mut taking, pools) = Taking::begin(args, params, settings, &first)?;
    taking.take(&first)?;
    let limit = args.reading.limit.unwrap_or(usize::MAX);
    while taking.answers.len() < limit {
        let Some(entry) = reader.next().transpose()? else {
            break;
        };
        taking.take(&entry)?;
        if interrupt::is_set() {
            return Ok(None);
        }
        let done = (reader.done() * 1000.0) as u64;
        line.timed_part(
            done,
            1000,
            &format!("{} answers read", taking.answers.len()),
        );
    }
    taking.read(reader.report().clone(), pools).map(Some)
}

fn options(args: &LogReadingArgs) -> LogOptions {
    LogOptions {
        format: args.format,
        prompt_field: args.prompt_field.clone(),
        answer_field: args.answer_field.clone(),
        id_field: args.id_field.clone(),
        group_field: args.group_field.clone(),
        start_field: args.start_field.clone(),
        end_field: args.end_field.clone(),
    }
}

/// The pool of --pool and the documents of --knowledge; nothing else is assumed.
fn pools(settings: &Settings, codec: Option<&TextCodec>) -> Result<Pools> {
    let mut pools = Pools::empty();
    if let Some(path) = &settings.pool {
        let store = PoolStore::open(path, None, Check::Structure)?;
        // Pools of bare token ids go with any tokenizer.
        let is_bare = store.info().tokenizer.is_none();
        pools = match codec.filter(|_| !is_bare) {
            Some(codec) => open_pool(path, codec)?.pools(),
            None => store.pools(),
        };
    }
    if let (false, Some(codec)) = (settings.knowledge.is_empty(), codec) {
        let catalog = match settings.catalog {
            Some(_) => settings.load_catalog()?,
            None => Catalog::bundled()?,
        };
        let loaded = settings.load_documents()?;
        let docs = loaded.docs.iter().map(|doc| as_knowledge(doc, &catalog));
        let docs = docs.map(|doc: Knowledge| doc.tokenize(codec));
        pools = pools.beside(&Pools::build(docs.collect::<Result<Vec<_>>>()?));
    }
    Ok(pools)
}

/// How many of a prompt's last tokens begin the answer.
enum Opening {
    /// As an option says.
    Given(usize),
    /// What follows the last generation prompt of the chat template.
    After(Vec<TokenId>),
    /// Nothing is known.
    Unknown,
}

impl Opening {
    fn of(given: Option<usize>, encoder: &EntryEncoder) -> Self {
        if let Some(n) = given {
            return Opening::Given(n);
        }
        let ids = encoder.generation_prompt().filter(|ids| !ids.is_empty());
        ids.map_or(Opening::Unknown, Opening::After)
    }

    fn len(&self, entry: &LogEntry, prompt: &[TokenId]) -> usize {
        match self {
            Opening::Given(n) => *n,
            _ if entry.opening_len.is_some() => entry.opening_len.unwrap_or_default(),
            Opening::After(ids) => {
                let mut places = prompt.windows(ids.len()).rev();
                places.position(|window| window == ids).unwrap_or(0)
            }
            Opening::Unknown => 0,
        }
    }
}

/// The headings met so far, by number.
#[derive(Default)]
struct HeadingNames {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl HeadingNames {
    fn number(&mut self, name: String) -> u32 {
        let is_full = self.names.len() >= MAX_HEADINGS && !self.numbers.contains_key(&name);
        let name = if is_full {
            OTHER_HEADINGS.to_string()
        } else {
            name
        };
        let next = self.names.len() as u32;
        *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        })
    }
}

/// Reading under way.
struct Taking {
    answers: AnswersBuilder,
    encoder: EntryEncoder,
    groups: GroupFinder,
    opening: Opening,
    rule: AcceptanceRule,
    names: HeadingNames,
    /// The last request's number and place.
    request: (u32, Option<String>),
    n_too_short: usize,
}

impl Taking {
    /// With the tokenizer that logs beginning with this entry need, and the given pools.
    fn begin(
        args: &ScoreArgs,
        params: &Params,
        settings: &Settings,
        first: &LogEntry,
    ) -> Result<(Self, Pools)> {
        let encoder = encoder(args, settings, first)?;
        let pools = pools(settings, encoder.codec())?;
        let taking = Taking {
            answers: AnswersBuilder::new()?,
            groups: GroupFinder::new(args, settings, &pools)?,
            opening: Opening::of(args.reading.opening, &encoder),
            encoder,
            rule: params.verify,
            names: HeadingNames::default(),
            request: (0, None),
            n_too_short: 0,
        };
        Ok((taking, pools))
    }

    fn take(&mut self, entry: &LogEntry) -> Result<()> {
        let encoded = self.encoder.encode(entry)?;
        let opening = self.opening.len(entry, &encoded.prompt_ids);
        let rows = rows(self.rule, entry, &encoded)?;
        let n_tokens = encoded.token_ids.len();
        let EncodedEntry {
            prompt_ids,
            token_ids,
            ..
        } = encoded;
        let Some(mut answer) = LoggedAnswer::new(prompt_ids, opening, token_ids) else {
            self.n_too_short += 1;
            return Ok(());
        };
        let n_given = n_tokens - answer.token_ids.len();
        answer.rows = rows.into_iter().skip(n_given).collect();
        let group = self.groups.of(entry);
        let known = LoggedEntry {
            id: entry.id.clone(),
            place: entry.place.to_string(),
            request: self.request_of(entry),
            dealt: group.clone(),
            group,
            span: Option::zip(entry.started, entry.ended).map(|(a, b)| (a.0, b.0)),
            own_documents: self.groups.own_documents(entry),
            headings: self.headings(&answer),
        };
        self.answers.push(known, &answer)
    }

    /// The number of the request: one for all answers of a line.
    fn request_of(&mut self, entry: &LogEntry) -> u32 {
        let place = Some(entry.place.to_string());
        if self.request.1 != place {
            let is_first = self.request.1.is_none();
            self.request = (self.request.0 + u32::from(!is_first), place);
        }
        self.request.0
    }

    /// The headings of the answer's text; none without a tokenizer.
    fn headings(&mut self, answer: &LoggedAnswer) -> Vec<(u32, u32)> {
        let Some(codec) = self.encoder.codec() else {
            return Vec::new();
        };
        let n_opening = answer.opening_len;
        let opening = &answer.prompt_ids[answer.prompt_ids.len() - n_opening..];
        let ids = opening.iter().chain(&answer.token_ids);
        let found = headings(ids.map(|&id| codec.token_bytes(id)));
        let numbered = found.into_iter().map(|(name, at)| {
            let position = at.saturating_sub(n_opening) as u32;
            (self.names.number(name), position)
        });
        numbered.collect()
    }

    fn read(self, report: LogReport, pools: Pools) -> Result<ReadLogs> {
        ensure!(
            !self.answers.is_empty(),
            "the logs hold {} answers, but none has a second token to score",
            self.n_too_short
        );
        let eos = self.encoder.codec().map(TextCodec::eos_ids);
        let mut answers = self.answers.finish()?;
        let n_groups = limit_groups(&mut answers.entries);
        let untimed = answers.entries.iter().filter(|e| e.span.is_none());
        Ok(ReadLogs {
            n_without_times: untimed.count(),
            n_groups,
            pools,
            eos: eos.unwrap_or_default().to_vec(),
            headings: self.names.names,
            report,
            encoding: self.encoder.report().clone(),
            n_too_short: self.n_too_short,
            answers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_beyond_the_limit_are_one() {
        let mut names = HeadingNames::default();
        for n in 0..MAX_HEADINGS {
            assert_eq!(names.number(n.to_string()), n as u32);
        }
        assert_eq!(names.number("7".into()), 7);
        let others = names.number("one more".into());
        assert_eq!(names.number("and another".into()), others);
        assert_eq!(names.names.len(), MAX_HEADINGS + 1);
        assert_eq!(names.names[others as usize], OTHER_HEADINGS);
    }
}
