//! The one table of keys. The footer's hints, the help and the dispatch are made
//! from it, so that none can disagree with another.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Action;

/// Where a key means something. What is typed into a text goes there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Always, even while a text is typed.
    Always,
    /// Unless a text is typed or a dialog is open.
    Anywhere,
    Catalog,
    Decode,
    /// The catalog's filter is being typed.
    Filter,
    /// A prompt or a step number is being typed.
    Typing,
    Settings,
    Runs,
    Help,
    /// A question about a large download.
    Question,
    /// A message to be read.
    Message,
}

impl Context {
    pub fn title(self) -> &'static str {
        match self {
            Context::Always => "Always",
            Context::Anywhere => "On every screen",
            Context::Catalog => "Catalog",
            Context::Decode => "Decode",
            Context::Filter => "While filtering",
            Context::Typing => "While typing",
            Context::Settings => "Settings",
            Context::Runs => "Earlier runs",
            Context::Help => "Help",
            Context::Question => "Question",
            Context::Message => "Message",
        }
    }

    /// The contexts that are asked for a key, first to last, when this one is on top.
    pub fn chain(self) -> &'static [Context] {
        match self {
            Context::Catalog => &[Context::Catalog, Context::Anywhere, Context::Always],
            Context::Decode => &[Context::Decode, Context::Anywhere, Context::Always],
            Context::Filter => &[Context::Filter, Context::Always],
            Context::Typing => &[Context::Typing, Context::Always],
            Context::Settings => &[Context::Settings, Context::Always],
            Context::Runs => &[Context::Runs, Context::Always],
            Context::Help => &[Context::Help, Context::Always],
            Context::Question => &[Context::Question, Context::Always],
            Context::Message => &[Context::Message, Context::Always],
            Context::Anywhere | Context::Always => &[Context::Anywhere, Context::Always],
        }
    }

    pub const ALL: [Context; 11] = [
        Context::Decode,
        Context::Catalog,
        Context::Anywhere,
        Context::Always,
        Context::Settings,
        Context::Filter,
        Context::Typing,
        Context::Runs,
        Context::Help,
        Context::Question,
        Context::Message,
    ];

    /// Whether letters belong to a text here.
    pub fn takes_text(self) -> bool {
        matches!(self, Context::Filter | Context::Typing)
    }
}

/// A key and what is held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub modifiers: KeyModifiers,
}

impl Key {
    const fn plain(code: KeyCode) -> Self {
        Key {
            code,
            modifiers: KeyModifiers::NONE,
        }
    }

    const fn char(c: char) -> Self {
        Key::plain(KeyCode::Char(c))
    }

    const fn ctrl(c: char) -> Self {
        Key {
            code: KeyCode::Char(c),
            modifiers: KeyModifiers::CONTROL,
        }
    }

