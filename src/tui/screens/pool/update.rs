//! The Pool screen's actions: moving, searching, probing, changing the pools.

use std::path::PathBuf;

use crate::present::selection::TreeSelection;
use crate::present::token_text::fit;
use crate::protocol::{Command, NewDocument, PoolName, PoolQuestion, ProbedText};
use crate::speculate::params::{Budget, Params};
use crate::speculate::subject::GroupKey;
use crate::tui::action::{Action, PoolAction};
use crate::tui::app::shared::Measured;
use crate::tui::app::{App, Tone};
use crate::tui::dialogs::pool_text::{PoolAsks, PoolField};
use crate::tui::dialogs::remove_document::Removal;
use crate::tui::dialogs::save_edits::SaveEdits;
use crate::tui::screens::decode::state::{Cursor, Zoom};
use crate::tui::screens::pool::sorting::SortChange;
use crate::tui::screens::pool::state::{PoolPane, PoolScreen, PoolTab};
use crate::tui::screens::{Screen, Typing};
use crate::tui::target::{PoolTarget, Target};
use crate::tui::widgets::field::edit;

/// Rows of a probe's trees: what can be read at a glance.
const PROBE_ROWS: usize = 24;
const PAGE: i64 = 10;
const WHEEL_ROWS: i64 = 3;
/// Stands for a line break in a text that is being typed.
const BREAK: char = '⏎';
const TITLE_LEN: usize = 40;

impl App {
    pub(crate) fn update_pool(&mut self, action: Action) -> Vec<Command> {
        match action {
            Action::Pool(asked) => return self.pool_action(asked),
            Action::Submit if self.pool.typing == Typing::Yes => self.pool.typing = Typing::No,
            Action::Submit => return self.enter_pools(),
            Action::Filter => {
                self.pool.typing = Typing::Yes;
                self.pool.pane = PoolPane::Documents;
            }
            Action::Edit(_) | Action::Paste(_) => self.pool.edit_filter(&action),
            Action::Sort => self.pool.sort(SortChange::Next),
            Action::ReverseSort => self.pool.sort(SortChange::Reverse),
            Action::NextPane => self.pool.focus_neighbour(true),
            Action::PreviousPane => self.pool.focus_neighbour(false),
            Action::Less => self.show_pool_tab(self.pool.tab.neighbour(false)),
            Action::More => self.show_pool_tab(self.pool.tab.neighbour(true)),
            Action::Zoom => {
                self.pool.zoom = self.pool.zoom.other();
                self.pool.pane = PoolPane::View;
            }
            Action::Close => self.leave_pools(),
            Action::Click(Target::Pool(target)) => return self.click_pools(target),
            Action::Wheel(Target::Pool(target), delta) => {
                let pane = target.pane();
                return self.move_in_pool_pane(pane, i64::from(delta) * WHEEL_ROWS);
            }
            Action::Up => return self.move_in_pools(-1),
            Action::Down => return self.move_in_pools(1),
            Action::PageUp => return self.move_in_pools(-PAGE),
            Action::PageDown => return self.move_in_pools(PAGE),
            Action::First => return self.move_in_pools(i64::MIN / 2),
            Action::Last => return self.move_in_pools(i64::MAX / 2),
            other => return self.update_model(&other),
        }
        Vec::new()
    }

    fn show_pool_tab(&mut self, tab: PoolTab) {
        self.pool.tab = tab;
        self.pool.scroll = None;
        self.find_supplied();
    }

    fn leave_pools(&mut self) {
        if self.pool.typing == Typing::Yes || !self.pool.filter.value().is_empty() {
            self.pool.typing = Typing::No;
            self.pool.filter.reset();
            self.pool.refilter();
        } else if self.pool.zoom == Zoom::One {
            self.pool.zoom = Zoom::All;
        } else {
            self.screen = self.pool.came_from.take().unwrap_or(Screen::Catalog);
        }
    }

    fn move_in_pools(&mut self, delta: i64) -> Vec<Command> {
        self.move_in_pool_pane(self.pool.pane, delta)
    }

    fn move_in_pool_pane(&mut self, pane: PoolPane, delta: i64) -> Vec<Command> {
        let to = |at: usize| (at as i64).saturating_add(delta).max(0) as usize;
        let Measured { top, last, .. } = self.look.measured;
        let pools = &mut self.pool;
        match (pane, pools.tab) {
            (PoolPane::Pools, _) => pools.select_pool(to(pools.pool_row)),
            (PoolPane::Documents, _) => pools.select_document(to(pools.row)),
            (PoolPane::View, PoolTab::Supplied) => {
                pools.supplied_row =
                    to(pools.supplied_row).min(pools.supplied.len().saturating_sub(1));
            }
            (PoolPane::View, PoolTab::Found) => {
                let last = pools.found_rows.len().saturating_sub(1);
                pools.found_row = to(pools.found_row).min(last);
            }
            (PoolPane::View, PoolTab::Text | PoolTab::Drafts) => {
                pools.scroll = Some(to(top).min(last));
            }
        }
        match pane {
            PoolPane::Documents => self.show_selected(),
            PoolPane::Pools | PoolPane::View => Vec::new(),
        }
    }

