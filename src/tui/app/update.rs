//! Actions change the state here; what the engine should do comes back as
//! commands. The Decode screen's own actions are in `update_decode.rs`.

use crossterm::event::Event as TerminalEvent;
use tui_input::InputRequest;

use crate::recsys::SubjectKind;
use crate::speculate::params::Params;
use crate::tui::action::Action;
use crate::tui::app::model::ModelState;
use crate::tui::app::{App, Errand, Tone, Touched};
use crate::tui::dialogs::commands::Palette;
use crate::tui::dialogs::copy::CopyMenu;
use crate::tui::dialogs::prompt::PromptField;
use crate::tui::keys::table::Context;
use crate::tui::remembered::Mouse;
use crate::tui::runs::begin::Begin;
use crate::tui::screens::Screen;
use crate::tui::screens::catalog::state::Typing;
use crate::tui::settings::{Setting, Way};
use crate::tui::start::Length;
use crate::tui::target::Target;
use crate::tui::widgets::field::paste;
use crate::worker::message::Command;

/// Rows a page key moves in the catalog.
const PAGE: i64 = 10;
/// Rows the wheel moves in a list.
const WHEEL_ROWS: i64 = 3;

impl App {
    pub fn update(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Tick(elapsed) => return self.tick(elapsed),
            Action::Resize(width, height) => {
                self.look.size = (width, height);
                return Vec::new();
            }
            _ => {}
        }
        self.session.touched = Touched::Yes;
        self.notice = None;
        let commands = self.update_shown(action);
        self.tick_off(None);
        self.park_runs();
        commands
    }

    fn update_shown(&mut self, action: Action) -> Vec<Command> {
        if self.update_lesson(&action) {
            return Vec::new();
        }
        if self.update_anywhere(&action) {
            self.refresh_comparison();
            return self.ask_lab();
        }
        let commands = match (&self.dialog, self.screen) {
            (Some(_), _) => self.update_dialog(&action),
            (None, Screen::Catalog) => self.update_catalog(action),
            (None, Screen::Decode) => self.update_decode(action),
            (None, Screen::Tune) => self.update_tune(action),
            (None, Screen::Compare) => self.update_compare(action),
            (None, Screen::Pool) => self.update_lab(action),
            (None, Screen::Learn) => self.update_learn(action),
        };
        self.refresh_comparison();
        match self.screen {
            Screen::Catalog if commands.is_empty() => self.ask_preview(),
            Screen::Pool => [commands, self.ask_lab()].concat(),
            _ => commands,
        }
    }

    /// What means the same everywhere and asks nothing of the engine.
    fn update_anywhere(&mut self, action: &Action) -> bool {
        match action {
            Action::Quit => self.errands.push(Errand::Quit),
            Action::Suspend => self.errands.push(Errand::Suspend),
            Action::NextTheme => {
                self.look.theme.turn();
                self.look.chosen_theme = Some(self.look.theme.name().to_string());
                self.tell(Tone::Info, format!("Theme: {}", self.look.theme.name()));
            }
            Action::ToggleMouse => self.toggle_mouse(),
            Action::Picture => self.errands.push(Errand::Picture),
            Action::Commands => self.ask(Palette::default()),
            Action::CopyMenu => self.ask(CopyMenu { row: 0 }),
            Action::Copy(what) => self.copy(*what),
            Action::Narrower | Action::Wider | Action::Taller | Action::Shorter => {
                self.resize_panes(action);
            }
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
                let text = format!("The mouse now selects text; {key} gives it back.");
                (Mouse::Terminals, text)
            }
            Mouse::Terminals => (Mouse::Ours, "The mouse clicks and scrolls again.".into()),
        };
        self.look.mouse = mouse;
        self.errands.push(Errand::Mouse(mouse));
        self.tell(Tone::Info, text);
    }

    fn show(&mut self, screen: Screen) {
        self.screen = screen;
        self.pool.came_from = None;
        if screen != Screen::Catalog && self.session.shown.is_none() {
            self.set_shown(self.session.runs.last().map(|r| r.id));
        }
        match screen {
            Screen::Tune => self.enter_tune(),
            Screen::Compare => self.enter_compare(),
            _ => {}
        }
    }

    pub(crate) fn update_catalog(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Up => self.catalog.move_by(-1),
            Action::Down => self.catalog.move_by(1),
            Action::PageUp => self.catalog.move_by(-PAGE),
            Action::PageDown => self.catalog.move_by(PAGE),
            Action::First => self.catalog.select(0),
            Action::Last => self.catalog.select(usize::MAX),
            Action::NextTab => self.next_tab(),
            Action::Filter => self.catalog.typing = Typing::Yes,
            Action::Submit => self.catalog.typing = Typing::No,
            Action::Edit(request) => self.edit_filter(request),
            Action::Paste(text) if self.catalog.typing == Typing::Yes => {
                paste(self.catalog.filter_mut(), &text);
                self.catalog.refilter();
            }
            Action::Close => self.catalog.clear_filter(),
            Action::Generate => return self.generate_selected(Begin::Running),
            Action::GeneratePaused => return self.generate_selected(Begin::Paused),
            Action::NextFramework => self.next_framework(),
            Action::OwnPrompt => self.ask(PromptField::default()),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::DetailUp => {
                self.catalog.detail_scroll = self.catalog.detail_scroll.saturating_sub(1);
            }
            Action::DetailDown => self.scroll_detail(1),
            Action::Click(Target::Tab(kind)) => self.catalog.show(kind),
            Action::Click(Target::Row(row)) => self.click_row(row),
            Action::Wheel(Target::Detail, delta) => self.scroll_detail(i64::from(delta)),
            Action::Wheel(_, delta) => self.catalog.move_by(i64::from(delta) * WHEEL_ROWS),
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    fn next_tab(&mut self) {
        self.catalog.show(match self.catalog.kind {
            SubjectKind::Item => SubjectKind::User,
            SubjectKind::User => SubjectKind::Item,
        });
    }

    /// Other prompts from now on, and answers of their length, unless the user has
    /// set one.
    fn next_framework(&mut self) {
        self.catalog.next_framework();
        let Some(framework) = self.catalog.framework() else {
            return;
        };
        if self.next.length == Length::Frameworks {
            let own = framework.max_tokens;
            self.next.params.max_tokens = own.unwrap_or(Params::default().max_tokens);
        }
        let text = format!(
            "{}: {}; answers of up to {} tokens.",
            framework.title, framework.about, self.next.params.max_tokens
        );
        self.tell(Tone::Info, text);
    }

    fn edit_filter(&mut self, request: InputRequest) {
        let change = self.catalog.filter_mut().handle(request);
        if change.is_some_and(|c| c.value) {
            self.catalog.refilter();
        }
    }

    fn scroll_detail(&mut self, delta: i64) {
        let last = crate::tui::screens::catalog::detail::last_scroll(self) as i64;
        let at = self.catalog.detail_scroll as i64 + delta;
        self.catalog.detail_scroll = at.clamp(0, last) as usize;
    }

    fn click_row(&mut self, row: usize) {
        self.catalog.typing = Typing::No;
        self.catalog.select(row);
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
        let changed = setting.moved(&self.next.params, way);
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
