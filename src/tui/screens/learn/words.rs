//! A lesson's text with its keys and figures put in.

use color_eyre::eyre::eyre;

use crate::tui::app::App;
use crate::tui::lesson::figure::Figure;
use crate::tui::lesson::words::{fill, key_name};

/// The text with keys and figures put in; a figure that nothing shown has is `?`.
pub fn told(text: &str, app: &App) -> String {
    let filled = fill(text, |name| match name.strip_prefix("key:") {
        Some(key) => key_name(key, &app.look.keys),
        None => {
            let figure: Figure = name.parse().map_err(|e: String| eyre!(e))?;
            Ok(figure.told(app).unwrap_or("?".into()))
        }
    });
    filled.unwrap_or_else(|_| text.to_string())
}
