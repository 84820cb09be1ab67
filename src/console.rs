//! The writer for standard output and the writer for standard error. Nothing else
//! in the program prints outside the playground's screens, so what is printed holds
//! no control characters but those named here, on a terminal and through a pipe.
//!
//! Data go to standard output; a failure there is remembered and ends the program
//! with an error ([`finish`]). Everything else goes to standard error, where a
//! failure is ignored: no work is lost for want of a reader.

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

/// Sees to it that everything was written.
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

/// Nobody reads standard output any more: no reason to complain.
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
pub(crate) fn note(line: fmt::Arguments<'_>) {
    write_note(&format!("{}\n", visible::row(&line.to_string())));
}

/// Writes lines to standard error: errors and what else may have several.
pub fn note_lines(lines: &str) {
    write_note(&format!("{}\n", visible::text(lines.trim_end())));
}

/// Asks on standard error; the cursor stays behind the question.
pub(crate) fn ask(question: &str) {
    write_note(&visible::row(question));
}

/// Standard error is a terminal, where a line can be written over.
pub(crate) fn is_live() -> bool {
    io::stderr().is_terminal()
}

/// Writes over the current line of the terminal.
pub(crate) fn overwrite(line: &str) {
    write_note(&format!("\r\x1b[2K{}", visible::row(line)));
}

fn write_note(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
