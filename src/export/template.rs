//! The templates of pages: whatever is put in is escaped, unless it is our own.

use minijinja::{AutoEscape, Environment};

use super::escape;

/// Escapes every value except those marked as safe: our own style, script and charts.
pub(super) fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_trim_blocks(true);
    env.set_lstrip_blocks(true);
    env.set_keep_trailing_newline(true);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_formatter(|out, _, value| {
        match value.as_str() {
            Some(text) if value.is_safe() => out.write_str(text)?,
            Some(text) => out.write_str(&escape::html(text))?,
            None => out.write_str(&escape::html(&value.to_string()))?,
        }
        Ok(())
    });
    env
}
