//! Logs as answers of token ids, with progress; every line is kept or counted.

use color_eyre::eyre::{Result, bail, ensure};

use super::groups::{GroupFinder, limit_groups};
use super::heading_names::HeadingNames;
use super::logged::{LoggedMeta, logged_rows};
use super::opening::Opening;
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
    /// The answer to open, if it was found.
    pub(super) opened: Option<OpenedEntry>,
    /// What a board shows of each answer; empty without one.
    pub(super) metas: Vec<LoggedMeta>,
    /// The tokenizer that encoded them.
    pub(super) encoder: EntryEncoder,
}

/// The answer that is to be opened, as it was logged.
pub(super) struct OpenedEntry {
    pub(super) number: u32,
    pub(super) entry: LogEntry,
    pub(super) encoded: EncodedEntry,
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
    let complete = taking.take_all(&mut reader, limit, line)?;
    let report = reader.report().clone();
    complete.then(|| taking.read(report, pools)).transpose()
}

fn options(args: &LogReadingArgs) -> LogOptions {
    LogOptions {
        format: args.format.and_then(|wanted| wanted.0),
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

/// Reading under way.
struct Taking {
    answers: AnswersBuilder,
    encoder: EntryEncoder,
    groups: GroupFinder,
    opening: Opening,
    rule: AcceptanceRule,
    names: HeadingNames,
    /// The id of the answer to open.
    wanted: Option<String>,
    opened: Option<OpenedEntry>,
    /// Whether all can be opened later.
    for_board: bool,
    metas: Vec<LoggedMeta>,
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
            wanted: args.open.clone(),
            opened: None,
            for_board: args.board,
            metas: Vec::new(),
            request: (0, None),
            n_too_short: 0,
        };
        Ok((taking, pools))
    }

    /// Takes entries up to a limit; `false`: cancelled.
    fn take_all(&mut self, reader: &mut LogReader, limit: usize, line: &mut Line) -> Result<bool> {
        while self.answers.len() < limit {
            let Some(entry) = reader.next().transpose()? else {
                break;
            };
            self.take(&entry)?;
            if interrupt::is_set() {
                return Ok(false);
            }
            let done = (reader.done() * 1000.0) as u64;
            let text = format!("{} answers read", self.answers.len());
            line.timed_part(done, 1000, &text);
        }
        Ok(true)
    }

    fn take(&mut self, entry: &LogEntry) -> Result<()> {
        let encoded = self.encoder.encode(entry)?;
        let opening = self.opening.len(entry, &encoded.prompt_ids);
        let rows = match self.for_board && self.rule.amounts_to_strict() {
            true => logged_rows(entry, &encoded),
            false => rows(self.rule, entry, &encoded)?,
        };
        let meta = self.for_board.then(|| LoggedMeta::of(entry, &encoded));
        let n_tokens = encoded.token_ids.len();
        let is_wanted = self.opened.is_none() && self.wanted.as_ref() == Some(&entry.id);
        let wanted = is_wanted.then(|| OpenedEntry {
            number: self.answers.len() as u32,
            entry: entry.clone(),
            encoded: encoded.clone(),
        });
        let EncodedEntry {
            prompt_ids,
            token_ids,
            ..
        } = encoded;
        let Some(mut answer) = LoggedAnswer::new(prompt_ids, opening, token_ids) else {
            self.n_too_short += 1;
            return Ok(());
        };
        self.opened = self.opened.take().or(wanted);
        self.metas.extend(meta);
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
        let eos = eos.unwrap_or_default().to_vec();
        let mut answers = self.answers.finish()?;
        let n_groups = limit_groups(&mut answers.entries);
        let untimed = answers.entries.iter().filter(|e| e.span.is_none());
        Ok(ReadLogs {
            n_without_times: untimed.count(),
            n_groups,
            pools,
            eos,
            headings: self.names.names,
            report,
            encoding: self.encoder.report().clone(),
            opened: self.opened,
            metas: self.metas,
            encoder: self.encoder,
            n_too_short: self.n_too_short,
            answers,
        })
    }
}
