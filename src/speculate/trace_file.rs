//! A trace on disk: JSON Lines, versioned, byte-stable. Additions of later versions
//! survive being read and saved by this one.

mod check;

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

use super::trace::{End, FORMAT_IN_PART, Header, Step, Trace};
use check::check_step;

/// Limit of a line in bytes: a step of 64 rows has about 100 kB.
const LONGEST_LINE: u64 = 64 << 20;
/// Limit of the last line in bytes, which says how the run ended.
const LONGEST_END: u64 = 1 << 16;

/// The oldest and the newest version that can be read.
const OLDEST: u32 = 1;
const NEWEST: u32 = FORMAT_IN_PART;

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
enum Line<H, S> {
    Header(H),
    Step(S),
    End(End),
}

/// Errors of a trace file.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be opened, read or written.
    #[error("{0}")]
    Io(std::io::Error),
    /// A line (counted from 1) that cannot be read, and why.
    #[error("line {line}: {why}")]
    Line { line: usize, why: String },
    /// The file has another format version.
    #[error(
        "line 1: the trace has format version {found}, this program reads {OLDEST} to {NEWEST}; \
         record it again with this version, or open it with the version that wrote it"
    )]
    Version { found: u32 },
    /// No header line.
    #[error("the file is empty: it holds no trace")]
    Empty,
}

impl From<std::io::Error> for TraceError {
    fn from(e: std::io::Error) -> Self {
        TraceError::Io(e)
    }
}

impl Trace {
    /// Writes the run as JSON Lines; an unfinished run has no end line.
    pub fn save(&self, out: &mut impl Write) -> Result<(), TraceError> {
        self.write_line(out, 0, Line::Header(&self.header))?;
        for (i, step) in self.steps.iter().enumerate() {
            self.write_line(out, i + 1, Line::Step(step))?;
        }
        if let Some(end) = &self.end {
            self.write_line(out, self.steps.len() + 1, Line::End(end.clone()))?;
        }
        Ok(())
    }

    /// The original line, if it has unknown fields and was not changed since.
    fn write_line(
        &self,
        out: &mut impl Write,
        number: usize,
        line: Line<&Header, &Step>,
    ) -> Result<(), TraceError> {
        let as_read = self.unknown.get(&number).filter(|read| {
            parse(read).is_ok_and(|(read, _)| match (&read, &line) {
                (Line::Header(a), Line::Header(b)) => a == *b,
                (Line::Step(a), Line::Step(b)) => a == *b,
                (Line::End(a), Line::End(b)) => a == b,
                _ => false,
            })
        });
        match as_read {
            Some(text) => out.write_all(text.as_bytes())?,
            None => serde_json::to_writer(&mut *out, &line).map_err(std::io::Error::from)?,
        }
        Ok(out.write_all(b"\n")?)
    }

    /// Reads a run. A missing end line is fine: the run was cut off.
    pub fn load(mut input: impl BufRead) -> Result<Self, TraceError> {
        let mut trace: Option<Trace> = None;
        for i in 0.. {
            let Some(line) = bounded_line(&mut input, i + 1)? else {
                break;
            };
            if line.trim().is_empty() {
                continue;
            }
            if trace.is_none() {
                check_version(&line)?;
            }
            let bad = |why: String| TraceError::Line { line: i + 1, why };
            let (parsed, known) = parse(&line).map_err(|e| bad(e.to_string()))?;
            match (parsed, &mut trace) {
                (Line::Header(header), None) => trace = Some(Trace::new(header)),
                (Line::Header(_), Some(_)) => return Err(bad("a second header".into())),
                (_, None) => return Err(bad("a trace begins with its header".into())),
                (_, Some(trace)) if trace.end.is_some() => {
                    return Err(bad("a line after the end of the run".into()));
                }
                (Line::Step(step), Some(trace)) => {
                    check_step(&step, trace.steps.len()).map_err(bad)?;
                    trace.push(step);
                }
                (Line::End(end), Some(trace)) => trace.end = Some(end),
            }
            if let (Some(trace), Known::InPart) = (&mut trace, known) {
                let number = trace.steps.len() + usize::from(trace.end.is_some());
                trace.unknown.insert(number, line);
            }
        }
        trace.ok_or(TraceError::Empty)
    }

