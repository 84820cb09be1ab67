//! What a change of the pools is told as.

use crate::present::number::count;
use crate::protocol::{PoolChange, Undone};

/// `undo` is the key that undoes it.
pub(crate) fn told(change: &PoolChange, undo: &str) -> String {
    match change {
        PoolChange::Added { id, kind, group } => {
            format!("`{id}` is in {kind}/{group} for this session's next runs; {undo} removes it.")
        }
        PoolChange::AddedFile {
            path,
            n_documents,
            remarks,
        } => {
            let remarks = remarks
                .iter()
                .map(|r| format!(" {}.", r.trim_end_matches('.')));
            format!(
                "{} from {} added for this session's next runs; {undo} undoes this.{}",
                count(*n_documents, "document"),
                path.display(),
                remarks.collect::<String>()
            )
        }
        PoolChange::Removed { id } => {
            format!("`{id}` is removed for this session's next runs; {undo} brings it back.")
        }
        PoolChange::Undone(Undone::Added(n)) => {
            format!("{} removed again.", count(*n, "added document"))
        }
        PoolChange::Undone(Undone::Removed(id)) => format!("`{id}` is back."),
        PoolChange::Saved { path, saved } => {
            let unknown = match saved.unknown {
                0 => String::new(),
                n => format!("; {n} removed here only, they are not in that pool"),
            };
            let (added, removed) = (saved.added, saved.removed);
            format!(
                "Saved to {path}: {} added, {removed} removed{unknown}.",
                count(added, "document")
            )
        }
    }
}
