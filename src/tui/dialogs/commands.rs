//! The palette of everything that can be done: the table of keys, searched by name,
//! by key and by what a line says; a number goes to a step, a condition finds one,
//! `k=3` sets, and a word is explained.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32String};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use tui_input::Input;

use crate::glossary::{self, Term};
use crate::present::theme::Theme;
use crate::present::token_text::{columns, fit, pad};
use crate::protocol::Command;
use crate::speculate::condition::{Condition, Direction};
use crate::speculate::params::Params;
use crate::tui::action::Action;
use crate::tui::app::dialog::Dialog;
use crate::tui::app::{App, Tone};
use crate::tui::dialogs::settings;
use crate::tui::keys::context::Context;
use crate::tui::keys::table::Binding;
use crate::tui::screens::Screen;
use crate::tui::screens::catalog::tab::{CatalogTab, Front};
use crate::tui::screens::decode::state::Cursor;
use crate::tui::widgets::field::{edit, push_input};
use crate::tui::widgets::list::{lit, moved};
use crate::tui::widgets::pane;
use crate::tui::widgets::paragraph::wrap;

const WIDTH: u16 = 84;
const ROWS: u16 = 17;
/// Below the list, a blank row and what the chosen line does, whole.
const ABOUT_ROWS: u16 = 3;
const NAME: usize = 22;
const KEYS: usize = 12;

/// The screens by their contexts.
const SCREENS: [(Context, Screen); 8] = [
    (Context::Catalog, Screen::Catalog),
    (Context::Decode, Screen::Decode),
    (Context::Tune, Screen::Tune),
    (Context::Compare, Screen::Compare),
    (Context::Pool, Screen::Pool),
    (Context::Learn, Screen::Learn),
    (Context::Batch, Screen::Batch),
    (Context::Board, Screen::Catalog),
];

/// What is typed, and which of what fits is chosen.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    pub(crate) input: Input,
    pub(crate) row: usize,
}

impl Dialog for Palette {
    fn context(&self) -> Context {
        Context::Commands
    }

    fn update(mut self: Box<Self>, app: &mut App, action: &Action) -> Vec<Command> {
        match action {
            Action::Close => return Vec::new(),
            Action::Submit => return app.run_command(self.input.value(), self.row),
            other => {
                let last = app.offers(self.input.value()).len().saturating_sub(1);
                self.row = moved(self.row, other, last);
                if edit(&mut self.input, other) {
                    self.row = 0;
                }
            }
        }
        app.keep(self);
        Vec::new()
    }

    fn render(&self, app: &App, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let height = (ROWS + 4).min(area.height.saturating_sub(4));
        let rect = pane::centred(area, WIDTH.min(area.width - 4), height);
        let inner = pane::dialog("PALETTE", rect, theme, buf);
        let mut typed = Line::from(Span::styled(": ", theme.accent()));
        if self.input.value().is_empty() {
            let hint = "  a name or key; a step; a condition; settings: k=3 tau=0.2; a term";
            push_input(&mut typed, "", 0, theme);
            typed.push_span(Span::styled(hint, theme.dim()));
        } else {
            push_input(
                &mut typed,
                self.input.value(),
                self.input.visual_cursor(),
                theme,
            );
        }
        pane::put(buf, inner, 0, &typed);
        let rest = pane::below(inner, 2);
        let [list, about] = pane::split_rows(rest, rest.height.saturating_sub(ABOUT_ROWS));
        let offers = app.offers(self.input.value());
        if offers.is_empty() {
            return pane::put(buf, list, 0, &Line::styled("No matches.", theme.dim()));
        }
        let rows = offers.iter();
        let rows = rows.map(|offer| line(app, offer, usize::from(list.width), theme));
        lit(rows, Some(self.row), theme, list, buf);
        if let Some(offer) = offers.get(self.row) {
            let [.., help] = words(app, offer);
            let lines = wrap(&help, usize::from(about.width)).into_iter();
            for (row, text) in (1..).zip(lines) {
                pane::put(buf, about, row, &Line::styled(text, theme.dim()));
            }
        }
    }
}

