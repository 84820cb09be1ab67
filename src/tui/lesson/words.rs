//! What stands in braces in a lesson's text: `{key:find}` is the key of an action
//! as it is bound, `{run-steps@strict}` a figure of a run.

use color_eyre::eyre::{Result, bail, eyre};

use super::figure::Figure;
use crate::tui::action::Action;
use crate::tui::keys::context::Context;
use crate::tui::keys::keymap::Keymap;
use crate::tui::screens::Screen;

const KEYS: [(&str, Context, Action); 30] = [
    ("step", Context::Decode, Action::NextStep),
    ("step-back", Context::Decode, Action::PreviousStep),
    ("up", Context::Decode, Action::Up),
    ("down", Context::Decode, Action::Down),
    ("find", Context::Decode, Action::NextMatch),
    ("find-back", Context::Decode, Action::PreviousMatch),
    ("pane", Context::Decode, Action::NextPane),
    ("zoom", Context::Decode, Action::Zoom),
    ("ghosts", Context::Decode, Action::Ghosts),
    ("settings", Context::Decode, Action::Settings),
    ("runs", Context::Decode, Action::EarlierRuns),
    ("why-slow", Context::Decode, Action::WhySlow),
    ("choose", Context::Runs, Action::Down),
    ("open", Context::Runs, Action::Submit),
    ("setting", Context::Settings, Action::Down),
    ("close", Context::WhySlow, Action::Close),
    ("less", Context::Settings, Action::Less),
    ("decode", Context::Anywhere, Action::Show(Screen::Decode)),
    ("compare", Context::Anywhere, Action::Show(Screen::Compare)),
    ("race", Context::Compare, Action::PlayPause),
    ("learn", Context::Anywhere, Action::Show(Screen::Learn)),
    ("help", Context::Anywhere, Action::Help),
    ("batch", Context::Anywhere, Action::Show(Screen::Batch)),
    ("pass-back", Context::Batch, Action::PreviousStep),
    ("last-pass", Context::Batch, Action::Last),
    ("batch-pane", Context::Batch, Action::NextPane),
    ("lane", Context::Batch, Action::Down),
    ("open-lane", Context::Batch, Action::Submit),
    ("answer", Context::Lesson, Action::Answer),
    ("go-on", Context::Lesson, Action::NextTask),
];

/// Whether everything in braces means something.
pub(crate) fn check(text: &str) -> Result<()> {
    fill(text, |name| match name.strip_prefix("key:") {
        Some(key) => key_name(key, &Keymap::default()),
        None => name
            .parse::<Figure>()
            .map(|_| String::new())
            .map_err(|e| eyre!(e)),
    })
    .map(drop)
}

/// The key of an action, given as `context.action`.
pub fn key_name(name: &str, keys: &Keymap) -> Result<String> {
    let Some((_, context, action)) = KEYS.iter().find(|k| k.0 == name) else {
        bail!(
            "key `{name}`: must be one of {}",
            KEYS.map(|k| k.0).join(", ")
        );
    };
    Ok(keys.name_of(*context, action))
}

/// The text with every `{name}` replaced by its meaning.
pub fn fill(text: &str, meaning: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            bail!("unclosed brace: {text}");
        };
        out.push_str(before);
        out.push_str(&meaning(name)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_must_mean_something() {
        assert!(check("press {key:find}, see {run-steps@strict}").is_ok());
        assert!(check("press {key:nothing}").is_err());
        assert!(check("see {nothing}").is_err());
        assert!(check("see {run-steps").is_err());
    }

    #[test]
    fn every_key_is_bound() {
        let keys = Keymap::default();
        for (name, context, action) in KEYS {
            assert!(!keys.name_of(context, &action).starts_with(':'), "{name}");
        }
    }
}
