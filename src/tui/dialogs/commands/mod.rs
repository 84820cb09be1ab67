//! The palette of everything that can be done: the table of keys, searched by name,
//! by key and by what a line says; a number goes to a step, a condition finds one.

pub mod view;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32String};
use tui_input::Input;

use crate::speculate::condition::{Condition, Direction};
use crate::tui::action::Action;
use crate::tui::app::{App, Dialog, Screen, Tone};
use crate::tui::keys::table::{Binding, Context};
use crate::tui::screens::decode::state::Cursor;
use crate::worker::message::Command;

/// The screens by their contexts.
const SCREENS: [(Context, Screen); 6] = [
    (Context::Catalog, Screen::Catalog),
    (Context::Decode, Screen::Decode),
    (Context::Tune, Screen::Tune),
    (Context::Compare, Screen::Compare),
    (Context::Pool, Screen::Pool),
    (Context::Learn, Screen::Learn),
];

/// Something that can be done.
#[derive(Clone, Debug)]
pub enum Offer<'a> {
    Act(&'a Binding),
    /// Counted from 1, as shown.
    GoTo(usize),
    Find(Condition),
}

/// Where a line's screen is not the one in front: show it first.
fn screen_of(context: Context) -> Option<Screen> {
    let found = SCREENS.into_iter().find(|(c, _)| *c == context);
    found.map(|(_, screen)| screen)
}

/// Moving about in another screen is nothing to be called by name.
fn is_worth_a_name(action: &Action) -> bool {
    !matches!(
        action,
        Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::Close
            | Action::Commands
    )
}

impl App {
    pub(crate) fn open_commands(&mut self) {
        let (input, row) = (Input::default(), 0);
        self.dialog = Some(Dialog::Commands { input, row });
    }

    /// What fits the text, best first: of this screen, of every screen, of others.
    pub fn offers(&self, text: &str) -> Vec<Offer<'_>> {
        let text = text.trim();
        let mut offers: Vec<Offer<'_>> = Vec::new();
        let on_a_run = self.screen == Screen::Decode && self.record().is_some();
        if let (Ok(n), true) = (text.parse::<usize>(), on_a_run) {
            offers.push(Offer::GoTo(n));
        }
        offers.extend(self.named(text).into_iter().map(Offer::Act));
        if let (Ok(condition), true) = (Condition::parse(text), on_a_run) {
            offers.push(Offer::Find(condition));
        }
        offers
    }

    fn named(&self, text: &str) -> Vec<&Binding> {
        let front = SCREENS.into_iter().find(|(_, s)| *s == self.screen);
        let front = front.map_or(Context::Decode, |(context, _)| context);
        let others = SCREENS.into_iter().map(|(c, _)| c).filter(|&c| c != front);
        let contexts = [front, Context::Anywhere, Context::Always]
            .into_iter()
            .chain(others);
        let lines = contexts.flat_map(|c| self.keys.bindings(c));
        let lines = lines.filter(|b| is_worth_a_name(&b.action));
        if text.is_empty() {
            return lines.collect();
        }
        let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut found: Vec<(u32, &Binding)> = lines
            .filter_map(|line| {
                let name = line.action.name();
                let hay = format!("{name} {} {}", self.keys.names(line), line.help);
                let hay = Utf32String::from(hay.as_str());
                let score = pattern.score(hay.slice(..), &mut matcher)?;
                Some((score + closeness(&name, text), line))
            })
            .collect();
        found.sort_by_key(|&(score, _)| std::cmp::Reverse(score));
        found.into_iter().map(|(_, line)| line).collect()
    }

    pub(crate) fn n_commands(&self) -> usize {
        match &self.dialog {
            Some(Dialog::Commands { input, .. }) => self.offers(input.value()).len(),
            _ => 0,
        }
    }

    /// Does what is selected.
    pub(crate) fn run_command(&mut self, text: &str, row: usize) -> Vec<Command> {
        match self.offers(text).into_iter().nth(row) {
            Some(Offer::Act(line)) => {
                let (action, screen) = (line.action.clone(), screen_of(line.context));
                if let Some(screen) = screen.filter(|&s| s != self.screen) {
                    self.update(Action::Show(screen));
                }
                return self.update(action);
            }
            Some(Offer::GoTo(n)) => self.go_to_number(&n.to_string()),
            Some(Offer::Find(condition)) => self.find_step(&condition),
            None => self.tell(
                Tone::Problem,
                format!("Nothing is called `{}`.", text.trim()),
            ),
        }
        Vec::new()
    }

    /// On to the next step that matches, from the first again at the end.
    fn find_step(&mut self, condition: &Condition) {
        let (Some(at), Some(record)) = (self.step_index(), self.record()) else {
            return;
        };
        let found = condition
            .find(&record.trace, at, Direction::Forward)
            .or_else(|| condition.all(&record.trace).next());
        match found {
            Some(step) => self.view.go_to(Cursor::at(step)),
            None => self.tell(Tone::Info, "No step matches."),
        }
    }
}

/// A name that begins like the text, or has it, comes first.
fn closeness(name: &str, text: &str) -> u32 {
    let text = text.to_lowercase().replace(' ', "-");
    match (name.starts_with(&text), name.contains(&text)) {
        (true, _) => 200,
        (false, true) => 100,
        (false, false) => 0,
    }
}
