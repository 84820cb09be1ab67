//! The recorded runs in a folder, by the names of their files.

use std::io;
use std::path::{Path, PathBuf};

use super::passes::PASSES;

/// The files of a folder that may be traces, in the order of their names.
///
/// # Errors
/// What the disk reports.
pub(crate) fn trace_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // A file that is being written has a name that begins with a dot.
        let name = path.file_name().and_then(|name| name.to_str());
        let is_trace = name.is_some_and(|name| !name.starts_with('.') && name != PASSES);
        if path.extension().is_some_and(|e| e == "jsonl") && is_trace && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