    /// Shift is part of a letter and of BackTab, and nowhere else told apart.
    pub fn of(event: &KeyEvent) -> Self {
        Key {
            code: event.code,
            modifiers: event.modifiers - KeyModifiers::SHIFT,
        }
    }

    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "⏎".into(),
            KeyCode::Esc => "esc".into(),
            KeyCode::Tab => "tab".into(),
            KeyCode::BackTab => "⇧tab".into(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::PageUp => "pgup".into(),
            KeyCode::PageDown => "pgdn".into(),
            KeyCode::Home => "home".into(),
            KeyCode::End => "end".into(),
            other => other.to_string(),
        };
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            format!("ctrl-{name}")
        } else {
            name
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Binding {
    pub context: Context,
    pub action: Action,
    pub keys: &'static [Key],
    /// For the footer; empty: not shown there.
    pub hint: &'static str,
    /// For the help.
    pub help: &'static str,
}

macro_rules! table {
    ($($context:ident { $($action:ident [$($key:expr),+] $hint:literal $help:literal;)+ })+) => {
        &[$($(Binding {
            context: Context::$context,
            action: Action::$action,
            keys: &[$($key),+],
            hint: $hint,
            help: $help,
        },)+)+]
    };
}

const ENTER: Key = Key::plain(KeyCode::Enter);
const ESC: Key = Key::plain(KeyCode::Esc);
const TAB: Key = Key::plain(KeyCode::Tab);
const BACK_TAB: Key = Key::plain(KeyCode::BackTab);
const UP: Key = Key::plain(KeyCode::Up);
const DOWN: Key = Key::plain(KeyCode::Down);
const LEFT: Key = Key::plain(KeyCode::Left);
const RIGHT: Key = Key::plain(KeyCode::Right);
const PAGE_UP: Key = Key::plain(KeyCode::PageUp);
const PAGE_DOWN: Key = Key::plain(KeyCode::PageDown);
const HOME: Key = Key::plain(KeyCode::Home);
const END: Key = Key::plain(KeyCode::End);
const SPACE: Key = Key::char(' ');

/// Every key. The order within a context is the footer's order.
pub static TABLE: &[Binding] = table! {
    Always {
        Quit [Key::ctrl('c')] "" "quit; a run under way ends";
        Suspend [Key::ctrl('z')] "" "suspend; `fg` comes back";
    }
    Catalog {
        Up [UP, Key::char('k')] "" "the one above";
        Down [DOWN, Key::char('j')] "" "the one below";
        PageUp [PAGE_UP] "" "a page up";
        PageDown [PAGE_DOWN] "" "a page down";
        First [HOME] "" "the first";
        Last [END] "" "the last";
        Generate [ENTER] "generate" "generate knowledge for the selected one";
        Filter [Key::char('/')] "filter" "filter: type parts of title, group, attributes";
        NextTab [TAB, LEFT, RIGHT] "items/users" "items or users";
        OwnPrompt [Key::char('p')] "own prompt" "type a prompt of your own";
        GeneratePaused [SPACE] "step through" "generate, but wait before the first step";
        EarlierRuns [Key::char('o')] "earlier runs" "open an earlier run";
        DetailUp [Key::char('K')] "" "scroll the details up";
        DetailDown [Key::char('J')] "" "scroll the details down";
        Close [ESC] "" "clear the filter";
    }
    Decode {
        PlayPause [SPACE] "play/pause" "play or pause; the engine stops between two steps";
        SingleStep [Key::char('n')] "one step" "make one step, then pause";
        PreviousStep [LEFT, Key::char('h')] "" "the step before";
        NextStep [RIGHT, Key::char('l')] "←→|step" "the step after; at the end of a paused run, make one";
        Up [UP, Key::char('k')] "" "the token above, in the tree or the text";
        Down [DOWN, Key::char('j')] "↑↓|token" "the token below";
        Follow [Key::char('f')] "follow" "follow the newest step";
        Reference [Key::char('r')] "measure speed-up" "run the same prompt autoregressively and strictly: speed-up, losslessness";
        Settings [Key::char('p')] "settings" "rule, k, tau, budget, drafter, sources: for the next step";
        Slower [Key::char('-')] "" "slower";
        Faster [Key::char('+'), Key::char('=')] "-+|pace" "faster";
        PreviousMatch [Key::char('[')] "" "the step before that matches";
        NextMatch [Key::char(']')] "[ ]|find" "the next step that matches";
        ChangeMatch [Key::char('m')] "" "what [ and ] look for";
        GoTo [Key::char('g')] "go to" "type the number of a step";
        Zoom [Key::char('z')] "zoom" "the pane in focus alone, or all of them";
        NextPane [TAB] "pane" "the next pane";
        PreviousPane [BACK_TAB] "" "the pane before";
        Ghosts [Key::char('x')] "ghosts" "show in the text what was drafted and rejected";
        First [HOME] "" "the first step";
        Last [END] "" "the last step";
        PageUp [PAGE_UP] "" "ten steps back";
        PageDown [PAGE_DOWN] "" "ten steps on";
        StopRun [Key::char('e')] "end" "end the run here; its steps stay";
        Again [Key::char('a')] "again" "run the same subject again with the settings";
        Save [Key::char('s')] "save" "save the run as a trace";
        EarlierRuns [Key::char('o')] "" "open an earlier run";
        Close [ESC] "" "leave the zoom, or back to the catalog";
    }
    Anywhere {
        ShowCatalog [Key::char('1')] "" "the catalog";
        ShowDecode [Key::char('2')] "" "decoding";
        NextTheme [Key::char('t')] "" "the next theme";
        ToggleMouse [Key::char('M')] "" "let the mouse select text instead, or click again";
        RetryModel [Key::char('R')] "" "try again to fetch and load the model";
        CancelFetch [Key::char('X')] "" "give up fetching the model";
        Help [Key::char('?')] "help" "this help";
        Quit [Key::char('q')] "quit" "quit";
    }
    Filter {
        Submit [ENTER] "keep the filter" "keep the filter";
        Close [ESC] "clear" "clear the filter";
        Up [UP] "" "the one above";
        Down [DOWN] "" "the one below";
        PageUp [PAGE_UP] "" "a page up";
        PageDown [PAGE_DOWN] "" "a page down";
        NextTab [TAB] "items/users" "items or users";
    }
    Typing {
        Submit [ENTER] "go" "take it";
        Close [ESC] "never mind" "leave it";
    }
    Settings {
        Up [UP, Key::char('k')] "↑↓|choose" "the setting above";
        Down [DOWN, Key::char('j')] "" "the setting below";
        Less [LEFT, Key::char('h'), Key::char('-')] "←→|change" "less";
        More [RIGHT, Key::char('l'), Key::char('+'), SPACE] "" "more, or the other";
        PlayPause [Key::char('P')] "" "play or pause";
        SingleStep [Key::char('n')] "one step" "make one step with these settings";
        Close [ESC, ENTER, Key::char('p'), Key::char('q')] "done" "done";
    }
    Runs {
        Up [UP, Key::char('k')] "↑↓|choose" "the run above";
        Down [DOWN, Key::char('j')] "" "the run below";
        Submit [ENTER] "open" "open it";
        Close [ESC, Key::char('q'), Key::char('o')] "back" "back";
    }
    Help {
        Up [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Down [DOWN, Key::char('j')] "" "scroll down";
        PageUp [PAGE_UP] "" "a page up";
        PageDown [PAGE_DOWN, SPACE] "" "a page down";
        Close [ESC, ENTER, Key::char('?'), Key::char('q')] "back" "back";
    }
    Question {
        Submit [ENTER, Key::char('y')] "yes" "fetch it";
        Close [ESC, Key::char('n')] "no" "do not";
    }
    Message {
        RetryModel [Key::char('R')] "try again" "try again";
        Close [ESC, ENTER, SPACE] "close" "close";
        Quit [Key::char('q')] "quit" "quit";
    }
};

/// The action of a key event, with `top` the context in front.
pub fn action(event: &KeyEvent, top: Context) -> Option<Action> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let key = Key::of(event);
    top.chain().iter().find_map(|&context| {
        TABLE
            .iter()
            .find(|b| b.context == context && b.keys.contains(&key))
            .map(|b| b.action.clone())
    })
}

/// The lines of one context.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |b| b.context == context)
}

