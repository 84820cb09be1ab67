//! The answers of a whole log. Their tokens are in a temporary file without a name, what is
//! needed to choose among them is in memory.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use color_eyre::eyre::{Result, WrapErr};

use super::answer::LoggedAnswer;
use super::protocol::{AnswerSpan, Contender};
use crate::speculate::TokenId;
use crate::speculate::row::{Candidate, Drawn, NodeDistribution};
use crate::speculate::subject::{DocId, GroupKey};

/// What is known of an answer besides its tokens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoggedEntry {
    /// As logged.
    pub id: String,
    /// Where it stands, for messages.
    pub place: String,
    /// Numbers the requests: several answers to one share it.
    pub request: u32,
    /// Its group's pool drafts first, and its own document joins it.
    pub group: GroupKey,
    /// Another group, for the comparison with random pools.
    pub dealt: GroupKey,
    /// When its request came in and when it was complete, in microseconds; `None`: one of
    /// them is not logged.
    pub span: Option<(i64, i64)>,
    /// Documents of the given pools about the same subject, which may not draft for it.
    pub own_documents: Vec<DocId>,
    /// Headings of the answer by number, each with the position of the first token under
    /// it, ascending.
    pub headings: Vec<(u32, u32)>,
}

impl LoggedEntry {
    pub(super) fn contender(&self) -> Contender {
        Contender {
            request: self.request,
            span: self.span.map(|(began, ended)| AnswerSpan { began, ended }),
        }
    }

    /// The number of the heading above a position.
    pub(super) fn heading_at(&self, position: usize) -> Option<u32> {
        let n = self
            .headings
            .partition_point(|&(_, at)| at as usize <= position);
        n.checked_sub(1).map(|last| self.headings[last].0)
    }
}

/// Where an answer's tokens are in the file, and how many of each kind.
#[derive(Clone, Copy, Debug)]
struct AnswerStretch {
    offset: u64,
    n_prompt: u32,
    n_opening: u32,
    n_tokens: u32,
    /// Words of its rows.
    n_rows: u32,
}

/// Writes the answers as they come.
pub struct AnswersBuilder {
    file: BufWriter<File>,
    offset: u64,
    entries: Vec<LoggedEntry>,
    stretches: Vec<AnswerStretch>,
}

/// The answers of a log by number, in the log's order.
pub struct Answers {
    file: Mutex<File>,
    /// What is known of each.
    pub entries: Vec<LoggedEntry>,
    stretches: Vec<AnswerStretch>,
}

/// What an error says was being done.
const TEMPORARY: &str =
    "keeping the answers in a temporary file (set TMPDIR to a folder with room)";

impl AnswersBuilder {
    /// # Errors
    /// No folder for temporary files, or one that cannot be written.
    pub fn new() -> Result<Self> {
        Ok(AnswersBuilder {
            file: BufWriter::new(tempfile::tempfile().wrap_err(TEMPORARY)?),
            offset: 0,
            entries: Vec::new(),
            stretches: Vec::new(),
        })
    }

    /// Answers so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an answer.
    ///
    /// # Errors
    /// A full disk.
    pub fn push(&mut self, entry: LoggedEntry, answer: &LoggedAnswer) -> Result<()> {
        let rows = words_of(&answer.rows);
        let words = answer
            .prompt_ids
            .iter()
            .chain(&answer.token_ids)
            .chain(&rows);
        for word in words {
            self.file
                .write_all(&word.to_le_bytes())
                .wrap_err(TEMPORARY)?;
        }
        let stretch = AnswerStretch {
            offset: self.offset,
            n_prompt: answer.prompt_ids.len() as u32,
            n_opening: answer.opening_len as u32,
            n_tokens: answer.token_ids.len() as u32,
            n_rows: rows.len() as u32,
        };
        self.offset += stretch.n_bytes();
        self.stretches.push(stretch);
        self.entries.push(entry);
        Ok(())
    }

    /// # Errors
    /// A full disk.
    pub fn finish(self) -> Result<Answers> {
        let file = self.file.into_inner().map_err(|e| e.into_error());
        Ok(Answers {
            file: Mutex::new(file.wrap_err(TEMPORARY)?),
            entries: self.entries,
            stretches: self.stretches,
        })
    }
}

impl Answers {
    /// Tokens of all answers.
    pub fn n_tokens(&self) -> u64 {
        let tokens = self.stretches.iter().map(|s| u64::from(s.n_tokens));
        tokens.sum()
    }

    /// Tokens of an answer.
    pub fn n_tokens_of(&self, number: u32) -> usize {
        self.stretches[number as usize].n_tokens as usize
    }

