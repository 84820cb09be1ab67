//! Fetching a model, as shown by commands.

use std::io::{BufRead, IsTerminal};

use crate::console;
use crate::console::progress::Line;
use crate::protocol::FetchEvent;

/// Shows the progress of a fetch.
pub(crate) fn show(line: &mut Line, event: &FetchEvent) {
    match event {
        FetchEvent::Looking { what } => line.show(&format!("looking for it: {what}")),
        FetchEvent::Downloading { done, total, .. } => match total {
            Some(total) => line.timed_part(*done, *total, &downloading(event)),
            None => line.show(&downloading(event)),
        },
        FetchEvent::Verifying => line.show("checking size and hash"),
        FetchEvent::Hashing { file, done, total } => hashing(line, file, *done, *total),
        FetchEvent::Skipped { source, why } => line.say(&format!("{source}: {why}")),
        FetchEvent::Done { .. } => line.clear(),
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

/// Shows the progress of hashing a file.
pub(crate) fn hashing(line: &mut Line, file: &str, done: u64, total: u64) {
    let share = done as f64 * 100.0 / total.max(1) as f64;
    let text = format!("checking {file}: {share:.0}% of {}", megabytes(total));
    line.timed_part(done, total, &text);
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Asks before a large download; no without a terminal.
pub(crate) fn ask_large(bytes: u64) -> bool {
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
