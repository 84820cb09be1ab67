//! The batch that ships, for the lesson about batching.

use std::sync::LazyLock;

use color_eyre::eyre::{Result, eyre};

use crate::speculate::passes::{self, BatchCourse, RecordedBatch};
use crate::speculate::trace::Trace;

const PASSES: &str = include_str!("../../../assets/traces/batch/passes.jsonl");

const TRACES: [(&str, &str); 6] = [
    (
        "item-i001.jsonl",
        include_str!("../../../assets/traces/batch/item-i001.jsonl"),
    ),
    (
        "item-i002.jsonl",
        include_str!("../../../assets/traces/batch/item-i002.jsonl"),
    ),
    (
        "item-i004.jsonl",
        include_str!("../../../assets/traces/batch/item-i004.jsonl"),
    ),
    (
        "item-i006.jsonl",
        include_str!("../../../assets/traces/batch/item-i006.jsonl"),
    ),
    (
        "item-i016.jsonl",
        include_str!("../../../assets/traces/batch/item-i016.jsonl"),
    ),
    (
        "item-i061.jsonl",
        include_str!("../../../assets/traces/batch/item-i061.jsonl"),
    ),
];

/// The batch with its runs.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn recorded_batch() -> Result<RecordedBatch> {
    let from = "assets/traces/batch";
    let read = passes::read(PASSES.as_bytes());
    let (header, passes) = read.map_err(|e| eyre!("{from}/passes.jsonl: {e}"))?;
    let trace = |&(name, text): &(&str, &str)| {
        Trace::load(text.as_bytes()).map_err(|e| eyre!("{from}/{name}: {e}"))
    };
    Ok(RecordedBatch {
        from: from.into(),
        header,
        passes,
        traces: TRACES.iter().map(trace).collect::<Result<_>>()?,
        problems: Vec::new(),
    })
}

/// Its passes alone. `None`: they cannot be read.
pub(crate) fn course() -> Option<&'static BatchCourse> {
    static COURSE: LazyLock<Option<BatchCourse>> = LazyLock::new(|| {
        let (header, passes) = passes::read(PASSES.as_bytes()).ok()?;
        Some(BatchCourse::of(header, passes))
    });
    COURSE.as_ref()
}
