//! The writer for standard output and the writer for standard error. Nothing else in
//! the program prints outside the playground's screens, so printed text contains no
//! control characters except those named here, on a terminal and through a pipe.
//!
//! Data goes to standard output; a failure there is remembered and ends the program
//! with an error ([`finish`]). Everything else goes to standard error, where failures
//! are ignored: no work is lost if nobody reads it.

#![allow(clippy::disallowed_methods, reason = "the writers themselves")]

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use color_eyre::eyre::{Result, bail};
use serde::Serialize;

/// A row on standard output; arguments as for `format!`.
#[macro_export]
macro_rules! out {
    () => { $crate::console::row(format_args!("")) };
    ($($arg:tt)*) => { $crate::console::row(format_args!($($arg)*)) };
}

/// A line on standard error; arguments as for `format!`.
#[macro_export]
macro_rules! note {
    () => { $crate::console::note(format_args!("")) };
    ($($arg:tt)*) => { $crate::console::note(format_args!($($arg)*)) };
}

// Below the macros that they use.
pub mod interrupt;
pub(crate) mod progress;
pub(crate) mod table;
pub mod visible;

/// The first failure of standard output; nothing is written after it.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Writes one row; a failure waits for [`finish`].
pub fn row(row: fmt::Arguments<'_>) {
    write(format!("{}\n", visible::row(&row.to_string())).as_bytes());
}

/// Writes text as it is, its line breaks and tabs included, at once.
///
/// # Errors
/// If standard output cannot be written to.
pub(crate) fn text(text: &str) -> Result<()> {
    write(visible::text(text).as_bytes());
    finish()
}

/// Writes one JSON object on a line of its own, at once.
///
/// # Errors
/// If standard output cannot be written to.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let mut line = visible::json(value)?;
    line.push(b'\n');
    write(&line);
    finish()
}

/// Ensures that everything was written.
///
/// # Errors
/// The first failure of standard output.
pub fn finish() -> Result<()> {
    if FAILURE.get().is_none()
        && let Err(error) = io::stdout().flush()
    {
        let _ = FAILURE.set(error);
    }
    match FAILURE.get() {
        Some(error) => bail!("writing to standard output: {error}"),
        None => Ok(()),
    }
}

/// The reader of standard output is gone: not an error.
pub fn is_reader_gone() -> bool {
    FAILURE
        .get()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn write(bytes: &[u8]) {
    if FAILURE.get().is_none()
        && let Err(error) = io::stdout().lock().write_all(bytes)
    {
        let _ = FAILURE.set(error);
    }
}

/// Standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Writes one line to standard error.
pub fn note(line: fmt::Arguments<'_>) {
    tracing::info!("{line}");
    write_note(&format!("{}\n", visible::row(&line.to_string())));
}

/// Writes lines to standard error: errors and other multi-line texts.
pub fn note_lines(lines: &str) {
    write_note(&format!("{}\n", visible::text(lines.trim_end())));
}

/// Asks on standard error; the cursor stays after the question.
pub(crate) fn ask(question: &str) {
    write_note(&visible::row(question));
}

fn write_note(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
