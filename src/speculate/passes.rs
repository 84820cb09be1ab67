//! The record of a batch: a header line, then one line per pass. Each subject's run has its
//! own trace; this file records what the runs did together.

mod course;
mod points;
mod profiled;
#[cfg(test)]
mod test_support;
mod throughput;

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use super::cost::CostProfile;
use super::trace::{ModelInfo, Timing, Trace};

pub use course::BatchCourse;
pub(crate) use course::Stay;
pub(crate) use points::BenchPoint;
pub use points::BenchPoints;
pub(crate) use throughput::Factors;
pub(crate) use throughput::Throughput;

/// Name of the file in a folder of traces.
pub(crate) const PASSES: &str = "passes.jsonl";

/// Version of the file format.
const FORMAT: u32 = 1;

/// The header line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassesHeader {
    pub(crate) laserscope_passes: u32,
    pub(crate) model: ModelInfo,
    pub(crate) device: String,
    pub(crate) threads: usize,
    /// The most runs in a pass.
    pub lanes: usize,
    /// Length in tokens of each prefix that prompts share.
    pub(crate) shared: Vec<usize>,
    /// The cost profile that rows are allocated by.
    pub(crate) cost: CostProfile,
}

impl PassesHeader {
    pub(crate) fn new(model: ModelInfo, cost: CostProfile) -> Self {
        PassesHeader {
            laserscope_passes: FORMAT,
            model,
            device: String::new(),
            threads: 1,
            lanes: 1,
            shared: Vec::new(),
            cost,
        }
    }
}

/// One forward pass over the rows of many runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PassRecord {
    /// Counted from 0.
    pub index: usize,
    /// Rows of all lanes, prompt rows included.
    pub rows: usize,
    /// Draft rows.
    pub drafts: usize,
    /// Prompt rows.
    pub prompt: usize,
    /// Tokens committed in the pass.
    pub committed: usize,
    /// The whole pass; each run's steps are charged a share of it by rows.
    pub timing: Timing,
    /// The lowest path probability that was given a row; `None`: nothing was drafted, or
    /// rows were not allocated for the pass as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<f32>,
    /// The path probability that one more row would have needed to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<f32>,
    /// The lanes that took part.
    pub lanes: Vec<LaneRecord>,
}

/// What a lane did in a pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LaneRecord {
    /// Counted from 0.
    pub lane: usize,
    /// `item/i101`
    pub subject: String,
    /// This run's rows in the pass.
    pub rows: usize,
    /// The step of its trace in this pass; `None` for prompt rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// Tokens that its step committed.
    pub committed: usize,
    /// Whether this step ended its run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

/// A batch as recorded in a folder: its passes, and what there is of the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedBatch {
    /// The folder, for messages.
    pub from: String,
    /// The first line of the record of passes.
    pub header: PassesHeader,
    /// In order.
    pub passes: Vec<PassRecord>,
    /// The subjects' runs that could be read.
    pub traces: Vec<Trace>,
    /// Which runs could not be read, and why: a sentence each.
    pub problems: Vec<String>,
}

impl PassRecord {
    /// Milliseconds of the whole pass.
    pub fn ms(&self) -> f64 {
        self.timing.total()
    }
}

/// Writes one line.
///
/// # Errors
/// An I/O or serialization error.
pub fn write_line(out: &mut impl Write, line: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Reads a record, skipping a last line that was cut off.
///
/// # Errors
/// The number of the line that cannot be read, and why.
pub fn read(from: impl BufRead) -> Result<(PassesHeader, Vec<PassRecord>), String> {
    let mut lines = from.lines();
    let first = lines.next().ok_or("the file is empty")?;
    let first = first.map_err(|e| e.to_string())?;
    let header: PassesHeader =
        serde_json::from_str(&first).map_err(|e| format!("line 1: not a record of passes: {e}"))?;
    if header.laserscope_passes != FORMAT {
        let found = header.laserscope_passes;
        return Err(format!(
            "line 1: the record has format version {found}, this program reads {FORMAT}"
        ));
    }
    let mut passes = Vec::new();
    let mut lines = lines.enumerate().peekable();
    while let Some((i, line)) = lines.next() {
        let line = line.map_err(|e| e.to_string())?;
        match serde_json::from_str(&line) {
            Ok(pass) => passes.push(pass),
            Err(_) if lines.peek().is_none() => {}
            Err(e) => return Err(format!("line {}: {e}", i + 2)),
        }
    }
    Ok((header, passes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let header = PassesHeader::new(ModelInfo::default(), CostProfile::default());
        let pass = PassRecord {
            rows: 3,
            cut: Some(0.25),
            lanes: vec![LaneRecord {
                subject: "item/i1".into(),
                step: Some(4),
                ..LaneRecord::default()
            }],
            ..PassRecord::default()
        };
        let mut bytes = Vec::new();
        write_line(&mut bytes, &header).unwrap();
        write_line(&mut bytes, &pass).unwrap();
        assert_eq!(read(&*bytes), Ok((header.clone(), vec![pass.clone()])));
        bytes.extend(b"{\"index\":1,");
        assert_eq!(read(&*bytes), Ok((header, vec![pass])));
        bytes.extend(b"\n{}\n");
        assert!(read(&*bytes).unwrap_err().starts_with("line 3"));
        assert!(read(&b""[..]).is_err() && read(&b"{}\n"[..]).is_err());
    }
}