/// The name of the first key of an action, for messages that mention one.
pub fn name_of(context: Context, action: &Action) -> String {
    let mut found = bindings(context).filter(|b| b.action == *action);
    found.next().map_or_else(String::new, |b| b.keys[0].name())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn no_key_has_two_meanings() {
        for context in Context::ALL {
            let mut seen: HashMap<Key, &Binding> = HashMap::new();
            for binding in context.chain().iter().flat_map(|&c| bindings(c)) {
                for &key in binding.keys {
                    let other = seen.insert(key, binding);
                    assert!(other.is_none(), "{}: {binding:?} and {other:?}", key.name());
                }
            }
        }
    }

    #[test]
    fn typing_a_letter_is_never_a_command() {
        for context in [Context::Filter, Context::Typing, Context::Always] {
            for binding in bindings(context) {
                let letter = |k: &Key| {
                    matches!(k.code, KeyCode::Char(_)) && k.modifiers == KeyModifiers::NONE
                };
                assert!(!binding.keys.iter().any(letter), "{binding:?}");
            }
        }
    }

    #[test]
    fn every_line_is_explained() {
        assert!(
            TABLE
                .iter()
                .all(|b| !b.help.is_empty() && !b.keys.is_empty())
        );
    }

    #[test]
    fn shift_belongs_to_the_letter() {
        let event = KeyEvent::new(KeyCode::Char('M'), KeyModifiers::SHIFT);
        assert_eq!(action(&event, Context::Catalog), Some(Action::ToggleMouse));
        assert_eq!(action(&event, Context::Filter), None);
        let event = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(action(&event, Context::Filter), Some(Action::Quit));
    }
}