    /// Only the first and last line of a run: its header, and how it ended, unless it
    /// was cut off.
    ///
    /// # Errors
    /// As [`load`](Self::load), of the first line.
    pub(crate) fn peek(input: impl Read + Seek) -> Result<(Header, Option<End>), TraceError> {
        let mut input = BufReader::new(input);
        let first = bounded_line(&mut input, 1)?.ok_or(TraceError::Empty)?;
        check_version(&first)?;
        let bad = |why: String| TraceError::Line { line: 1, why };
        let Line::Header(header) = parse(&first).map_err(|e| bad(e.to_string()))?.0 else {
            return Err(bad("a trace begins with its header".into()));
        };
        Ok((header, last_line(&mut input)?))
    }
}

fn last_line(input: &mut (impl Read + Seek)) -> Result<Option<End>, TraceError> {
    let len = input.seek(SeekFrom::End(0))?;
    input.seek(SeekFrom::Start(len.saturating_sub(LONGEST_END)))?;
    let mut tail = Vec::new();
    input.take(LONGEST_END).read_to_end(&mut tail)?;
    let tail = String::from_utf8_lossy(&tail);
    let last = tail.trim_end().lines().next_back();
    Ok(match last.and_then(|line| parse(line).ok()) {
        Some((Line::End(end), _)) => Some(end),
        _ => None,
    })
}

/// The next line without its end; `None`: there is none.
fn bounded_line(input: &mut impl BufRead, number: usize) -> Result<Option<String>, TraceError> {
    let mut line = String::new();
    let mut bounded = input.by_ref().take(LONGEST_LINE + 1);
    bounded.read_line(&mut line)?;
    if line.len() as u64 > LONGEST_LINE {
        return Err(TraceError::Line {
            line: number,
            why: format!(
                "longer than {} MiB, the limit of a line",
                LONGEST_LINE >> 20
            ),
        });
    }
    let is_there = !line.is_empty();
    line.truncate(line.trim_end_matches(['\n', '\r']).len());
    Ok(is_there.then_some(line))
}

/// Whether this version understands every field of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Whole,
    InPart,
}

/// Steps, nearly the whole file, are recognized by their beginning; a tagged line is
/// buffered before its type is known.
fn parse(line: &str) -> Result<(Line<Header, Step>, Known), serde_json::Error> {
    if !line.starts_with(r#"{"line":"step","#) {
        let parsed: Line<Header, Step> = serde_json::from_str(line)?;
        let known = known_whole(&parsed, line)?;
        return Ok((parsed, known));
    }
    let mut known = Known::Whole;
    let mut reader = serde_json::Deserializer::from_str(line);
    let step: Step = serde_ignored::deserialize(&mut reader, |path| {
        // The tag belongs to the line, not to the step.
        if path.to_string() != "line" {
            known = Known::InPart;
        }
    })?;
    reader.end()?;
    let parsed = Line::Step(step);
    // A rule's fields are read through a buffer, where unknown ones go unnoticed.
    if let Line::Step(Step {
        params: Some(_), ..
    }) = &parsed
    {
        known = known_whole(&parsed, line)?;
    }
    Ok((parsed, known))
}

fn known_whole(parsed: &Line<Header, Step>, line: &str) -> Result<Known, serde_json::Error> {
    let again = serde_json::to_string(parsed)?;
    Ok(if again == line {
        Known::Whole
    } else {
        Known::InPart
    })
}

fn check_version(line: &str) -> Result<(), TraceError> {
    #[derive(Deserialize)]
    struct Probe {
        format: Option<u32>,
    }
    let probe: Probe = serde_json::from_str(line).map_err(|e| TraceError::Line {
        line: 1,
        why: format!("not a trace header: {e}"),
    })?;
    match probe.format {
        Some(OLDEST..=NEWEST) => Ok(()),
        Some(found) => Err(TraceError::Version { found }),
        None => Err(TraceError::Line {
            line: 1,
            why: "not a trace header: no `format`".into(),
        }),
    }
}
