//! The catalog as it is browsed: the two lists, the filter, the selection and
//! the prompts seen so far.
//!
//! Knows the catalog's types; nothing of runs and panes.

use std::collections::HashMap;

use color_eyre::eyre::{Report, bail};
use nucleo_matcher::{Config, Matcher};
use tui_input::Input;

use crate::present::names::common_prefix;
use crate::protocol::{PromptPreview, PromptText};
use crate::recsys::{Catalog, Framework, Half, Subject, SubjectKind, SubjectRef};
use crate::speculate::trace::SubjectInfo;
use crate::tui::screens::Typing;
use crate::tui::screens::catalog::board::state::BoardTab;
use crate::tui::screens::catalog::columns::SubjectColumn;
use crate::tui::screens::catalog::filter::{FilterRow, Haystack, matching};
use crate::tui::screens::catalog::tab::{CatalogTab, Front};
use crate::tui::start::Shipped;
use crate::tui::widgets::sort::Sorting;
use crate::worker::ask;

/// Items or users, as filtered.
#[derive(Debug, Default)]
pub struct List {
    /// What the filter is matched with, per subject.
    haystacks: Vec<Haystack>,
    /// All subjects, the query half first.
    order: Vec<SubjectRef>,
    /// What all names begin with.
    pub(crate) prefix: String,
    pub(crate) sorting: Sorting<SubjectColumn>,
    pub(crate) rows: Vec<FilterRow>,
    /// Which of the rows is selected.
    pub selected: usize,
    /// As typed.
    pub filter: Input,
}

/// A prompt on its way to the tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    ticket: u64,
    at: SubjectRef,
}

/// The Catalog screen's state: lists, filters, selection and previews.
pub struct Browse {
    /// `None`: recordings are shown without one.
    pub catalog: Option<Catalog>,
    frameworks: Vec<Framework>,
    /// Index of the one whose prompts are asked.
    framework: usize,
    /// The lists, or the board.
    pub front: Front,
    /// The acceptance board.
    pub board: BoardTab,
    /// Which list is in front.
    pub kind: SubjectKind,
    items: List,
    users: List,
    /// For a batch, in the order in which they were marked.
    pub(crate) marked: Vec<SubjectRef>,
    /// Whether the filter is being typed.
    pub(crate) typing: Typing,
    pub(crate) detail_scroll: usize,
    /// The answers that the pools begin with.
    pub(crate) shipped: Vec<Shipped>,
    previews: HashMap<SubjectRef, Result<PromptPreview, String>>,
    asked: Option<Asked>,
    n_tickets: u64,
    matcher: Matcher,
}

impl Browse {
    pub(crate) fn new(
        catalog: Option<Catalog>,
        frameworks: Vec<Framework>,
        framework: usize,
    ) -> Self {
        let list = |kind| {
            catalog
                .as_ref()
                .map_or_else(List::default, |c| List::new(c, kind))
        };
        Browse {
            items: list(SubjectKind::Item),
            users: list(SubjectKind::User),
            frameworks,
            framework,
            catalog,
            front: Front::default(),
            board: BoardTab::default(),
            kind: SubjectKind::Item,
            marked: Vec::new(),
            typing: Typing::No,
            detail_scroll: 0,
            shipped: Vec::new(),
            previews: HashMap::new(),
            asked: None,
            n_tickets: 0,
            matcher: Matcher::new(Config::DEFAULT),
        }
    }

    /// The list in front.
    pub fn list(&self) -> &List {
        self.list_of(self.kind)
    }

    pub(crate) fn list_of(&self, kind: SubjectKind) -> &List {
        match kind {
            SubjectKind::Item => &self.items,
            SubjectKind::User => &self.users,
        }
    }

    pub(super) fn list_mut(&mut self) -> &mut List {
        match self.kind {
            SubjectKind::Item => &mut self.items,
            SubjectKind::User => &mut self.users,
        }
    }

    pub(crate) fn show(&mut self, kind: SubjectKind) {
        self.kind = kind;
        self.detail_scroll = 0;
    }

    /// The tab in front.
    pub(crate) fn tab(&self) -> CatalogTab {
        match self.front {
            Front::Subjects => CatalogTab::Subjects(self.kind),
            Front::Board => CatalogTab::Board,
        }
    }

    pub(crate) fn show_front(&mut self, tab: CatalogTab) {
        match tab {
            CatalogTab::Subjects(kind) => {
                self.front = Front::Subjects;
                self.show(kind);
            }
            CatalogTab::Board => {
                self.typing = Typing::No;
                self.front = Front::Board;
            }
        }
    }

    /// Items, users, the board.
    pub(crate) fn next_tab(&mut self) {
        self.show_front(match self.tab() {
            CatalogTab::Subjects(SubjectKind::Item) => CatalogTab::Subjects(SubjectKind::User),
            CatalogTab::Subjects(SubjectKind::User) => CatalogTab::Board,
            CatalogTab::Board => CatalogTab::Subjects(SubjectKind::Item),
        });
    }

    pub(crate) fn click_row(&mut self, row: usize) {
        self.typing = Typing::No;
        self.select(row);
    }

    /// `last`: the last line that can be first.
    pub(crate) fn scroll_detail(&mut self, delta: i64, last: usize) {
        let to = (self.detail_scroll as i64).saturating_add(delta).max(0) as usize;
        self.detail_scroll = to.min(last);
    }

    pub(crate) fn select(&mut self, row: usize) {
        let list = self.list_mut();
        list.selected = row.min(list.rows.len().saturating_sub(1));
        self.detail_scroll = 0;
    }

