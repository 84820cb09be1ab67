//! The keys in force: the table with the user's changes. The only source of what a
//! key does and of what any text says about keys.

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::present::key::{Key, Naming};
use crate::tui::action::Action;
use crate::tui::keys::context::Context;
use crate::tui::keys::table::{Binding, TABLE};

/// The table in force.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
    /// How keys are shown.
    pub naming: Naming,
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap {
            bindings: TABLE.to_vec(),
            naming: Naming::default(),
        }
    }
}

impl Keymap {
    /// The lines of one context.
    pub fn bindings(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |b| b.context == context)
    }

    pub(crate) fn bindings_mut(&mut self) -> &mut [Binding] {
        &mut self.bindings
    }

    /// The action of a key event, with `top` the context in front.
    pub(crate) fn action(&self, event: &KeyEvent, top: Context) -> Option<Action> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        self.action_of(Key::of(event), top)
    }

    fn action_of(&self, key: Key, top: Context) -> Option<Action> {
        let holds = |b: &&Binding| b.keys.contains(&key);
        top.chain()
            .iter()
            .find_map(|&context| self.bindings(context).find(holds))
            .map(|b| b.action.clone())
    }

    /// The name of the first key of an action, for texts that mention one; the
    /// action's own name where it has no key.
    pub(crate) fn name_of(&self, context: Context, action: &Action) -> String {
        let key = self.first_of(context, action);
        key.unwrap_or_else(|| format!(":{}", action.name()))
    }

    /// The name of the first key of an action, if it has one.
    pub(crate) fn first_of(&self, context: Context, action: &Action) -> Option<String> {
        let lines = context.chain().iter().flat_map(|&c| self.bindings(c));
        let mut keys = lines
            .filter(|b| b.action == *action)
            .flat_map(|b| b.keys.iter());
        keys.next().map(|key| key.name(self.naming))
    }

    /// All keys of a line, for lists.
    pub(crate) fn names(&self, binding: &Binding) -> String {
        let names: Vec<String> = binding.keys.iter().map(|k| k.name(self.naming)).collect();
        names.join(" ")
    }

    /// What the footer says of a line: keys and words; `None` if it says nothing.
    /// `←→|step` names its keys itself: each stands for what it does as shipped.
    pub fn hint(&self, binding: &Binding) -> Option<(String, &'static str)> {
        if binding.hint.is_empty() {
            return None;
        }
        let Some((shipped, text)) = binding.hint.split_once('|') else {
            let first = binding.keys.first()?;
            return Some((first.name(self.naming), binding.hint));
        };
        let names: Vec<String> = shipped
            .split_whitespace()
            .flat_map(str::chars)
            .filter_map(|c| self.name_now(c, binding.context))
            .collect();
        let is_short = names.iter().all(|n| n.chars().count() == 1);
        let between = match (is_short, shipped.contains(' ')) {
            (true, false) => "",
            (true, true) => " ",
            (false, _) => "/",
        };
        (!names.is_empty()).then(|| (names.join(between), text))
    }

    /// The key that now does what the shipped key shown as `symbol` does; `None`
    /// if none does.
    fn name_now(&self, symbol: char, context: Context) -> Option<String> {
        let is_symbol = |k: &&Key| k.name(Naming::Symbols).chars().eq([symbol]);
        let mut lines = TABLE
            .iter()
            .filter(|b| context.chain().contains(&b.context));
        let shipped = lines.find_map(|b| Some((b, b.keys.iter().find(is_symbol)?)));
        let Some((line, key)) = shipped else {
            return Some(symbol.to_string());
        };
        let now = self.bindings(line.context);
        let now = now.into_iter().find(|b| b.action == line.action)?;
        let kept = now.keys.iter().find(|k| *k == key);
        Some(kept.or(now.keys.first())?.name(self.naming))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::{HashMap, HashSet};

    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        let map = Keymap::default();
        for context in Context::ALL {
            let mut seen: HashMap<Key, &Binding> = HashMap::new();
            for binding in context.chain().iter().flat_map(|&c| map.bindings(c)) {
                for &key in binding.keys.iter() {
                    let other = seen.insert(key, binding);
                    assert!(other.is_none(), "{key:?}: {binding:?} and {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_lesson_takes_no_key_from_a_screen() {
        let map = Keymap::default();
        let taken: Vec<Key> = map
            .bindings(Context::Lesson)
            .flat_map(|b| b.keys.to_vec())
            .collect();
        for binding in TABLE.iter().filter(|b| b.context != Context::Lesson) {
            let own = binding.keys.iter().all(|k| !taken.contains(k));
            assert!(own, "{binding:?}");
        }
    }

    #[test]
    fn typing_a_letter_is_never_a_command() {
        let map = Keymap::default();
        let typing = Context::ALL.into_iter().filter(|c| c.takes_text());
        for binding in typing
            .chain([Context::Always])
            .flat_map(|c| map.bindings(c))
        {
            assert!(!binding.keys.iter().any(|k| k.types()), "{binding:?}");
        }
    }

    #[test]
    fn every_line_is_explained_and_named_once() {
        let mut seen = HashSet::new();
        for binding in TABLE.iter() {
            assert!(!binding.help.is_empty() && !binding.keys.is_empty());
            let name = binding.action.name();
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{name}"
            );
            assert!(seen.insert((binding.context, name)), "{binding:?}");
        }
    }

    #[test]
    fn shift_belongs_to_the_letter() {
        let map = Keymap::default();
        let event = KeyEvent::new(KeyCode::Char('M'), KeyModifiers::SHIFT);
        let toggled = Some(Action::ToggleMouse);
        assert_eq!(map.action(&event, Context::Catalog), toggled);
        assert_eq!(map.action(&event, Context::Filter), None);
        let event = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(map.action(&event, Context::Filter), Some(Action::Quit));
    }

    #[test]
    fn a_hint_of_two_keys_follows_both() {
        let hint = |map: &Keymap, action: Action| {
            let mut lines = map.bindings(Context::Decode);
            let line = lines.find(|b| b.action == action).unwrap();
            map.hint(line).unwrap().0
        };
        let mut map = Keymap::default();
        assert_eq!(hint(&map, Action::NextStep), "←→");
        assert_eq!(hint(&map, Action::Faster), "-+");
        let step_back = |b: &&mut Binding| b.action == Action::PreviousStep;
        let line = map.bindings_mut().iter_mut().find(step_back).unwrap();
        line.keys = Cow::Owned(vec![Key::char('b')]);
        assert_eq!(hint(&map, Action::NextStep), "b→");
        map.naming = Naming::Words;
        assert_eq!(hint(&map, Action::NextStep), "b/right");
    }
}
