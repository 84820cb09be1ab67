//! The order of the Pool screen's lists.

use crate::protocol::Section;
use crate::tui::screens::pool::columns::{document_key, found_key, section_key, supplied_key};
use crate::tui::screens::pool::state::{PoolPane, PoolScreen, PoolTab};
use crate::tui::screens::pool::supplied::Supplied;
use crate::tui::widgets::sort::{SortColumn, Sorting};

/// A change of a list's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortChange {
    Next,
    Reverse,
}

impl SortChange {
    fn make<C: SortColumn>(self, sorting: &mut Sorting<C>) {
        match self {
            SortChange::Next => sorting.next(),
            SortChange::Reverse => sorting.reverse(),
        }
    }
}

impl PoolScreen {
    /// Sorts the list in focus another way; what is selected stays. Beside the text and
    /// the trees, that is the list of documents.
    pub(crate) fn sort(&mut self, change: SortChange) {
        match (self.pane, self.tab) {
            (PoolPane::Pools, _) => self.sort_pools(change),
            (PoolPane::View, PoolTab::Found) => self.sort_found(change),
            (PoolPane::View, PoolTab::Supplied) => {
                change.make(&mut self.supplied_sorting);
                self.keep_supplied(self.supplied.clone(), true);
            }
            (PoolPane::Documents, _) | (PoolPane::View, PoolTab::Text | PoolTab::Drafts) => {
                self.sort_documents(change);
            }
        }
    }

    fn sort_pools(&mut self, change: SortChange) {
        let selected = self.pool().cloned();
        change.make(&mut self.pools_sorting);
        self.arrange_pools();
        let is_it = |s: &Section| Some(&s.pool) == selected.as_ref();
        self.pool_row = self.sections().iter().position(is_it).unwrap_or(0);
    }

    fn sort_documents(&mut self, change: SortChange) {
        let selected = self.selected().map(|doc| doc.id.clone());
        change.make(&mut self.documents_sorting);
        self.refilter();
        let is_it = |&at: &usize| Some(&self.documents[at].id) == selected.as_ref();
        self.row = self.rows.iter().position(is_it).unwrap_or(0);
    }

    fn sort_found(&mut self, change: SortChange) {
        let selected = self.found_rows.get(self.found_row).copied();
        change.make(&mut self.found_sorting);
        self.arrange_found();
        let found = self.found_rows.iter().position(|&at| Some(at) == selected);
        self.found_row = found.unwrap_or(0);
    }

    /// Puts the pools in order.
    pub(crate) fn arrange_pools(&mut self) {
        let sections = self.overview.as_ref().map(|o| o.sections.clone());
        self.sections = sections.unwrap_or_default();
        self.pools_sorting.arrange(&mut self.sections, section_key);
    }

    /// Puts the documents that the filter leaves in order.
    pub(crate) fn arrange_documents(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let key = |&at: &usize, column| document_key(&self.documents[at], column);
        self.documents_sorting.arrange(&mut rows, key);
        self.rows = rows;
    }

    /// Puts the finds in order.
    pub(super) fn arrange_found(&mut self) {
        let documents = self
            .found
            .as_ref()
            .map_or(&[][..], |found| &found.documents);
        let mut rows: Vec<usize> = (0..documents.len()).collect();
        let key = |&at: &usize, column| found_key(&documents[at], column);
        self.found_sorting.arrange(&mut rows, key);
        self.found_rows = rows;
    }

    /// The drafts that the document in view supplied, in order. With `same`, more of the
    /// ones that were there: the selected one stays.
    pub(super) fn keep_supplied(&mut self, mut supplied: Vec<Supplied>, same: bool) {
        let place = |draft: &Supplied| (draft.step, draft.node);
        let selected = self.supplied.get(self.supplied_row).map(place);
        supplied.sort_by_key(place);
        self.supplied_sorting.arrange(&mut supplied, supplied_key);
        let is_it = |draft: &Supplied| same && Some(place(draft)) == selected;
        self.supplied_row = supplied.iter().position(is_it).unwrap_or(0);
        self.supplied = supplied;
    }
}