/// Something that can be done.
#[derive(Clone, Debug)]
pub(crate) enum Offer<'a> {
    Act(&'a Binding),
    /// Counted from 1, as shown.
    GoTo(usize),
    Find(Condition),
    /// These parameters from now on.
    Set(Box<Params>),
    /// What is wrong with the settings typed.
    Wrong(String),
    /// The help on a word.
    Explain(&'static Term),
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
    /// What fits the text, best first: of this screen, of every screen, of others.
    pub(crate) fn offers(&self, text: &str) -> Vec<Offer<'_>> {
        let text = text.trim();
        let mut offers: Vec<Offer<'_>> = Vec::new();
        let on_a_run = self.screen == Screen::Decode && self.record().is_some();
        if let (Ok(n), true) = (text.parse::<usize>(), on_a_run) {
            offers.push(Offer::GoTo(n));
        }
        let condition = Condition::parse(text).ok().filter(|_| on_a_run);
        match settings::typed(text, self.palette_params()) {
            Some(Ok(params)) => offers.push(Offer::Set(Box::new(params))),
            Some(Err(why)) if condition.is_none() => offers.push(Offer::Wrong(why)),
            Some(Err(_)) | None => {}
        }
        let (named, mut topics) = (self.named(text), topics(text));
        // A word of the help goes before commands that are not called so.
        let is_name = |line: &&Binding| closeness(&line.action.name(), text) > 0;
        let first = topics.first().filter(|term| is_called(term, text));
        if first.is_some() && !named.iter().any(is_name) {
            offers.push(Offer::Explain(topics.remove(0)));
        }
        offers.extend(named.into_iter().map(Offer::Act));
        offers.extend(condition.map(Offer::Find));
        offers.extend(topics.into_iter().map(Offer::Explain));
        offers
    }

    /// What settings typed here change: the sliders in front, or the next run's.
    fn palette_params(&self) -> Params {
        match self.screen {
            Screen::Tune => self.tune.params,
            _ => self.next.params,
        }
    }

    fn set_by_palette(&mut self, params: Params, text: &str) -> Vec<Command> {
        self.tell(Tone::Good, format!("Set: {text}."));
        if self.screen == Screen::Tune {
            self.tune.params = params;
            self.judge_again();
            return Vec::new();
        }
        self.set_next(params)
    }

    fn named(&self, text: &str) -> Vec<&Binding> {
        let front = SCREENS.into_iter().find(|(_, s)| *s == self.screen);
        let front = front.map_or(Context::Decode, |(context, _)| context);
        let has_board = front == Context::Catalog && self.catalog.front == Front::Board;
        let front = if has_board { Context::Board } else { front };
        let others = SCREENS.into_iter().map(|(c, _)| c).filter(|&c| c != front);
        let contexts = [front, Context::Anywhere, Context::Always]
            .into_iter()
            .chain(others);
        let lines = contexts.flat_map(|c| self.look.keys.bindings(c));
        let lines = lines.filter(|b| is_worth_a_name(&b.action));
        if text.is_empty() {
            return lines.collect();
        }
        let pattern = Pattern::parse(text, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut found: Vec<(u32, &Binding)> = lines
            .filter_map(|line| {
                let name = line.action.name();
                let hay = format!("{name} {} {}", self.look.keys.names(line), line.help);
                let hay = Utf32String::from(hay.as_str());
                let score = pattern.score(hay.slice(..), &mut matcher)?;
                Some((score + closeness(&name, text), line))
            })
            .collect();
        found.sort_by_key(|&(score, _)| std::cmp::Reverse(score));
        found.into_iter().map(|(_, line)| line).collect()
    }

    /// Does what is selected.
    pub(crate) fn run_command(&mut self, text: &str, row: usize) -> Vec<Command> {
        match self.offers(text).into_iter().nth(row) {
            Some(Offer::Act(line)) => {
                let (action, context) = (line.action.clone(), line.context);
                let screen = screen_of(context);
                if let Some(screen) = screen.filter(|&s| s != self.screen) {
                    self.update(Action::Show(screen));
                }
                match context {
                    Context::Board => self.catalog.show_front(CatalogTab::Board),
                    Context::Catalog => self.catalog.front = Front::Subjects,
                    _ => {}
                }
                return self.update(action);
            }
            Some(Offer::GoTo(n)) => self.go_to_number(&n.to_string()),
            Some(Offer::Find(condition)) => self.find_step(&condition),
            Some(Offer::Set(params)) => return self.set_by_palette(*params, text.trim()),
            Some(Offer::Wrong(why)) => self.tell(Tone::Problem, format!("Not set: {why}.")),
            Some(Offer::Explain(term)) => self.open_help_on(&term.name),
            None => self.tell(
                Tone::Problem,
                format!("No command matches `{}`.", text.trim()),
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
            Some(step) => self.decode.go_to(Cursor::at(step)),
            None => {
                let text = format!("No step matches{}.", condition.lack(&record.trace));
                self.tell(Tone::Info, text);
            }
        }
    }
}

/// The words of the help whose names hold what is typed.
fn topics(text: &str) -> Vec<&'static Term> {
    if text.is_empty() {
        return Vec::new();
    }
    let small = text.to_lowercase();
    let is_named = |term: &&Term| {
        let mut names = std::iter::once(&term.name).chain(&term.also);
        names.any(|name| name.to_lowercase().contains(&small))
    };
    glossary::find(text).into_iter().filter(is_named).collect()
}

fn is_called(term: &Term, text: &str) -> bool {
    let mut names = std::iter::once(&term.name).chain(&term.also);
    names.any(|name| name.eq_ignore_ascii_case(text))
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

/// Keys, name, and what it does.
fn words(app: &App, offer: &Offer<'_>) -> [String; 3] {
    match offer {
        Offer::Act(binding) => [
            app.look.keys.names(binding),
            binding.action.name(),
            binding.help.to_string(),
        ],
        Offer::GoTo(n) => [String::new(), format!("step {n}"), "go to this step".into()],
        Offer::Set(_) => [
            String::new(),
            "set".into(),
            "these settings, from the next step, run or batch on; on the Tune screen, its sliders"
                .into(),
        ],
        Offer::Wrong(why) => [String::new(), "not set".into(), why.clone()],
        Offer::Explain(term) => [
            app.key_of(Context::Anywhere, Action::Help),
            term.name.clone(),
            term.short.clone(),
        ],
        Offer::Find(_) => [
            String::new(),
            "find".into(),
            "the next step that matches this condition".into(),
        ],
    }
}

fn line(app: &App, offer: &Offer<'_>, width: usize, theme: &Theme) -> Line<'static> {
    let [keys, name, help] = words(app, offer);
    let (keys, name) = (pad(&keys, KEYS), pad(&name, NAME));
    let room = width.saturating_sub(columns(&keys) + columns(&name) + 2);
    Line::from(vec![
        Span::styled(format!("{keys} "), theme.accent()),
        Span::styled(format!("{name} "), theme.strong()),
        Span::styled(fit(&help, room), theme.text()),
    ])
}
