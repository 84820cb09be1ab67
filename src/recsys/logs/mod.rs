//! Answers that other engines logged: thousands of prompts and answers from vLLM, SGLang,
//! llama.cpp, TensorRT-LLM or a hosted API, as a stream of [`LogEntry`] in bounded memory.
//!
//! A bad line does not affect the others: it is counted under its reason in the
//! [`LogReport`], with the first place named. Must not know a vocabulary: token ids are the
//! log's, and texts are encoded elsewhere.
//!
//! A file is unpacked and cut into entries (`source`, `layout`, `values`, `rows`); a line is
//! looked at (`shape`) and read as a request (`asked`) and a response (`answered`,
//! `logprobs`), as a conversation or as separate fields (`plain`); what stands in several
//! lines is joined (`joining`).

mod answered;
mod asked;
mod batch;
mod chunks;
mod conversations;
mod entry;
mod fields;
mod format;
mod joining;
mod layout;
mod logprobs;
mod options;
mod plain;
mod reader;
#[cfg(test)]
mod reader_test;
mod refusal;
mod report;
mod rows;
mod shape;
mod source;
mod time;
mod values;

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
pub use reader::LogReader;
pub use report::LogReport;
pub use report::LogSkip;
pub use report::LogSkipped;
pub use time::LogTime;
