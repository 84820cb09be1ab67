//! What the environment and the terminal say about themselves: colours, light or
//! dark, UTF-8.

use std::io::{IsTerminal, stdin};
use std::time::Duration;

use supports_color::Stream;
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use crate::present::theme::ThemeName;
use crate::tui::look::ascii::locale_takes_utf8;
use crate::{console, shutdown};

/// How long a terminal may take to say its background. One that does not know the
/// question answers the next one at once.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether no colours are wanted (<https://no-color.org>).
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
}

/// The theme that fits the environment; the terminal is not asked.
pub(crate) fn from_environment() -> ThemeName {
    let says = |name, words: &[&str]| {
        std::env::var(name).is_ok_and(|v| words.iter().any(|w| v.contains(w)))
    };
    let rich = supports_color::on(Stream::Stdout).is_some_and(|level| level.has_16m);
    if no_color() {
        ThemeName::Plain
    } else if rich
        || says("COLORTERM", &["truecolor", "24bit"])
        || says("TERM", &["direct", "kitty"])
    {
        ThemeName::Dark
    } else {
        ThemeName::Ansi
    }
}

/// As [`from_environment`], and light where the terminal's background is light.
pub(crate) fn from_terminal() -> ThemeName {
    let found = from_environment();
    let is_real = stdin().is_terminal() && console::is_terminal();
    if found != ThemeName::Dark || !is_real {
        return found;
    }
    let mut options = QueryOptions::default();
    options.timeout = PATIENCE;
    // The question puts the terminal into raw mode for a moment.
    match shutdown::deferred(|| theme_mode(options)) {
        Ok(ThemeMode::Light) => ThemeName::Light,
        Ok(ThemeMode::Dark) | Err(_) => found,
    }
}

/// Whether the locale takes UTF-8.
pub(crate) fn takes_utf8() -> bool {
    let var = |name| std::env::var(name).ok();
    let (all, ctype, lang) = (var("LC_ALL"), var("LC_CTYPE"), var("LANG"));
    locale_takes_utf8(all.as_deref(), ctype.as_deref(), lang.as_deref())
}
