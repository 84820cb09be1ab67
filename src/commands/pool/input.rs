//! Documents for a pool, streamed: a batch in memory at a time. Knowledge
//! documents are tokenised in parallel; lines of token ids are read as they are.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::engine::Knowledge;
use crate::model::tokenizer::TextCodec;
use crate::recsys::foreign::{self, Account, Document, Hints};
use crate::recsys::knowledge::{known_framework, known_group};
use crate::recsys::{Catalog, Subject, SubjectKind};
use crate::retrieval::PoolDoc;
use crate::speculate::subject::{GroupKey, KindName};

/// Maximum documents and text of a batch.
const BATCH_DOCS: usize = 1024;
const BATCH_BYTES: usize = 4 << 20;

/// Receives tokenised documents and the share of the input read so far, 0 to 1 if known.
pub(crate) type Sink<'a> = dyn FnMut(PoolDoc, Option<f64>) -> Result<()> + 'a;

/// Reads files of documents, `-` being standard input, in any form that
/// [`foreign`] knows.
///
/// # Errors
/// A file that cannot be read, or without a readable document; the sink's errors.
pub(crate) fn files(paths: &[PathBuf], names: &Names, sink: &mut Sink) -> Result<Account> {
    let hints = Hints::default();
    let mut account = Account::default();
    for path in paths {
        let mut batch = Batch::new(names, sink);
        let mut push = |doc, done| batch.push(doc, done);
        let (name, read) = match path.as_os_str() == "-" {
            true => {
                let name = "standard input".to_string();
                let read = foreign::each_from(&name, io::stdin().lock(), &hints, &mut push)?;
                (name, read)
            }
            false => {
                let read = foreign::each(path, &hints, &mut push)?;
                (path.display().to_string(), read)
            }
        };
        read.expect_any(&name, batch.finish()?)?;
        account.add(read);
    }
    Ok(account)
}

/// Reads documents from a text, called `name` in messages.
///
/// # Errors
/// As [`files`].
pub(crate) fn text(name: &str, text: &str, names: &Names, sink: &mut Sink) -> Result<()> {
    let mut batch = Batch::new(names, sink);
    let mut push = |doc, done| batch.push(doc, done);
    let read = foreign::each_from(name, text.as_bytes(), &Hints::default(), &mut push)?;
    read.expect_any(name, batch.finish()?)
}

/// Tokenises documents in batches.
struct Batch<'a, 's> {
    names: &'a Names<'a>,
    sink: &'a mut Sink<'s>,
    docs: Vec<Document>,
    n_bytes: usize,
    n_done: usize,
    done: Option<f64>,
}

impl<'a, 's> Batch<'a, 's> {
    fn new(names: &'a Names<'a>, sink: &'a mut Sink<'s>) -> Self {
        Batch {
            names,
            sink,
            docs: Vec::new(),
            n_bytes: 0,
            n_done: 0,
            done: None,
        }
    }

    fn push(&mut self, doc: Document, done: Option<f64>) -> Result<()> {
        self.n_bytes += doc.text.len();
        self.done = done;
        self.docs.push(doc);
        if self.docs.len() == BATCH_DOCS || self.n_bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let names = self.names;
        let tokenized = self.docs.par_iter().map(|doc| names.document(doc));
        let tokenized: Vec<Result<PoolDoc>> = tokenized.collect();
        self.n_done += tokenized.len();
        self.docs.clear();
        self.n_bytes = 0;
        for doc in tokenized {
            (self.sink)(doc?, self.done)?;
        }
        Ok(())
    }

    /// How many documents there were.
    fn finish(mut self) -> Result<usize> {
        self.flush()?;
        Ok(self.n_done)
    }
}

/// Turns entries into pool documents.
pub(crate) struct Names<'a> {
    pub(crate) codec: &'a TextCodec,
    /// Supplies missing titles and groups.
    pub(crate) catalog: &'a Catalog,
}

impl Names<'_> {
    fn document(&self, doc: &Document) -> Result<PoolDoc> {
        let kind = doc.kind.as_deref().map_or(KindName::Item, KindName::from);
        let subject = self.subject(&kind, &doc.id);
        let title = doc.title.clone().or_else(|| Some(subject?.label()));
        let group = subject.and_then(|subject| Some(subject.pool_group()?.to_string()));
        let said = doc.group.as_deref().and_then(known_group);
        let group = said.map(str::to_string).or(group);
        let framework = doc.framework.as_deref().and_then(known_framework);
        let knowledge = Knowledge {
            title: title.unwrap_or_else(|| doc.id.clone()),
            id: doc.id.clone(),
            kind,
            group,
            framework: framework.map(str::to_string),
            text: doc.text.clone(),
            ended: doc.ended,
        };
        let tokenized = knowledge.tokenize(self.codec);
        tokenized.wrap_err_with(|| format!("document `{}`", doc.id))
    }

    fn subject(&self, kind: &KindName, id: &str) -> Option<Subject<'_>> {
        let at = self.catalog.lookup(SubjectKind::named(kind)?, id)?;
        Some(self.catalog.subject(at))
    }
}

/// Reads lines of token ids; their line numbers are their ids.
///
/// # Errors
/// Names the file and the line; the sink's errors.
pub(crate) fn tokens(path: &Path, groups: Option<&Path>, sink: &mut Sink) -> Result<()> {
    let context = || format!("reading {}", path.display());
    let file = File::open(path).wrap_err_with(context)?;
    let n_bytes = file.metadata().wrap_err_with(context)?.len();
    let mut groups = groups.map(Groups::open).transpose()?;
    let mut n_read = 0;
    for (number, line) in (1..).zip(BufReader::with_capacity(1 << 20, file).lines()) {
        let line = line.wrap_err_with(context)?;
        n_read += line.len() + 1;
        let tokens = line.split_ascii_whitespace().map(str::parse);
        let tokens: Result<Vec<u32>, _> = tokens.collect();
        let tokens = tokens
            .ok()
            .filter(|tokens| tokens.iter().all(|&t| t < u32::MAX))
            .ok_or_else(|| eyre!("{}:{number}: not a line of token ids", path.display()))?;
        let group = match &mut groups {
            Some(groups) => groups.next(number)?,
            None => "all".into(),
        };
        let doc = PoolDoc {
            id: number.to_string().into(),
            title: format!("line {number}"),
            group,
            tokens,
        };
        sink(doc, Some(n_read as f64 / n_bytes.max(1) as f64))?;
    }
    match groups {
        Some(groups) => groups.expect_end(),
        None => Ok(()),
    }
}

/// The group of each document, line by line.
struct Groups {
    path: PathBuf,
    lines: io::Lines<BufReader<File>>,
}

impl Groups {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).wrap_err_with(|| format!("reading {}", path.display()))?;
        Ok(Groups {
            path: path.to_path_buf(),
            lines: BufReader::new(file).lines(),
        })
    }

    fn next(&mut self, number: usize) -> Result<GroupKey> {
        let line = self.lines.next();
        let line = line.ok_or_else(|| eyre!("{}: line {number} is missing", self.path.display()));
        let line = line?.wrap_err_with(|| format!("reading {}", self.path.display()))?;
        Ok(line.trim().into())
    }

    fn expect_end(mut self) -> Result<()> {
        let mut rest = self.lines.by_ref().map_while(io::Result::ok);
        if rest.any(|line| !line.trim().is_empty()) {
            bail!(
                "{} has more lines than there are documents",
                self.path.display()
            );
        }
        Ok(())
    }
}
