//! The user's keys: `[keys.CONTEXT]` in the configuration file, action names to
//! keys. A line there replaces all keys of its action in that context.
//!
//! ```toml
//! [keys.decode]
//! follow = "F"
//! zoom = ["z", "ctrl-o"]
//! ghosts = []            # no key; the palette still has it
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::{Display, Formatter, Write};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::present::key::Key;
use crate::tui::action::Action;
use crate::tui::keys::context::Context;
use crate::tui::keys::keymap::Keymap;
use crate::tui::keys::table::Binding;

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Mistake {
    /// At a stretch of the file's text.
    pub(crate) fn at(text: &str, span: &Range<usize>, what: impl Into<String>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        Mistake {
            line: before.matches('\n').count() + 1,
            what: what.into(),
        }
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// The table of the file's name in a file, if it has one.
pub(crate) fn table<'a, 'i>(
    file: &'a DeTable<'i>,
    text: &str,
    name: &str,
) -> Result<Option<&'a DeTable<'i>>, Mistake> {
    let Some(value) = file.get(name) else {
        return Ok(None);
    };
    let found = value.get_ref().as_table();
    let wrong = || Mistake::at(text, &value.span(), format!("`{name}` must be a table"));
    found.ok_or_else(wrong).map(Some)
}

/// The keys in force under a configuration file's text.
///
/// # Errors
/// An unknown context, action or key, or a key with two meanings, with its line.
pub fn read(text: &str) -> Result<Keymap, Mistake> {
    let file = DeTable::parse(text).map_err(|e| {
        let span = e.span().unwrap_or_default();
        Mistake::at(text, &span, e.message())
    })?;
    let mut map = Keymap::default();
    let mut changed = Changed::new();
    if let Some(contexts) = table(file.get_ref(), text, "keys")? {
        for (name, lines) in contexts {
            let context = context_named(name.get_ref())
                .map_err(|what| Mistake::at(text, &name.span(), what))?;
            change_context(&mut map, context, lines, text, &mut changed)?;
        }
    }
    no_key_has_two_meanings(&map, &changed)?;
    Ok(map)
}

/// The lines that the user wrote, by context and action's name.
type Changed = HashMap<(Context, String), usize>;

fn context_named(name: &str) -> Result<Context, String> {
    let found = Context::ALL.into_iter().find(|c| c.name() == name);
    found.ok_or_else(|| {
        let names = Context::ALL.map(Context::name).join(", ");
        format!("[keys.{name}]: must be one of {names}")
    })
}

fn change_context(
    map: &mut Keymap,
    context: Context,
    lines: &Spanned<DeValue<'_>>,
    text: &str,
    changed: &mut Changed,
) -> Result<(), Mistake> {
    let Some(lines) = lines.get_ref().as_table() else {
        let what = format!("`{}` must be a table of actions and keys", context.name());
        return Err(Mistake::at(text, &lines.span(), what));
    };
    for (name, value) in lines {
        let wrong = |what| Mistake::at(text, &name.span(), what);
        let binding = binding_named(map, context, name.get_ref()).map_err(wrong)?;
        let keys = keys_of(value.get_ref(), context)
            .and_then(|keys| still_leaves(binding, keys))
            .map_err(|what| wrong(format!("{}: {what}", name.get_ref())))?;
        binding.keys = Cow::Owned(keys);
        changed.insert((context, binding.action.name()), wrong(String::new()).line);
    }
    Ok(())
}

fn binding_named<'a>(
    map: &'a mut Keymap,
    context: Context,
    name: &str,
) -> Result<&'a mut Binding, String> {
    let names: Vec<String> = map.bindings(context).map(|b| b.action.name()).collect();
    let here = |b: &&mut Binding| b.context == context && b.action.name() == name;
    map.bindings_mut().iter_mut().find(here).ok_or_else(|| {
        format!(
            "`{name}` is not an action of {}; must be one of {}",
            context.name(),
            names.join(", ")
        )
    })
}

/// One key, or a list of keys.
fn keys_of(value: &DeValue<'_>, context: Context) -> Result<Vec<Key>, String> {
    let one = |value: &DeValue<'_>| {
        let text = value
            .as_str()
            .ok_or("must be a key or a list of keys, in quotes")?;
        Key::parse(text)
    };
    let keys = match value.as_array() {
        Some(list) => list
            .iter()
            .map(|v| one(v.get_ref()))
            .collect::<Result<_, _>>()?,
        None => vec![one(value)?],
    };
    let typed = |k: &&Key| k.types() && (context.takes_text() || context == Context::Always);
    match keys.iter().find(typed) {
        Some(key) => Err(format!(
            "`{}` types text here, so it cannot be bound",
            key.spelling()
        )),
        None => Ok(keys),
    }
}

