//! Documents for a pool, streamed: a batch in memory at a time. Knowledge
//! documents are tokenised in parallel; lines of token ids are read as they are.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Result, WrapErr, bail, ensure, eyre};
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::engine::Knowledge;
use crate::model::tokenizer::TextCodec;
use crate::pool::PoolDoc;
use crate::recsys::{Catalog, DocumentLine, SubjectKind};

/// Documents of a batch, and the text of a batch.
const BATCH_DOCS: usize = 1024;
const BATCH_BYTES: usize = 4 << 20;

/// Takes tokenised documents and how much of the input they end at, 0 to 1
/// where that is known.
pub type Sink<'a> = dyn FnMut(PoolDoc, Option<f64>) -> Result<()> + 'a;

/// Reads files of knowledge documents, `-` being standard input.
///
/// # Errors
/// Names the file and the line at fault; the sink's errors.
pub fn files(paths: &[PathBuf], names: &Names, sink: &mut Sink) -> Result<()> {
    for path in paths {
        if path.as_os_str() == "-" {
            documents("standard input", None, io::stdin().lock(), names, sink)?;
            continue;
        }
        let context = || format!("reading {}", path.display());
        let file = File::open(path).wrap_err_with(context)?;
        let n_bytes = file.metadata().wrap_err_with(context)?.len();
        let name = path.display().to_string();
        documents(&name, Some(n_bytes), BufReader::new(file), names, sink)?;
    }
    Ok(())
}

/// What turns a line into a pool's document.
pub struct Names<'a> {
    pub codec: &'a TextCodec,
    /// Knows the titles of documents that bring none.
    pub catalog: &'a Catalog,
}

impl Names<'_> {
    fn document(&self, line: &str) -> Result<PoolDoc> {
        let line = DocumentLine::parse(line)?;
        ensure!(!line.id.is_empty(), "the id is empty");
        ensure!(!line.text.is_empty(), "the text is empty");
        let kind = line.kind.unwrap_or_else(|| "item".to_string());
        let title = line.title.or_else(|| self.title(&kind, &line.id));
        let knowledge = Knowledge {
            title: title.unwrap_or_else(|| line.id.clone()),
            id: line.id,
            kind,
            group: line.group.unwrap_or_else(|| "none".to_string()),
            framework: line.framework,
            text: line.text,
            ended: line.ended,
        };
        knowledge.tokenize(self.codec)
    }

    fn title(&self, kind: &str, id: &str) -> Option<String> {
        let kinds = [SubjectKind::Item, SubjectKind::User];
        let kind = kinds.into_iter().find(|k| k.to_string() == kind)?;
        let at = self.catalog.find(kind, id).ok()?;
        Some(self.catalog.subject(at).label())
    }
}

/// Reads knowledge documents from anywhere.
pub fn documents(
    name: &str,
    n_bytes: Option<u64>,
    mut from: impl BufRead,
    names: &Names,
    sink: &mut Sink,
) -> Result<()> {
    let (mut n_read, mut n_lines) = (0, 0);
    loop {
        let batch = read_batch(&mut from).wrap_err_with(|| format!("reading {name}"))?;
        if batch.is_empty() {
            return Ok(());
        }
        let numbered: Vec<(usize, &String)> = (n_lines + 1..).zip(&batch).collect();
        let lines = numbered.par_iter().filter(|(_, l)| !l.trim().is_empty());
        let docs: Vec<Result<PoolDoc>> = lines
            .map(|(number, line)| names.document(line).wrap_err(format!("{name}:{number}")))
            .collect();
        n_lines += batch.len();
        n_read += batch.iter().map(String::len).sum::<usize>();
        let done = n_bytes.map(|n| n_read as f64 / n.max(1) as f64);
        for doc in docs {
            sink(doc?, done)?;
        }
    }
}

fn read_batch(from: &mut impl BufRead) -> io::Result<Vec<String>> {
    let (mut batch, mut n_bytes) = (Vec::new(), 0);
    while batch.len() < BATCH_DOCS && n_bytes < BATCH_BYTES {
        let mut line = String::new();
        n_bytes += from.read_line(&mut line)?;
        if line.is_empty() {
            break;
        }
        batch.push(line);
    }
    Ok(batch)
}

/// Reads lines of token ids; their line numbers are their ids.
///
/// # Errors
/// Names the file and the line at fault; the sink's errors.
pub fn tokens(path: &Path, groups: Option<&Path>, sink: &mut Sink) -> Result<()> {
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
            None => "all".to_string(),
        };
        let doc = PoolDoc {
            id: number.to_string(),
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

    fn next(&mut self, number: usize) -> Result<String> {
        let line = self.lines.next();
        let line = line.ok_or_else(|| eyre!("{}: line {number} is missing", self.path.display()));
        let line = line?.wrap_err_with(|| format!("reading {}", self.path.display()))?;
        Ok(line.trim().to_string())
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
