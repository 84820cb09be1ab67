//! The one table of keys. The footer's hints, the help and the dispatch are made
//! from it, so that none can disagree with another.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::Action;
use super::state::app::Screen;

/// Where a key means something. What is typed into a text goes there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// Always, even while a text is typed.
    Always,
    /// Unless a text is typed or a dialog is open.
    Anywhere,
    Catalog,
    Decode,
    Tune,
    Compare,
    Pool,
    Learn,
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
            Context::Tune => "Tune",
            Context::Compare => "Compare",
            Context::Pool => "Pool",
            Context::Learn => "Learn",
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
            Context::Tune => &[Context::Tune, Context::Anywhere, Context::Always],
            Context::Compare => &[Context::Compare, Context::Anywhere, Context::Always],
            Context::Pool => &[Context::Pool, Context::Anywhere, Context::Always],
            Context::Learn => &[Context::Learn, Context::Anywhere, Context::Always],
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

    pub const ALL: [Context; 15] = [
        Context::Decode,
        Context::Catalog,
        Context::Tune,
        Context::Compare,
        Context::Pool,
        Context::Learn,
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
    ($($context:ident { $($action:expr; [$($key:expr),+] $hint:literal $help:literal;)+ })+) => {
        &[$($(Binding {
            context: Context::$context,
            action: $action,
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
        Action::Quit; [Key::ctrl('c')] "" "quit; a run under way ends";
        Action::Suspend; [Key::ctrl('z')] "" "suspend; `fg` comes back";
    }
    Catalog {
        Action::Up; [UP, Key::char('k')] "" "the one above";
        Action::Down; [DOWN, Key::char('j')] "" "the one below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::First; [HOME] "" "the first";
        Action::Last; [END] "" "the last";
        Action::Generate; [ENTER] "generate" "generate knowledge for the selected one";
        Action::Filter; [Key::char('/')] "filter" "filter: type parts of title, group, attributes";
        Action::NextTab; [TAB, LEFT, RIGHT] "items/users" "items or users";
        Action::OwnPrompt; [Key::char('p')] "own prompt" "type a prompt of your own";
        Action::GeneratePaused; [SPACE] "step through" "generate, but wait before the first step";
        Action::EarlierRuns; [Key::char('o')] "earlier runs" "open an earlier run";
        Action::DetailUp; [Key::char('K')] "" "scroll the details up";
        Action::DetailDown; [Key::char('J')] "" "scroll the details down";
        Action::Close; [ESC] "" "clear the filter";
    }
    Decode {
        Action::PlayPause; [SPACE] "play/pause" "play or pause; the engine stops between two steps";
        Action::SingleStep; [Key::char('n')] "one step" "make one step, then pause";
        Action::PreviousStep; [LEFT, Key::char('h')] "" "the step before";
        Action::NextStep; [RIGHT, Key::char('l')] "←→|step" "the step after; at the end of a paused run, make one";
        Action::Up; [UP, Key::char('k')] "" "the token above, in the tree or the text";
        Action::Down; [DOWN, Key::char('j')] "↑↓|token" "the token below";
        Action::Follow; [Key::char('f')] "follow" "follow the newest step";
        Action::Reference; [Key::char('r')] "measure speed-up" "run the same prompt autoregressively and strictly: speed-up, losslessness";
        Action::Settings; [Key::char('p')] "settings" "rule, k, tau, budget, drafter, sources: for the next step";
        Action::Slower; [Key::char('-')] "" "slower";
        Action::Faster; [Key::char('+'), Key::char('=')] "-+|pace" "faster";
        Action::PreviousMatch; [Key::char('[')] "" "the step before that matches";
        Action::NextMatch; [Key::char(']')] "[ ]|find" "the next step that matches";
        Action::ChangeMatch; [Key::char('m')] "" "what [ and ] look for";
        Action::GoTo; [Key::char('g')] "go to" "type the number of a step";
        Action::Zoom; [Key::char('z')] "zoom" "the pane in focus alone, or all of them";
        Action::NextPane; [TAB] "pane" "the next pane";
        Action::PreviousPane; [BACK_TAB] "" "the pane before";
        Action::Ghosts; [Key::char('x')] "ghosts" "show in the text what was drafted and rejected";
        Action::First; [HOME] "" "the first step";
        Action::Last; [END] "" "the last step";
        Action::PageUp; [PAGE_UP] "" "ten steps back";
        Action::PageDown; [PAGE_DOWN] "" "ten steps on";
        Action::StopRun; [Key::char('e')] "end" "end the run here; its steps stay";
        Action::Again; [Key::char('a')] "again" "run the same subject again with the settings";
        Action::Save; [Key::char('s')] "save" "save the run as a trace";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Close; [ESC] "" "leave the zoom, or back to the catalog";
    }
    Tune {
        Action::Up; [UP, Key::char('k')] "" "the setting or cell above";
        Action::Down; [DOWN, Key::char('j')] "↑↓|choose" "the setting or cell below";
        Action::Less; [LEFT, Key::char('h')] "←→|move" "less, or the cell to the left";
        Action::More; [RIGHT, Key::char('l')] "" "more, or the cell to the right";
        Action::Submit; [ENTER] "run/open" "run with these settings; in the sweep, open the cell's run in Decode";
        Action::NextPane; [TAB] "other half" "settings or sweep";
        Action::PreviousPane; [BACK_TAB] "" "settings or sweep";
        Action::StartSweep; [Key::char('w')] "sweep" "sweep: decode under every cell of a grid, in the background";
        Action::StopRun; [Key::char('e')] "end" "end the sweep; its finished runs stay";
        Action::NextMeasure; [Key::char('m')] "measure" "what the heat map shows: speed-up, MAL, agreement, log-probability, repetition, acceptance";
        Action::Adopt; [Key::char('a')] "adopt" "the cell's setting to the sliders";
        Action::CopyCommand; [Key::char('y')] "copy" "copy the command line that decodes like the sliders";
        Action::SaveSettings; [Key::char('s')] "save" "save the sliders' settings as the configuration";
        Action::Reset; [Key::char('r')] "" "the sliders back to the run's settings";
        Action::NextWho; [Key::char('u')] "" "whom the sweep asks: several, the run's, the catalog's selected one";
        Action::Fewer; [Key::char('-')] "" "ask fewer";
        Action::MoreSubjects; [Key::char('+'), Key::char('=')] "" "ask more";
        Action::NextTried; [Key::char('g')] "" "what the sweep tries: the rule's numbers, budgets too, every rule";
        Action::PreviousLayer; [Key::char('[')] "" "the budget or rule before";
        Action::NextLayer; [Key::char(']')] "" "the next budget or rule";
        Action::NextSubject; [Key::char('n')] "" "whose run a cell opens";
        Action::First; [HOME] "" "the setting's least";
        Action::Last; [END] "" "the setting's most";
        Action::PageUp; [PAGE_UP] "" "five settings up";
        Action::PageDown; [PAGE_DOWN] "" "five settings down";
        Action::EarlierRuns; [Key::char('o')] "" "open an earlier run";
        Action::Close; [ESC] "" "back to the catalog";
    }
    Compare {
        Action::Close; [ESC] "" "back to the catalog";
    }
    Pool {
        Action::Close; [ESC] "" "back to the catalog";
    }
    Learn {
        Action::Close; [ESC] "" "back to the catalog";
    }
    Anywhere {
        Action::Show(Screen::Catalog); [Key::char('1')] "" "the catalog";
        Action::Show(Screen::Decode); [Key::char('2')] "" "decoding";
        Action::Show(Screen::Tune); [Key::char('3')] "" "tuning the parameters";
        Action::Show(Screen::Compare); [Key::char('4')] "" "comparing two runs";
        Action::Show(Screen::Pool); [Key::char('5')] "" "the pools";
        Action::Show(Screen::Learn); [Key::char('6')] "" "lessons";
        Action::NextTheme; [Key::char('t')] "" "the next theme";
        Action::ToggleMouse; [Key::char('M')] "" "let the mouse select text instead, or click again";
        Action::RetryModel; [Key::char('R')] "" "try again to fetch and load the model";
        Action::CancelFetch; [Key::char('X')] "" "give up fetching the model";
        Action::Help; [Key::char('?')] "help" "this help";
        Action::Quit; [Key::char('q')] "quit" "quit";
    }
    Filter {
        Action::Submit; [ENTER] "keep the filter" "keep the filter";
        Action::Close; [ESC] "clear" "clear the filter";
        Action::Up; [UP] "" "the one above";
        Action::Down; [DOWN] "" "the one below";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN] "" "a page down";
        Action::NextTab; [TAB] "items/users" "items or users";
    }
    Typing {
        Action::Submit; [ENTER] "go" "take it";
        Action::Close; [ESC] "never mind" "leave it";
    }
    Settings {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the setting above";
        Action::Down; [DOWN, Key::char('j')] "" "the setting below";
        Action::Less; [LEFT, Key::char('h'), Key::char('-')] "←→|change" "less";
        Action::More; [RIGHT, Key::char('l'), Key::char('+'), SPACE] "" "more, or the other";
        Action::PlayPause; [Key::char('P')] "" "play or pause";
        Action::SingleStep; [Key::char('n')] "one step" "make one step with these settings";
        Action::Close; [ESC, ENTER, Key::char('p'), Key::char('q')] "done" "done";
    }
    Runs {
        Action::Up; [UP, Key::char('k')] "↑↓|choose" "the run above";
        Action::Down; [DOWN, Key::char('j')] "" "the run below";
        Action::Submit; [ENTER] "open" "open it";
        Action::Close; [ESC, Key::char('q'), Key::char('o')] "back" "back";
    }
    Help {
        Action::Up; [UP, Key::char('k')] "↑↓|scroll" "scroll up";
        Action::Down; [DOWN, Key::char('j')] "" "scroll down";
        Action::PageUp; [PAGE_UP] "" "a page up";
        Action::PageDown; [PAGE_DOWN, SPACE] "" "a page down";
        Action::Close; [ESC, ENTER, Key::char('?'), Key::char('q')] "back" "back";
    }
    Question {
        Action::Submit; [ENTER, Key::char('y')] "yes" "fetch it";
        Action::Close; [ESC, Key::char('n')] "no" "do not";
    }
    Message {
        Action::RetryModel; [Key::char('R')] "try again" "try again";
        Action::Close; [ESC, ENTER, SPACE] "close" "close";
        Action::Quit; [Key::char('q')] "quit" "quit";
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