    /// An answer's tokens.
    ///
    /// # Errors
    /// What the disk reports.
    pub fn read(&self, number: u32) -> Result<LoggedAnswer> {
        let stretch = self.stretches[number as usize];
        let mut bytes = vec![0; stretch.n_bytes() as usize];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(stretch.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .wrap_err("reading an answer from the temporary file")?;
        drop(file);
        let mut words = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|word| u32::from_le_bytes(*word));
        let mut take = |n: u32| -> Vec<TokenId> { words.by_ref().take(n as usize).collect() };
        Ok(LoggedAnswer {
            prompt_ids: take(stretch.n_prompt),
            opening_len: stretch.n_opening as usize,
            token_ids: take(stretch.n_tokens),
            rows: rows_of(&take(stretch.n_rows)),
        })
    }
}

impl AnswerStretch {
    fn n_bytes(&self) -> u64 {
        let words = [self.n_prompt, self.n_tokens, self.n_rows];
        4 * words.iter().map(|&n| u64::from(n)).sum::<u64>()
    }
}

/// Marks a row with a drawn token.
const HAS_DRAWN: u32 = 1 << 31;

/// Each row as the number of its candidates, then their tokens and probabilities, then the
/// drawn token, its rank (0: not recorded) and probability if there is one; a row that is not
/// known has none of these.
fn words_of(rows: &[Option<NodeDistribution>]) -> Vec<u32> {
    let mut words = Vec::new();
    for row in rows {
        let top = row.as_ref().map_or(&[][..], |row| &row.top);
        let drawn = row.as_ref().and_then(|row| row.drawn);
        let mark = if drawn.is_some() { HAS_DRAWN } else { 0 };
        words.push(top.len() as u32 | mark);
        words.extend(top.iter().flat_map(|&Candidate(id, p)| [id, p.to_bits()]));
        let rank = |drawn: Drawn| drawn.rank.unwrap_or(0);
        words.extend(
            drawn
                .into_iter()
                .flat_map(|d| [d.token, rank(d), d.p.to_bits()]),
        );
    }
    words
}

fn rows_of(words: &[u32]) -> Vec<Option<NodeDistribution>> {
    let mut rows = Vec::new();
    let mut words = words.iter().copied();
    while let Some(head) = words.next() {
        let n = head & !HAS_DRAWN;
        let candidate = |_| Some(Candidate(words.next()?, f32::from_bits(words.next()?)));
        let top: Vec<Candidate> = (0..n).map_while(candidate).collect();
        let mut drawn_token = || {
            let (id, rank) = (words.next()?, words.next()?);
            let p = f32::from_bits(words.next()?);
            Some(Drawn::new(id, (rank > 0).then_some(rank), p))
        };
        let drawn = (head != n).then(&mut drawn_token).flatten();
        rows.push(
            (!top.is_empty() || drawn.is_some()).then_some(NodeDistribution {
                top,
                entropy: None,
                log_norm: None,
                drawn,
            }),
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_they_were_written() {
        let row = |top: &[(u32, f32)]| {
            let top = top.iter().map(|&(id, p)| Candidate(id, p)).collect();
            Some(NodeDistribution {
                top,
                entropy: None,
                log_norm: None,
                drawn: None,
            })
        };
        let mut answers = vec![
            LoggedAnswer::new(vec![1, 2, 3], 1, vec![4, 5]).unwrap(),
            LoggedAnswer::new(Vec::new(), 0, vec![7, 8]).unwrap(),
        ];
        let drawn =
            |top: &[(u32, f32)], drawn| row(top).map(|row| NodeDistribution { drawn, ..row });
        answers[0].rows = vec![
            row(&[(4, 0.5), (9, 0.25)]),
            None,
            drawn(&[(4, 0.5)], Some(Drawn::new(9, None, 0.125))),
            drawn(&[], Some(Drawn::new(4, Some(1), 0.5))),
        ];
        assert_eq!(LoggedAnswer::new(Vec::new(), 0, vec![7]), None);
        assert_eq!(
            (answers[1].opening_len, &answers[1].token_ids),
            (1, &vec![8])
        );
        let mut builder = AnswersBuilder::new().unwrap();
        for answer in &answers {
            builder.push(LoggedEntry::default(), answer).unwrap();
        }
        let kept = builder.finish().unwrap();
        assert_eq!(kept.n_tokens(), 3);
        for number in [1, 0, 1] {
            let read = kept.read(number).unwrap();
            let wrote = &answers[number as usize];
            assert_eq!(read.token_ids, wrote.token_ids);
            assert_eq!(read.prompt_ids, wrote.prompt_ids);
            assert_eq!(read.opening_len, wrote.opening_len);
            assert_eq!(read.rows, wrote.rows);
        }
    }

    #[test]
    fn a_position_is_under_the_last_heading_before_it() {
        let entry = LoggedEntry {
            headings: vec![(3, 5), (0, 9)],
            ..LoggedEntry::default()
        };
        let at = [0, 4, 5, 8, 9, 99].map(|position| entry.heading_at(position));
        assert_eq!(at, [None, None, Some(3), Some(3), Some(0), Some(0)]);
    }
}
