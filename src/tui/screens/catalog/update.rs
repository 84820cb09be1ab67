//! The Catalog screen's actions: moving, filtering, generating.

use crate::protocol::Command;
use crate::speculate::params::Params;
use crate::tui::action::Action;
use crate::tui::app::{App, Tone};
use crate::tui::dialogs::prompt::PromptField;
use crate::tui::runs::begin::Begin;
use crate::tui::screens::Typing;
use crate::tui::screens::catalog::tab::Front;
use crate::tui::start::Length;
use crate::tui::target::Target;
use crate::tui::widgets::field::edit;
use crate::tui::widgets::sort::Sorting;

/// Rows a page key moves in the catalog.
const PAGE: i64 = 10;
/// Rows the wheel moves in a list.
const WHEEL_ROWS: i64 = 3;

fn rows_moved(action: &Action) -> i64 {
    match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -PAGE,
        _ => PAGE,
    }
}

impl App {
    pub(crate) fn update_catalog(&mut self, action: Action) -> Vec<Command> {
        if self.catalog.front == Front::Board {
            return self.update_board(action);
        }
        let last = self.look.measured.last;
        match action {
            Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
                self.catalog.move_by(rows_moved(&action));
            }
            Action::First => self.catalog.select(0),
            Action::Last => self.catalog.select(usize::MAX),
            Action::NextTab => self.catalog.next_tab(),
            Action::Filter => self.catalog.typing = Typing::Yes,
            Action::Submit => self.catalog.typing = Typing::No,
            Action::Edit(_) => self.edit_filter(&action),
            Action::Paste(_) if self.catalog.typing == Typing::Yes => self.edit_filter(&action),
            Action::Close => {
                self.catalog.clear_filter();
                self.arrange_subjects();
            }
            Action::Sort => self.sort_subjects(Sorting::next),
            Action::ReverseSort => self.sort_subjects(Sorting::reverse),
            Action::Generate => return self.generate_selected(Begin::Running),
            Action::GeneratePaused => return self.generate_selected(Begin::Paused),
            Action::Mark => self.catalog.toggle_mark(),
            Action::Unmark => self.catalog.marked.clear(),
            Action::StartBatch => return self.start_batch(),
            Action::NextFramework => self.next_framework(),
            Action::OwnPrompt => self.ask(PromptField::default()),
            Action::EarlierRuns => self.open_runs_dialog(),
            Action::DetailUp => {
                self.catalog.detail_scroll = self.catalog.detail_scroll.saturating_sub(1);
            }
            Action::DetailDown => self.catalog.scroll_detail(1, last),
            Action::Click(Target::Tab(tab)) => self.catalog.show_front(tab),
            Action::Click(Target::Row(row)) => self.catalog.click_row(row),
            Action::Wheel(Target::Detail, delta) => self.catalog.scroll_detail(delta.into(), last),
            Action::Wheel(_, delta) => self.catalog.move_by(i64::from(delta) * WHEEL_ROWS),
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    fn edit_filter(&mut self, action: &Action) {
        if edit(self.catalog.filter_mut(), action) {
            self.catalog.refilter();
            self.arrange_subjects();
        }
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
}