/// A way out must stay.
fn still_leaves(binding: &Binding, keys: Vec<Key>) -> Result<Vec<Key>, String> {
    let is_way_out = matches!(binding.action, Action::Quit | Action::Close);
    if is_way_out && keys.is_empty() {
        return Err("needs a key".into());
    }
    Ok(keys)
}

/// Where keys clash, at least one of both was changed: that line is at fault.
fn no_key_has_two_meanings(map: &Keymap, changed: &Changed) -> Result<(), Mistake> {
    for context in Context::ALL {
        let mut seen: HashMap<Key, &Binding> = HashMap::new();
        for binding in context.chain().iter().flat_map(|&c| map.bindings(c)) {
            for &key in binding.keys.iter() {
                if let Some(other) = seen.insert(key, binding) {
                    return Err(clash(key, binding, other, changed));
                }
            }
        }
    }
    Ok(())
}

fn clash(key: Key, a: &Binding, b: &Binding, changed: &Changed) -> Mistake {
    let line = |b: &Binding| changed.get(&(b.context, b.action.name())).copied();
    let name = |b: &Binding| format!("{}.{}", b.context.name(), b.action.name());
    Mistake {
        line: line(a).max(line(b)).unwrap_or(1),
        what: format!(
            "`{}` means both {} and {}; give one of them another key, or none ([])",
            key.spelling(),
            name(b),
            name(a)
        ),
    }
}

/// The whole table as a file, to start from.
pub fn write(map: &Keymap) -> String {
    let mut out = String::from("# The keys in force. What you change goes into config.toml.\n");
    for context in Context::ALL {
        let _ = write!(out, "\n# {}\n[keys.{}]\n", context.title(), context.name());
        for binding in map.bindings(context) {
            let keys: Vec<String> = binding.keys.iter().map(|k| quoted(&k.spelling())).collect();
            let line = format!("{} = [{}]", binding.action.name(), keys.join(", "));
            let _ = writeln!(out, "{line:<38} # {}", binding.help);
        }
    }
    out
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::tui::keys::table::TABLE;

    fn pressed(map: &Keymap, c: char) -> Option<Action> {
        let event = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        map.action(&event, Context::Decode)
    }

    #[test]
    fn a_line_replaces_the_keys_of_its_action() {
        let map = read("[keys.decode]\nfollow = \"F\"\nzoom = [\"z\", \"Z\"]\n").unwrap();
        assert_eq!(pressed(&map, 'F'), Some(Action::Follow));
        assert_eq!(pressed(&map, 'f'), None);
        assert_eq!(pressed(&map, 'Z'), Some(Action::Zoom));
        assert_eq!(map.name_of(Context::Decode, &Action::Follow), "F");
        let map = read("keys.decode.follow = []").unwrap();
        assert_eq!(map.name_of(Context::Decode, &Action::Follow), ":follow");
    }

    #[test]
    fn keys_change_places() {
        let map = read("[keys.decode]\nfollow = \"z\"\nzoom = \"f\"\n").unwrap();
        assert_eq!(pressed(&map, 'z'), Some(Action::Follow));
        assert_eq!(pressed(&map, 'f'), Some(Action::Zoom));
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let says = |text: &str, line: usize, words: &[&str]| {
            let mistake = read(text).expect_err(text);
            assert_eq!(mistake.line, line, "{mistake}");
            for word in words {
                assert!(mistake.what.contains(word), "{mistake}");
            }
        };
        says(
            "a = 1\n[keys.nowhere]\nx = \"y\"",
            2,
            &["nowhere", "decode"],
        );
        says("[keys.decode]\n\nfly = \"F\"", 3, &["fly", "play-pause"]);
        says(
            "[keys.decode]\nfollow = \"hyper-f\"",
            2,
            &["follow", "hyper-f", "ctrl-"],
        );
        says("[keys.decode]\nfollow = 7", 2, &["follow", "in quotes"]);
        says(
            "[keys.decode]\nfollow = \"z\"",
            2,
            &["`z`", "decode.follow", "decode.zoom"],
        );
        says("[keys.decode]\nfollow = \"q\"", 2, &["anywhere.quit"]);
        says("[keys.filter]\nsubmit = \"s\"", 2, &["types text"]);
        says("[keys.always]\nquit = []", 2, &["needs a key"]);
        says("keys = 3", 1, &["table"]);
    }

    #[test]
    fn what_is_written_is_read_alike() {
        let map = read("[keys.decode]\nfollow = [\"\\\"\", \"alt-f\"]").unwrap();
        let again = read(&write(&map)).unwrap();
        for context in Context::ALL {
            let keys = |map: &Keymap| -> Vec<_> {
                map.bindings(context).map(|b| b.keys.clone()).collect()
            };
            assert_eq!(keys(&map), keys(&again), "{context:?}");
        }
    }

    #[test]
    fn every_line_of_the_table_can_be_written() {
        let text = write(&Keymap::default());
        for binding in TABLE.iter() {
            assert!(text.contains(&format!("{} = [", binding.action.name())));
        }
    }
}