    pub(crate) fn move_by(&mut self, delta: i64) {
        let at = self.list().selected as i64 + delta;
        self.select(at.max(0) as usize);
    }

    /// What is selected, if the filter leaves anything.
    pub fn selected(&self) -> Option<SubjectRef> {
        let list = self.list();
        list.rows.get(list.selected).map(|row| row.at)
    }

    /// Marks the selected subject for a batch, or unmarks it, and goes on to the next.
    pub(crate) fn toggle_mark(&mut self) {
        let Some(at) = self.selected() else { return };
        match self.marked.iter().position(|&marked| marked == at) {
            Some(place) => drop(self.marked.remove(place)),
            None => self.marked.push(at),
        }
        self.move_by(1);
    }

    /// The selected item or user.
    pub fn selected_subject(&self) -> Option<Subject<'_>> {
        let catalog = self.catalog.as_ref()?;
        self.selected().map(|at| catalog.subject(at))
    }

    /// Lists again what matches the filter, best first.
    pub(crate) fn refilter(&mut self) {
        let list = match self.kind {
            SubjectKind::Item => &mut self.items,
            SubjectKind::User => &mut self.users,
        };
        list.refilter(&mut self.matcher);
        self.detail_scroll = 0;
    }

    pub(crate) fn clear_filter(&mut self) {
        self.typing = Typing::No;
        self.list_mut().filter.reset();
        self.refilter();
    }

    pub(crate) fn filter_mut(&mut self) -> &mut Input {
        &mut self.list_mut().filter
    }

    /// A subject as its runs name it, and its prompt before the model's
    /// template.
    pub(crate) fn question_about(
        &self,
        at: SubjectRef,
    ) -> Result<(SubjectInfo, PromptText), Report> {
        let (Some(catalog), Some(framework)) = (&self.catalog, self.framework()) else {
            bail!("no catalog is open");
        };
        ask::about(catalog, at, framework, ask::role_of(catalog.subject(at)))
    }

    /// The prompt about a subject, before the model's template.
    pub fn prompt_of(&self, at: SubjectRef) -> Result<PromptText, Report> {
        Ok(self.question_about(at)?.1)
    }

    /// The framework whose prompts are asked.
    pub fn framework(&self) -> Option<&Framework> {
        self.frameworks.get(self.framework)
    }

    /// Whether a run or a document is of the framework whose prompts are asked.
    pub(crate) fn is_framework(&self, name: &str) -> bool {
        self.framework().is_some_and(|f| f.name == name)
    }

    /// Goes on to the next framework; its prompts are other ones.
    pub(crate) fn next_framework(&mut self) {
        self.framework = (self.framework + 1) % self.frameworks.len().max(1);
        self.detail_scroll = 0;
        self.forget_previews();
    }

    /// The subject a trace names, if this catalog has it.
    pub(crate) fn find(&self, info: &SubjectInfo) -> Option<SubjectRef> {
        let kind = SubjectKind::named(&info.kind)?;
        self.catalog.as_ref()?.find(kind, &info.id).ok()
    }

    /// Its prompt, once the engine has rendered it.
    pub fn preview(&self, at: SubjectRef) -> Option<&Result<PromptPreview, String>> {
        self.previews.get(&at)
    }

    /// The selected subject's prompt, if it should be tokenised now: one at a
    /// time, so that moving fast through the list does not flood the engine.
    pub(crate) fn next_preview(&mut self) -> Option<(u64, PromptText)> {
        let at = self.selected()?;
        if self.asked.is_some() || self.previews.contains_key(&at) {
            return None;
        }
        match self.prompt_of(at) {
            Ok(prompt) => {
                self.n_tickets += 1;
                let ticket = self.n_tickets;
                self.asked = Some(Asked { ticket, at });
                Some((ticket, prompt))
            }
            Err(why) => {
                self.previews.insert(at, Err(format!("{why:#}")));
                None
            }
        }
    }

    /// Keeps an answer; one that was not asked for is dropped.
    pub(crate) fn keep_preview(&mut self, ticket: u64, preview: Result<PromptPreview, String>) {
        if let Some(asked) = self.asked.filter(|a| a.ticket == ticket) {
            self.previews.insert(asked.at, preview);
            self.asked = None;
        }
    }

    /// Another model, another framework, another length: other prompts.
    pub(crate) fn forget_previews(&mut self) {
        self.previews.clear();
        self.asked = None;
    }
}

impl List {
    fn new(catalog: &Catalog, kind: SubjectKind) -> Self {
        let mut order: Vec<SubjectRef> = catalog.subjects(kind).collect();
        let haystacks = order.iter().map(|&at| Haystack::of(catalog, at)).collect();
        order.sort_by_key(|&at| catalog.subject(at).half() == Half::Pool);
        let labels: Vec<String> = order
            .iter()
            .map(|&at| catalog.subject(at).label())
            .collect();
        let mut list = List {
            haystacks,
            order,
            prefix: common_prefix(labels.iter().map(String::as_str)),
            ..List::default()
        };
        list.show_all();
        list
    }

    fn show_all(&mut self) {
        let row = |&at| FilterRow {
            at,
            matched: Vec::new(),
        };
        self.rows = self.order.iter().map(row).collect();
    }

    fn refilter(&mut self, matcher: &mut Matcher) {
        self.selected = 0;
        let wanted = self.filter.value().trim();
        if wanted.is_empty() {
            self.show_all();
        } else {
            self.rows = matching(wanted, &self.order, &self.haystacks, matcher);
        }
    }
}