    /// The text of the document selected in the list, if texts are looked at.
    fn show_selected(&mut self) -> Vec<Command> {
        if !matches!(self.pool.tab, PoolTab::Text | PoolTab::Supplied) {
            return Vec::new();
        }
        let Some(id) = self.pool.selected().map(|d| d.id.clone()) else {
            return Vec::new();
        };
        let pool = self.pool.pool().cloned().unwrap_or(PoolName::Global);
        self.want_document(&id, pool, None)
    }

    /// Enter: one level deeper.
    fn enter_pools(&mut self) -> Vec<Command> {
        match (self.pool.pane, self.pool.tab) {
            (PoolPane::Pools, _) => self.pool.pane = PoolPane::Documents,
            (PoolPane::Documents, _) => {
                self.pool.pane = PoolPane::View;
                if !matches!(self.pool.tab, PoolTab::Text | PoolTab::Supplied) {
                    self.pool.tab = PoolTab::Text;
                }
                return self.show_selected();
            }
            (PoolPane::View, PoolTab::Supplied) => self.go_to_supplied(),
            (PoolPane::View, PoolTab::Found) => return self.open_found(),
            (PoolPane::View, PoolTab::Text) => self.show_pool_tab(PoolTab::Supplied),
            (PoolPane::View, PoolTab::Drafts) => {}
        }
        Vec::new()
    }

    fn go_to_supplied(&mut self) {
        if let Some(&draft) = self.pool.supplied.get(self.pool.supplied_row) {
            self.screen = Screen::Decode;
            self.decode.go_to(Cursor::at(draft.step));
            self.decode.selection = Some(TreeSelection::Draft(draft.node));
        }
    }

    fn open_found(&mut self) -> Vec<Command> {
        let Some(hit) = self.pool.found_at(self.pool.found_row) else {
            return Vec::new();
        };
        let (id, pool, at) = (hit.id.clone(), hit.pool.clone(), hit.at.0);
        self.show_pool_tab(PoolTab::Text);
        self.want_document(&id, pool, Some(at))
    }

    fn click_pools(&mut self, target: PoolTarget) -> Vec<Command> {
        self.pool.typing = Typing::No;
        self.pool.pane = target.pane();
        match target {
            PoolTarget::Pool(Some(row)) => self.pool.select_pool(row),
            PoolTarget::Document(Some(row)) => {
                self.pool.select_document(row);
                return self.show_selected();
            }
            PoolTarget::Tab(tab) => self.show_pool_tab(tab),
            PoolTarget::View(Some(row)) => match self.pool.tab {
                PoolTab::Supplied => self.pool.supplied_row = row,
                PoolTab::Found => self.pool.found_row = row,
                PoolTab::Text | PoolTab::Drafts => {}
            },
            _ => {}
        }
        Vec::new()
    }

    fn pool_action(&mut self, asked: PoolAction) -> Vec<Command> {
        if !self.engine.model.is_ready() {
            self.tell(Tone::Info, self.why_no_texts());
            return Vec::new();
        }
        match asked {
            PoolAction::Search => self.ask(PoolField::new(PoolAsks::Phrase)),
            PoolAction::AddText => self.ask(PoolField::new(PoolAsks::Text)),
            PoolAction::AddFile => self.ask(PoolField::new(PoolAsks::File)),
            PoolAction::ProbePrompt => return self.probe_prompt(),
            PoolAction::Remove => self.ask_to_remove(),
            PoolAction::Undo => return self.ask_pools(PoolQuestion::Undo),
            PoolAction::Save => self.ask_to_save(),
        }
        Vec::new()
    }

    /// Asks at once, whatever else is being asked.
    pub(crate) fn ask_pools(&mut self, question: PoolQuestion) -> Vec<Command> {
        vec![Command::Pool(Box::new(question))]
    }

    /// What was typed is searched, probed or added.
    pub(crate) fn pool_text_submitted(&mut self, dialog: &PoolField) -> Vec<Command> {
        let typed = dialog.input.value();
        if typed.trim().is_empty() {
            return Vec::new();
        }
        match dialog.asks {
            PoolAsks::Phrase => self.search(typed),
            PoolAsks::Text => {
                let text = typed.replace(BREAK, "\n");
                let document = self.pool.new_document(&text);
                self.ask_pools(PoolQuestion::Add(document))
            }
            PoolAsks::File => {
                let path = PathBuf::from(typed.trim());
                self.ask_pools(PoolQuestion::AddFile { path })
            }
        }
    }

    fn search(&mut self, phrase: &str) -> Vec<Command> {
        self.pool.tab = PoolTab::Found;
        self.pool.pane = PoolPane::View;
        self.pool.probe_of = format!("“{phrase}”");
        let group = self.pool.selected_group();
        let find = PoolQuestion::Find {
            text: phrase.to_string(),
        };
        let probe = self.probe(ProbedText::Phrase(phrase.to_string()), group);
        [self.ask_pools(find), self.ask_pools(probe)].concat()
    }

