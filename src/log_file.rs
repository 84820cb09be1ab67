//! The log of `--log FILE`: what the whole program reports through `tracing`'s macros, one
//! line per event. Without that option nothing is written anywhere.
//!
//! Knows nothing about the events. Callers must leave prompts and answers out.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::OnceLock;

use color_eyre::eyre::{Result, WrapErr, ensure, eyre};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::prelude::*;

use crate::console::visible;

/// The level unless another is requested.
const DEFAULT_LEVEL: LevelFilter = LevelFilter::INFO;
/// Sets the level if the command line does not.
const LEVEL_VARIABLE: &str = "LASERSCOPE_LOG";

/// The first write error; logging continues, and the program reports it at its end.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Starts appending events up to the level to a file, which several processes may share.
/// `has_screens`: refuse a terminal, since the screens would be overwritten.
///
/// # Errors
/// A file that cannot be written, a terminal under the screens, or an invalid level in
/// `LASERSCOPE_LOG`.
pub fn begin(path: &Path, level: Option<&Targets>, has_screens: bool) -> Result<()> {
    let shown = path.display();
    let opened = OpenOptions::new().create(true).append(true).open(path);
    let file = opened.wrap_err_with(|| format!("--log: opening {shown}"))?;
    ensure!(
        !has_screens || !file.is_terminal(),
        "--log: {shown} is a terminal, where the screens are drawn: name a file"
    );
    let level = match level {
        Some(level) => level.clone(),
        None => level_of_environment()?,
    };
    let lines = fmt::layer()
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(LogFile(file));
    let log = tracing_subscriber::registry().with(lines.with_filter(level));
    log.try_init().wrap_err("--log")
}

/// What kept events from being written.
pub fn failure() -> Option<&'static io::Error> {
    FAILURE.get()
}

/// Parses a level for everything, or levels for parts of the program, as in
/// `info,laserscope::model=debug`.
///
/// # Errors
/// Names the word that is not a level.
pub(crate) fn parse_level(text: &str) -> Result<Targets, String> {
    for word in text.split(',') {
        let level = word.rsplit_once('=').map_or(word, |(_, level)| level);
        let is_level = !level.trim().is_empty() && level.trim().parse::<LevelFilter>().is_ok();
        if !is_level {
            return Err(format!(
                "`{level}` is not off, error, warn, info, debug or trace; a part of the program \
                 has its own level as in info,laserscope::model=debug"
            ));
        }
    }
    text.parse().map_err(|why| format!("{why}"))
}

fn level_of_environment() -> Result<Targets> {
    match std::env::var(LEVEL_VARIABLE) {
        Ok(text) if !text.is_empty() => {
            parse_level(&text).map_err(|why| eyre!("{LEVEL_VARIABLE}: {why}"))
        }
        _ => Ok(Targets::new().with_default(DEFAULT_LEVEL)),
    }
}

/// Writes each event at once and in one piece, so that events from several threads and
/// processes do not mix and none is lost if the program dies.
struct LogFile(File);

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a LogFile;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &LogFile {
    /// Writes one event as one line, whatever it contains.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = format!("{}\n", visible::row(text.trim_end_matches('\n')));
        if let Err(error) = (&self.0).write_all(line.as_bytes()) {
            let _ = FAILURE.set(error);
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_for_everything_or_for_a_part() {
        let level = parse_level("warn,laserscope::model=debug").unwrap();
        assert!(level.would_enable("laserscope::model::fetch", &tracing::Level::DEBUG));
        assert!(!level.would_enable("laserscope::engine", &tracing::Level::INFO));
        for wrong in ["debgu", "", "laserscope::model", "info,model=verbose"] {
            let why = parse_level(wrong).unwrap_err();
            assert!(
                why.contains("info,laserscope::model=debug"),
                "{wrong}: {why}"
            );
        }
    }

    #[test]
    fn an_event_stays_one_visible_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut log = &LogFile(file.reopen().unwrap());
        log.write_all(b"a\x1b[2J\nb\xff\n").unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(text, "a\u{241b}[2J\u{240a}b\u{fffd}\n");
    }
}
