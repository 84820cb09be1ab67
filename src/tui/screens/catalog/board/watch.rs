//! Reads the folder that the board watches: what is new or changed since the last time. Runs
//! on the thread for files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::state::SeenFiles;
use crate::present::board::{BoardRow, RowFrom, Texts};
use crate::speculate::trace_folder::trace_files;
use crate::tui::terminal::files::load;

/// After this long what was read is shown, and the rest is read next.
const A_WHILE: Duration = Duration::from_millis(300);

/// What was found in a folder.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(crate) rows: Vec<BoardRow>,
    pub(crate) seen: SeenFiles,
    /// Files that are no traces.
    pub(crate) n_not_traces: usize,
    /// Whether there is more to read.
    pub(crate) has_more: bool,
}

/// Reads what is new in a folder.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn scan(folder: &Path, mut seen: SeenFiles) -> Result<Scanned, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/traces/strict.jsonl");

    #[test]
    fn what_is_new_or_changed_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let scan = |seen: &SeenFiles| scan(folder.path(), seen.clone()).expect("a folder");
        let first = scan(&SeenFiles::new());
        assert_eq!((first.rows.len(), first.has_more), (0, false));
        std::fs::copy(SHIPPED, at("a.jsonl")).expect("copied");
        std::fs::write(at("other.jsonl"), "{}\n").expect("written");
        std::fs::write(at("passes.jsonl"), "{}\n").expect("written");
        std::fs::write(at("notes.txt"), "text").expect("written");
        let second = scan(&first.seen);
        let froms: Vec<&RowFrom> = second.rows.iter().map(|row| &row.from).collect();
        assert_eq!(froms, [&RowFrom::File(at("a.jsonl"))]);
        assert_eq!(second.n_not_traces, 1);
        let third = scan(&second.seen);
        assert_eq!((third.rows.len(), third.n_not_traces), (0, 0));
        std::fs::write(at("other.jsonl"), "{}\n{}\n").expect("written");
        std::fs::copy(SHIPPED, at("b.jsonl")).expect("copied");
        let fourth = scan(&third.seen);
        assert_eq!((fourth.rows.len(), fourth.n_not_traces), (1, 0));
        let gone = super::scan(&at("no folder"), SeenFiles::new());
        assert!(gone.expect_err("no folder").contains("no folder"));
    }
}
