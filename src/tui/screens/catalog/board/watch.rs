//! Reads the folder that the board watches: what is new or changed since the last time. Runs
//! on the thread for files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::state::Seen;
use crate::present::board::{BoardRow, RowFrom, Texts};
use crate::speculate::trace_folder::trace_files;
use crate::tui::terminal::files::load;

/// After this long what was read is shown, and the rest is read next.
const A_WHILE: Duration = Duration::from_millis(300);

/// What was found in a folder.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) rows: Vec<BoardRow>,
    pub(crate) seen: Seen,
    /// Files that are no traces.
    pub(crate) n_not_traces: usize,
    /// Whether there is more to read.
    pub(crate) has_more: bool,
}

/// Reads what is new in a folder.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn scan(folder: &Path, mut seen: Seen) -> Result<Scanned, String> {
    let begun = Instant::now();
    let files = trace_files(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let (mut rows, mut n_not_traces, mut has_more) = (Vec::new(), 0, false);
    for path in files {
        let state = state_of(&path);
        if seen.get(&path) == Some(&state) {
            continue;
        }
        if begun.elapsed() > A_WHILE {
            has_more = true;
            break;
        }
        match load(&path) {
            Ok(trace) => {
                let from = RowFrom::File(path.clone());
                rows.push(BoardRow::of(&trace, from, Texts::LeftOut));
            }
            Err(_) => n_not_traces += usize::from(!seen.contains_key(&path)),
        }
        seen.insert(path, state);
    }
    Ok(Scanned {
        rows,
        seen,
        n_not_traces,
        has_more,
    })
}

fn state_of(path: &PathBuf) -> (u64, Option<SystemTime>) {
    let about = std::fs::metadata(path);
    about.map_or((0, None), |about| (about.len(), about.modified().ok()))
}
