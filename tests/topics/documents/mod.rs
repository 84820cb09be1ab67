//! The documents are correct: links lead somewhere, command lines work, the files and tests
//! they name exist, and generated parts match the code.

mod commands;
mod generated;
mod links;
mod named;
mod reference;
mod workplace;

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file.
struct Page {
    /// Relative to the repository's root.
    path: PathBuf,
    text: String,
}

/// A line of a fenced block, with continuation lines joined.
struct FencedLine<'a> {
    page: &'a Path,
    /// Counted from 1.
    number: usize,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document, ordered by path.
fn pages() -> Vec<Page> {
    let folders = ["", "docs", "sample-data", "assets/traces"];
    let mut paths: Vec<PathBuf> = folders.into_iter().flat_map(markdown_in).collect();
    paths.sort();
    paths.into_iter().map(page).collect()
}

fn page(path: PathBuf) -> Page {
    let text = fs::read_to_string(root().join(&path)).expect("a page");
    Page { path, text }
}

fn markdown_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let paths = names.map(|name| Path::new(folder).join(name));
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

impl Page {
    fn named(path: &str) -> Page {
        page(path.into())
    }

    /// The lines of blocks fenced as `sh`, without comment lines.
    fn shell_lines(&self) -> Vec<FencedLine<'_>> {
        let mut lines: Vec<FencedLine> = Vec::new();
        let (mut fence, mut continued) = (None, false);
        for (row, line) in self.text.lines().enumerate() {
            if let Some(language) = line.strip_prefix("```") {
                fence = fence.is_none().then_some(language);
                continue;
            }
            if fence != Some("sh") || line.trim().is_empty() {
                continue;
            }
            let goes_on = line.strip_suffix('\\');
            let text = goes_on.unwrap_or(line).trim();
            match lines.last_mut().filter(|_| continued) {
                Some(begun) => begun.text = format!("{} {text}", begun.text.trim_end()),
                None => lines.push(FencedLine {
                    page: &self.path,
                    number: row + 1,
                    text: text.into(),
                }),
            }
            continued = goes_on.is_some();
        }
        lines
    }

    /// The text outside fenced blocks, line by line.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut fenced = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with("```");
            fenced ^= fence;
            !fence && !fenced
        })
    }
}

impl FencedLine<'_> {
    /// The words, split as a shell would.
    fn words(&self) -> Vec<String> {
        shlex::split(&self.text).unwrap_or_else(|| panic!("{}: unclosed quotes", self.place()))
    }

    fn place(&self) -> String {
        format!("{}:{}: {}", self.page.display(), self.number, self.text)
    }
}