    fn probe_prompt(&mut self) -> Vec<Command> {
        let Some(at) = self.catalog.selected() else {
            self.tell(Tone::Info, "Select an item or a user in the catalog first.");
            return Vec::new();
        };
        let (subject, prompt) = match self.catalog.question_about(at) {
            Ok(question) => question,
            Err(why) => {
                self.tell(
                    Tone::Problem,
                    format!("No prompt for this subject: {why:#}"),
                );
                return Vec::new();
            }
        };
        let own = subject.group.as_deref();
        let own = own.map(|g| GroupKey::new(&subject.kind, Some(g), None));
        let group = self.pool.selected_group().or(own);
        self.pool.probe_of = format!("the prompt of {}", subject.title);
        self.pool.tab = PoolTab::Drafts;
        self.pool.pane = PoolPane::View;
        let probe = self.probe(ProbedText::Prompt(prompt), group);
        self.ask_pools(probe)
    }

    /// As the parameters say, but as many rows as can be read.
    fn probe(&self, text: ProbedText, group: Option<GroupKey>) -> PoolQuestion {
        let params = Params {
            budget: Budget::Rows(PROBE_ROWS),
            ..self.next.params
        };
        PoolQuestion::Probe {
            text,
            group,
            params: Box::new(params),
        }
    }

    /// Asks about the document that the pane in focus shows.
    fn ask_to_remove(&mut self) {
        let focused = match (self.pool.pane, self.pool.tab) {
            (PoolPane::Documents, _) => self.pool.removal_of_selected(),
            (PoolPane::View, PoolTab::Found) => self.pool.removal_of_found(),
            (PoolPane::View, PoolTab::Text | PoolTab::Supplied) => self.pool.removal_of_open(),
            (PoolPane::Pools, _) | (PoolPane::View, PoolTab::Drafts) => None,
        };
        match focused {
            Some(removal) => self.ask(removal),
            None => {
                let text = "Select a document in the list first.";
                self.tell(Tone::Info, text);
            }
        }
    }

    pub(crate) fn remove_document(&mut self, removal: Removal) -> Vec<Command> {
        let Removal { pool, id, .. } = removal;
        self.ask_pools(PoolQuestion::Remove { pool, id })
    }

    fn ask_to_save(&mut self) {
        let overview = self.pool.overview.as_ref();
        let (n, path) = overview.map_or((0, None), |o| (o.n_unsaved, o.pool_on_disk.as_ref()));
        match (n, path) {
            (0, _) => self.tell(Tone::Info, "The pools have no changes to save."),
            (_, None) => self.tell(
                Tone::Info,
                "No pool on disk is open: start with --pool NAME.pool to save changes to it.",
            ),
            (_, Some(_)) => self.ask(SaveEdits),
        }
    }
}

impl PoolScreen {
    fn edit_filter(&mut self, action: &Action) {
        let takes = matches!(action, Action::Edit(_)) || self.typing == Typing::Yes;
        if takes && edit(&mut self.filter, action) {
            self.refilter();
        }
    }

    fn focus_neighbour(&mut self, forward: bool) {
        use PoolPane::{Documents, Pools, View};
        self.pane = match (self.pane, forward) {
            (Pools, true) | (View, false) => Documents,
            (Documents, true) | (Pools, false) => View,
            (View, true) | (Documents, false) => Pools,
        };
    }

    /// The group that is selected among the pools.
    fn selected_group(&self) -> Option<GroupKey> {
        match self.pool() {
            Some(PoolName::Group(name)) => Some(name.clone()),
            _ => None,
        }
    }

    /// A document of its own for a text that was typed, in the selected group.
    fn new_document(&mut self, text: &str) -> NewDocument {
        self.n_typed += 1;
        let group = self.selected_group();
        let (kind, group) = match group.as_deref().and_then(|g| g.split_once('/')) {
            Some((kind, group)) => (kind.into(), group.to_string()),
            None => ("session".into(), "added".to_string()),
        };
        let first_line = text.lines().find(|l| !l.trim().is_empty());
        NewDocument {
            id: format!("typed-{}", self.n_typed),
            title: fit(first_line.unwrap_or_default().trim(), TITLE_LEN),
            kind,
            group,
            text: text.to_string(),
        }
    }

    fn removal_of_selected(&self) -> Option<Removal> {
        let document = self.selected()?;
        Some(Removal {
            pool: self.pool()?.clone(),
            id: document.id.clone(),
            title: document.title.clone(),
        })
    }

    fn removal_of_found(&self) -> Option<Removal> {
        let hit = self.found_at(self.found_row)?;
        Some(Removal {
            pool: hit.pool.clone(),
            id: hit.id.clone(),
            title: hit.title.clone(),
        })
    }

    /// From the pool that it was opened from.
    fn removal_of_open(&self) -> Option<Removal> {
        let open = self.open.as_ref().filter(|_| self.wanted.is_none())?;
        Some(Removal {
            pool: open.pool.clone(),
            id: open.text.id.clone(),
            title: open.text.title.clone(),
        })
    }
}
