//! Actions change the state here; what the engine should do comes back as
//! commands. The Decode screen's own actions are in `update_decode.rs`.

use crossterm::event::Event as TerminalEvent;
use tui_input::{Input, InputRequest};

use crate::present::format::Format;
use crate::recsys::SubjectKind;
use crate::speculate::params::Params;
use crate::tui::action::{Action, Copied};
use crate::tui::app::model::ModelState;
use crate::tui::app::{App, Dialog, Errand, Mouse, Screen, Tone, Touched};
use crate::tui::keys::table::Context;
use crate::tui::mouse::Target;
use crate::tui::runs::begin::Begin;
use crate::tui::screens::catalog::state::Typing;
use crate::tui::settings::{Setting, Way};
use crate::tui::start::Length;
use crate::worker::message::{Command, LabQuestion};

/// Rows a page key moves in the catalog.
const PAGE: i64 = 10;
/// Rows the wheel moves in a list.
const WHEEL_ROWS: i64 = 3;

impl App {
    pub fn update(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Tick(elapsed) => return self.tick(elapsed),
            Action::Resize(width, height) => {
                self.size = (width, height);
                return Vec::new();
            }
            _ => {}
        }
        self.touched = Touched::Yes;
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
            (Some(_), _) => self.update_dialog(action),
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
                self.theme.turn();
                self.chosen_theme = Some(self.theme.name().to_string());
                self.tell(Tone::Info, format!("Theme: {}", self.theme.name()));
            }
            Action::ToggleMouse => self.toggle_mouse(),
            Action::Picture => self.errands.push(Errand::Picture),
            Action::Commands => self.open_commands(),
            Action::CopyMenu => self.dialog = Some(Dialog::Copy { row: 0 }),
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
        let (mouse, text) = match self.mouse {
            Mouse::Ours => {
                let key = self.key_of(Context::Anywhere, Action::ToggleMouse);
                let text = format!("The mouse now selects text; {key} gives it back.");
                (Mouse::Terminals, text)
            }
            Mouse::Terminals => (Mouse::Ours, "The mouse clicks and scrolls again.".into()),
        };
        self.mouse = mouse;
        self.errands.push(Errand::Mouse(mouse));
        self.tell(Tone::Info, text);
    }

    fn show(&mut self, screen: Screen) {
        self.screen = screen;
        self.lab.came_from = None;
        if screen != Screen::Catalog && self.shown.is_none() {
            self.set_shown(self.runs.last().map(|r| r.id));
        }
        match screen {
            Screen::Tune => self.enter_tune(),
            Screen::Compare => self.enter_compare(),
            _ => {}
        }
    }

    pub(crate) fn update_catalog(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Up => self.browse.move_by(-1),
            Action::Down => self.browse.move_by(1),
            Action::PageUp => self.browse.move_by(-PAGE),
            Action::PageDown => self.browse.move_by(PAGE),
            Action::First => self.browse.select(0),
            Action::Last => self.browse.select(usize::MAX),
            Action::NextTab => self.next_tab(),
            Action::Filter => self.browse.typing = Typing::Yes,
            Action::Submit => self.browse.typing = Typing::No,
            Action::Edit(request) => self.edit_filter(request),
            Action::Paste(text) if self.browse.typing == Typing::Yes => {
                paste(self.browse.filter_mut(), &text);
                self.browse.refilter();
            }
            Action::Close => self.browse.clear_filter(),
            Action::Generate => return self.generate_selected(Begin::Running),
            Action::GeneratePaused => return self.generate_selected(Begin::Paused),
            Action::NextFramework => self.next_framework(),
            Action::OwnPrompt => self.dialog = Some(Dialog::Prompt(Input::default())),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::DetailUp => {
                self.browse.detail_scroll = self.browse.detail_scroll.saturating_sub(1);
            }
            Action::DetailDown => self.scroll_detail(1),
            Action::Click(Target::Tab(kind)) => self.browse.show(kind),
            Action::Click(Target::Row(row)) => self.click_row(row),
            Action::Wheel(Target::Detail, delta) => self.scroll_detail(i64::from(delta)),
            Action::Wheel(_, delta) => self.browse.move_by(i64::from(delta) * WHEEL_ROWS),
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    fn next_tab(&mut self) {
        self.browse.show(match self.browse.kind {
            SubjectKind::Item => SubjectKind::User,
            SubjectKind::User => SubjectKind::Item,
        });
    }

    /// Other prompts from now on, and answers of their length, unless the user has
    /// set one.
    fn next_framework(&mut self) {
        self.browse.next_framework();
        let Some(framework) = self.browse.framework() else {
            return;
        };
        if self.length == Length::Frameworks {
            let own = framework.max_tokens;
            self.params.max_tokens = own.unwrap_or(Params::default().max_tokens);
        }
        let text = format!(
            "{}: {}; answers of up to {} tokens.",
            framework.title, framework.about, self.params.max_tokens
        );
        self.tell(Tone::Info, text);
    }

    fn edit_filter(&mut self, request: InputRequest) {
        let change = self.browse.filter_mut().handle(request);
        if change.is_some_and(|c| c.value) {
            self.browse.refilter();
        }
    }

    fn scroll_detail(&mut self, delta: i64) {
        let last = crate::tui::screens::catalog::detail::last_scroll(self) as i64;
        let at = self.browse.detail_scroll as i64 + delta;
        self.browse.detail_scroll = at.clamp(0, last) as usize;
    }

    fn click_row(&mut self, row: usize) {
        self.browse.typing = Typing::No;
        self.browse.select(row);
    }

    /// Fetching the model: on both screens.
    pub(crate) fn update_model(&mut self, action: &Action) -> Vec<Command> {
        match (action, &self.model) {
            (Action::RetryModel, ModelState::Failed { .. }) => {
                self.dialog = None;
                self.model = ModelState::Starting;
                vec![Command::RetryModel]
            }
            (Action::CancelFetch, model) if model.is_coming() => vec![Command::CancelFetch],
            (Action::MeasureCost, _) => self.measure_cost(),
            _ => Vec::new(),
        }
    }

    fn update_dialog(&mut self, action: Action) -> Vec<Command> {
        match (self.dialog.take(), action.clone()) {
            (Some(Dialog::Download { .. }), Action::Submit) => vec![Command::AllowDownload(true)],
            (Some(Dialog::Download { .. }), Action::Close) => vec![Command::AllowDownload(false)],
            (Some(Dialog::Prompt(input)), Action::Submit) => self.generate_own(input.value()),
            (Some(Dialog::GoTo(input)), Action::Submit) => {
                self.go_to_number(input.value());
                Vec::new()
            }
            (Some(Dialog::Help(help)), action) => {
                self.update_help(help, &action);
                Vec::new()
            }
            (Some(Dialog::Branch { .. }), Action::Close) => Vec::new(),
            (Some(Dialog::Branch { row }), action) => self.update_branch(row, &action),
            (Some(Dialog::Condition(editor)), Action::Submit) => {
                self.submit_condition(editor);
                Vec::new()
            }
            (Some(Dialog::Condition(_)), Action::Close) => Vec::new(),
            (Some(Dialog::Condition(editor)), action) => {
                self.edit_condition(editor, &action);
                Vec::new()
            }
            (Some(Dialog::Search(input)), Action::Submit) => {
                self.keep_search(input.value());
                Vec::new()
            }
            (Some(Dialog::Search(_)), Action::Close) => {
                self.end_search();
                Vec::new()
            }
            (Some(Dialog::WhySlow { scroll }), Action::PreviousStep | Action::NextStep) => {
                self.dialog = Some(Dialog::WhySlow { scroll });
                self.move_steps(if action == Action::NextStep { 1 } else { -1 });
                Vec::new()
            }
            (Some(Dialog::Search(input)), action) => {
                self.edit_search(input, &action);
                Vec::new()
            }
            (Some(Dialog::Answer(input)), Action::Submit) => {
                self.answer(input.value());
                Vec::new()
            }
            (Some(Dialog::Export { row }), Action::Submit) => {
                self.export(row);
                Vec::new()
            }
            (Some(Dialog::Lab(dialog)), Action::Submit) => self.lab_submitted(&dialog),
            (Some(Dialog::SaveEdits), Action::Submit) => self.ask_pools(LabQuestion::Save),
            (Some(Dialog::RemoveDocument(removal)), Action::Submit) => {
                self.remove_document(removal)
            }
            (Some(Dialog::Runs { row }), Action::Submit) => {
                self.open_listed(row);
                Vec::new()
            }
            (Some(Dialog::Commands { input, row }), Action::Submit) => {
                self.run_command(input.value(), row)
            }
            (Some(Dialog::Copy { row }), Action::Submit) => {
                self.copy(Copied::ALL[row]);
                Vec::new()
            }
            (Some(Dialog::Choose { side, row }), action) => self.update_choose(side, row, &action),
            (_, Action::RetryModel) => self.update_model(&Action::RetryModel),
            (_, Action::Close) => Vec::new(),
            (Some(Dialog::Settings { row }), action) => self.update_settings(row, &action),
            (dialog, action) => {
                self.dialog = dialog;
                self.move_in_dialog(&action);
                Vec::new()
            }
        }
    }

    fn move_in_dialog(&mut self, action: &Action) {
        let n_runs = self.listed_runs().count();
        let why_end = crate::tui::dialogs::why_slow::last_scroll(self);
        let last_command = self.n_commands().saturating_sub(1);
        match self.dialog.as_mut() {
            Some(Dialog::WhySlow { scroll }) => *scroll = moved(*scroll, action, why_end),
            Some(Dialog::Runs { row }) => match action {
                Action::Click(Target::Line(line)) => *row = (*line).min(n_runs.saturating_sub(1)),
                other => *row = moved(*row, other, n_runs.saturating_sub(1)),
            },
            Some(Dialog::Export { row }) => match action {
                Action::Click(Target::Line(line)) => *row = (*line).min(Format::ALL.len() - 1),
                other => *row = moved(*row, other, Format::ALL.len() - 1),
            },
            Some(Dialog::Prompt(input) | Dialog::GoTo(input) | Dialog::Answer(input)) => {
                edit(input, action);
            }
            Some(Dialog::Commands { input, row }) => {
                *row = moved(*row, action, last_command);
                if edit(input, action) {
                    *row = 0;
                }
            }
            Some(Dialog::Copy { row }) => match action {
                Action::Click(Target::Line(line)) => *row = (*line).min(Copied::ALL.len() - 1),
                other => *row = moved(*row, other, Copied::ALL.len() - 1),
            },
            Some(Dialog::Lab(dialog)) => dialog.edit(action),
            _ => {}
        }
    }

    fn update_settings(&mut self, row: usize, action: &Action) -> Vec<Command> {
        let shown = Setting::shown(&self.params);
        let row = match action {
            Action::Click(Target::Line(line)) => (*line).min(shown.len() - 1),
            other => moved(row, other, shown.len() - 1),
        };
        self.dialog = Some(Dialog::Settings { row });
        match action {
            Action::Less => self.change(shown[row], Way::Less),
            Action::More => self.change(shown[row], Way::More),
            Action::PlayPause | Action::SingleStep => self.update_decode(action.clone()),
            _ => Vec::new(),
        }
    }

    fn change(&mut self, setting: Setting, way: Way) -> Vec<Command> {
        let changed = setting.moved(&self.params, way);
        if changed == self.params {
            return Vec::new();
        }
        if changed.max_tokens != self.params.max_tokens {
            self.length = Length::Given;
            self.browse.forget_previews();
        }
        self.params = changed;
        // A lesson's settings are its own: a run under way goes on as it was.
        let live = self.learn.course.is_none() && self.runs.iter().any(|r| r.is_under_way());
        if live {
            vec![Command::SetParams(changed)]
        } else {
            Vec::new()
        }
    }
}

/// A row or a scroll position moved by an action.
pub(crate) fn moved(at: usize, action: &Action, last: usize) -> usize {
    let delta = match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -PAGE,
        Action::PageDown => PAGE,
        Action::Wheel(_, delta) => i64::from(*delta),
        _ => 0,
    };
    (at as i64 + delta).clamp(0, last as i64) as usize
}

/// Whether the text changed.
pub(crate) fn edit(input: &mut Input, action: &Action) -> bool {
    match action {
        Action::Edit(request) => input.handle(*request).is_some_and(|c| c.value),
        Action::Paste(text) => {
            paste(input, text);
            true
        }
        _ => false,
    }
}

/// Line breaks in what is pasted become spaces: the fields hold one line.
pub(crate) fn paste(input: &mut Input, text: &str) {
    for c in text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
    {
        input.handle(InputRequest::InsertChar(c));
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
