//! Answers that other engines logged: thousands of prompts and answers from vLLM, SGLang,
//! llama.cpp, TensorRT-LLM or a hosted API, as a stream of [`LogEntry`] in bounded memory.
//!
//! A bad line does not affect the others: it is counted under its reason in the
//! [`LogReport`], with the first place named. Must not know a vocabulary: token ids are the
//! log's, and texts are encoded elsewhere.

mod entry;
mod format;
mod options;
mod report;
mod time;

use std::path::PathBuf;

use color_eyre::eyre::Result;

pub use entry::LogAnswer;
pub use entry::LogEntry;
pub use entry::LogFinish;
pub use entry::LogMessage;
pub use entry::LogPiece;
pub use entry::LogPlace;
pub use entry::LogPrompt;
pub use entry::LogPromptText;
pub use entry::LogToken;
pub use format::LogFormat;
pub use options::LogOptions;
pub use report::LogReport;
pub use report::LogSkip;
pub use report::LogSkipped;
pub use time::LogTime;

/// A stream of the entries of one or more files.
pub struct LogReader {
    report: LogReport,
}

impl LogReader {
    /// Opens all files and looks at their first lines.
    ///
    /// # Errors
    /// A file that cannot be read, or that looks like none of the formats.
    pub fn open(_paths: &[PathBuf], _options: &LogOptions) -> Result<Self> {
        Ok(LogReader {
            report: LogReport::default(),
        })
    }

    /// What became of the lines so far.
    pub fn report(&self) -> &LogReport {
        &self.report
    }

    /// The share of the files' bytes read so far, 0 to 1.
    pub fn done(&self) -> f64 {
        0.0
    }
}

/// An error ends the stream. At its end, a log of which no line could be kept is one.
impl Iterator for LogReader {
    type Item = Result<LogEntry>;

    fn next(&mut self) -> Option<Result<LogEntry>> {
        None
    }
}
