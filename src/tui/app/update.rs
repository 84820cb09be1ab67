//! Actions change the state here; what the engine should do comes back as
//! commands. A screen's own actions are in its `update.rs`.

use crossterm::event::Event as TerminalEvent;

use crate::protocol::Command;
use crate::speculate::parameters::Way;
use crate::speculate::params::Params;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::app::shared::Touched;
use crate::tui::app::{App, Effect, Tone};
use crate::tui::dialogs::commands::Palette;
use crate::tui::dialogs::copy::CopyMenu;
use crate::tui::keys::context::Context;
use crate::tui::remembered::Mouse;
use crate::tui::screens::Screen;
use crate::tui::settings::Setting;
use crate::tui::start::Length;
use crate::tui::target::Target;
use crate::tui::view;

impl App {
    /// Does what was asked; returns what the engine is to do.
    pub fn update(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Tick(elapsed) => return self.tick(elapsed),
            Action::Resize(width, height) => {
                self.look.size = (width, height);
                return Vec::new();
            }
            Action::Drag(..) | Action::Drop if self.look.dragged.is_none() => return Vec::new(),
            _ => {}
        }
        self.session.touched = Touched::Yes;
        self.notice = None;
        self.look.measured = view::measure(self);
        let commands = self.update_shown(action);
        self.tick_off(None);
        self.park_runs();
        commands
    }

    fn update_shown(&mut self, action: Action) -> Vec<Command> {
        if self.is_answer_asked(&action) {
            let commands = self.show_answer();
            self.refresh_comparison();
            return commands;
        }
        if self.update_lesson(&action) {
            return Vec::new();
        }
        if self.update_anywhere(&action) {
            self.refresh_comparison();
            return self.ask_for_lacking();
        }
        let commands = match (&self.dialog, self.screen) {
            (Some(_), _) => self.update_dialog(&action),
            (None, Screen::Catalog) => self.update_catalog(action),
            (None, Screen::Decode) => self.update_decode(action),
            (None, Screen::Tune) => self.update_tune(action),
            (None, Screen::Compare) => self.update_compare(action),
            (None, Screen::Pool) => self.update_pool(action),
            (None, Screen::Learn) => self.update_learn(action),
            (None, Screen::Batch) => self.update_batch(action),
        };
        self.refresh_comparison();
        match self.screen {
            Screen::Catalog if commands.is_empty() => self.ask_preview(),
            Screen::Pool => [commands, self.ask_for_lacking()].concat(),
            _ => commands,
        }
    }

    /// What means the same everywhere and asks nothing of the engine.
    fn update_anywhere(&mut self, action: &Action) -> bool {
        match action {
            Action::Quit => self.quit(),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::NextTheme => {
                self.look.theme.turn();
                self.look.chosen_theme = Some(self.look.theme.name().to_string());
                self.tell(Tone::Info, format!("Theme: {}", self.look.theme.name()));
            }
            Action::ToggleMouse => self.toggle_mouse(),
            Action::Present => self.toggle_presenting(),
            Action::Picture => self.effects.push(Effect::Picture),
            Action::Commands => self.ask(Palette::default()),
            Action::CopyMenu => self.ask(CopyMenu { row: 0 }),
            Action::Copy(what) => self.copy(*what),
            Action::Narrower | Action::Wider | Action::Taller | Action::Shorter => {
                self.resize_panes(action);
            }
            Action::Click(Target::Splitter(splitter)) => self.look.dragged = Some(*splitter),
            Action::Drag(x, y) => self.drag(*x, *y),
            Action::Drop => self.look.dragged = None,
            Action::Help => self.open_help(),
            Action::Show(screen) | Action::Click(Target::Screen(screen)) => self.show(*screen),
            _ => return false,
        }
        true
    }

    fn toggle_mouse(&mut self) {
        let (mouse, text) = match self.look.mouse {
            Mouse::Ours => {
                let key = self.key_of(Context::Anywhere, Action::ToggleMouse);
                let text = format!("The mouse now selects text; {key} turns clicks back on.");
                (Mouse::Terminals, text)
            }
            Mouse::Terminals => (Mouse::Ours, "The mouse clicks and scrolls.".into()),
        };
        self.look.mouse = mouse;
        self.effects.push(Effect::Mouse(mouse));
        self.tell(Tone::Info, text);
    }

    pub(crate) fn show(&mut self, screen: Screen) {
        self.screen = screen;
        self.pool.came_from = None;
        self.batch.is_in_decode = false;
        if screen != Screen::Catalog && self.session.shown.is_none() {
            self.set_shown(self.session.runs.last().map(|r| r.id));
        }
        match screen {
            Screen::Tune => self.enter_tune(),
            Screen::Compare => self.enter_compare(),
            _ => {}
        }
    }

    /// Fetching the model: on both screens.
    pub(crate) fn update_model(&mut self, action: &Action) -> Vec<Command> {
        match (action, &self.engine.model) {
            (Action::RetryModel, ModelState::Failed { .. }) => {
                self.dialog = None;
                self.engine.model = ModelState::Starting;
                vec![Command::RetryModel]
            }
            (Action::CancelFetch, model) if model.is_coming() => vec![Command::CancelFetch],
            (Action::MeasureCost, _) => self.measure_cost(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn change(&mut self, setting: Setting, way: Way) -> Vec<Command> {
        self.set_next(setting.moved(&self.next.params, way))
    }

    /// For the next run, and for the next step of the one under way.
    pub(crate) fn set_next(&mut self, changed: Params) -> Vec<Command> {
        if changed == self.next.params {
            return Vec::new();
        }
        if changed.max_tokens != self.next.params.max_tokens {
            self.next.length = Length::Given;
            self.catalog.forget_previews();
        }
        self.next.params = changed;
        // A lesson's settings are its own: a run under way goes on as it was.
        let live =
            self.learn.course.is_none() && self.session.runs.iter().any(|r| r.is_under_way());
        if live {
            vec![Command::SetParams(changed)]
        } else {
            Vec::new()
        }
    }
}

impl App {
    /// What the terminal reports, as an action; `None`: nothing to do.
    pub fn action_of(&self, event: &TerminalEvent) -> Option<Action> {
        match event {
            TerminalEvent::Key(key) => self.key(key),
            TerminalEvent::Paste(text) => Some(Action::Paste(text.clone())),
            TerminalEvent::Resize(width, height) => Some(Action::Resize(*width, *height)),
            TerminalEvent::Mouse(mouse) => crate::tui::mouse::action(self, mouse),
            TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
        }
    }
}
