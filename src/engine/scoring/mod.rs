//! Scores answers that were written elsewhere: what drafting would have accepted of them,
//! without a model. Takes token ids; must not know logs, texts or vocabularies.
//!
//! Reading order: an `answer` as token ids; its `replay` against pools, step by step; the
//! `figures` of the steps; the `answers` of a whole log; the `protocol`, which says who may
//! draft for whom; `scored`: all of them.

mod answer;
mod answers;
mod figures;
mod header;
mod opened;
mod protocol;
mod replay;
mod scored;

pub use answer::LoggedAnswer;
pub use answers::Answers;
pub use answers::AnswersBuilder;
pub use answers::LoggedEntry;
pub use figures::EntryScore;
pub use figures::POSITIONS;
pub use figures::ScoreSums;
pub use header::ScoringStart;
pub use opened::OpenedAs;
pub use protocol::Split;
pub use replay::LogReplay;
pub use replay::LogStep;
pub use scored::ScoredAnswer;
pub use scored::Scoring;
pub use scored::ScoringWay;
