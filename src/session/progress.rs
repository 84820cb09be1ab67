//! One line of progress on standard error, where that is a terminal.

use std::io::{BufRead, IsTerminal};
use std::time::{Duration, Instant};

use crate::console;
use crate::model::fetch::FetchEvent;

/// A line that is written over; removed when dropped.
pub struct Line {
    live: bool,
    shown: Option<Instant>,
}

impl Line {
    pub fn new() -> Self {
        Line {
            live: console::is_live(),
            shown: None,
        }
    }

    /// There is a terminal to show it on.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Shows `text`, at most ten times a second.
    pub fn show(&mut self, text: &str) {
        let due = self
            .shown
            .is_none_or(|at| at.elapsed() > Duration::from_millis(100));
        if self.live && due {
            self.shown = Some(Instant::now());
            console::overwrite(text);
        }
    }

    fn clear(&mut self) {
        if self.shown.take().is_some() {
            console::overwrite("");
        }
    }

    /// A line that stays.
    pub fn say(&mut self, text: &str) {
        self.clear();
        note!("{text}");
    }

    pub fn fetch(&mut self, event: &FetchEvent) {
        match event {
            FetchEvent::Looking { what } => self.show(&format!("looking: {what}")),
            FetchEvent::Downloading { .. } => self.show(&downloading(event)),
            FetchEvent::Verifying => self.show("checking size and hash"),
            FetchEvent::Hashing { file, done, total } => self.show(&hashing(file, *done, *total)),
            FetchEvent::Skipped { source, why } => self.say(&format!("{source}: {why}")),
            FetchEvent::Done { .. } => self.clear(),
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}

fn downloading(event: &FetchEvent) -> String {
    let FetchEvent::Downloading {
        from,
        done,
        total,
        bytes_per_s,
    } = event
    else {
        return String::new();
    };
    let of = total.map_or(String::new(), |t| {
        format!(
            " of {} ({:.0}%)",
            megabytes(t),
            *done as f64 * 100.0 / t.max(1) as f64
        )
    });
    format!(
        "{from}: {}{of}, {}/s",
        megabytes(*done),
        megabytes(*bytes_per_s as u64)
    )
}

/// How far the hash of a file is.
pub fn hashing(file: &str, done: u64, total: u64) -> String {
    let share = done as f64 * 100.0 / total.max(1) as f64;
    format!("checking {file}: {share:.0}% of {}", megabytes(total))
}

pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Asks before a large download; no without a terminal.
pub fn ask_large(bytes: u64) -> bool {
    if !std::io::stdin().is_terminal() {
        note!("the model has {}: add --yes to fetch it", megabytes(bytes));
        return false;
    }
    console::ask(&format!(
        "The model has {}. Fetch it? [y/N] ",
        megabytes(bytes)
    ));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer).is_ok();
    read && answer.trim().eq_ignore_ascii_case("y")
}
