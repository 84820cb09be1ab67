//! The order of the Pool screen's lists.

use crate::protocol::Section;
use crate::tui::screens::pool::columns::{document_key, section_key};
use crate::tui::screens::pool::state::{PoolPane, PoolScreen};
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
    /// Sorts the list in focus another way; what is selected stays.
    pub(crate) fn sort(&mut self, change: SortChange) {
        match self.pane {
            PoolPane::Pools => {
                let selected = self.pool().cloned();
                change.make(&mut self.pools_sorting);
                self.arrange_pools();
                let is_it = |s: &Section| Some(&s.pool) == selected.as_ref();
                self.pool_row = self.sections().iter().position(is_it).unwrap_or(0);
            }
            PoolPane::Documents | PoolPane::View => {
                let selected = self.selected().map(|doc| doc.id.clone());
                change.make(&mut self.documents_sorting);
                self.refilter();
                let is_it = |&at: &usize| Some(&self.documents[at].id) == selected.as_ref();
                self.row = self.rows.iter().position(is_it).unwrap_or(0);
            }
        }
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
}
