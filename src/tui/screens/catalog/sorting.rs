//! The order of the catalog's lists.

use crate::recsys::{Half, Subject, SubjectRef};
use crate::tui::app::App;
use crate::tui::screens::catalog::columns::SubjectColumn;
use crate::tui::widgets::sort::{SortKey, Sorting};

impl App {
    /// Sorts the list in front another way; what is selected stays.
    pub(crate) fn sort_subjects(&mut self, change: fn(&mut Sorting<SubjectColumn>)) {
        let selected = self.catalog.selected();
        change(&mut self.catalog.list_mut().sorting);
        self.catalog.refilter();
        self.arrange_subjects();
        let rows = &self.catalog.list().rows;
        let at = rows.iter().position(|row| Some(row.at) == selected);
        self.catalog.select(at.unwrap_or(0));
    }

    /// Puts what the filter leaves in order.
    pub(crate) fn arrange_subjects(&mut self) {
        let sorting = self.catalog.list().sorting;
        let mut rows = std::mem::take(&mut self.catalog.list_mut().rows);
        sorting.arrange(&mut rows, |row, column| self.subject_key(row.at, column));
        self.catalog.list_mut().rows = rows;
    }

    fn subject_key(&self, at: SubjectRef, column: SubjectColumn) -> SortKey {
        let Some(catalog) = &self.catalog.catalog else {
            return SortKey::Figure(None);
        };
        let subject = catalog.subject(at);
        match (column, subject) {
            (SubjectColumn::Title, _) => SortKey::text(&subject.label()),
            (SubjectColumn::Group, _) => SortKey::text(subject.group()),
            (SubjectColumn::Attributes, Subject::Item(item)) => {
                SortKey::text(&item.genres.join(", "))
            }
            (SubjectColumn::Attributes, Subject::User(user)) => SortKey::count(user.history.len()),
            (SubjectColumn::Half, _) => SortKey::count(usize::from(subject.half() == Half::Pool)),
            (SubjectColumn::Id, _) => SortKey::id(subject.id()),
            (SubjectColumn::Knowledge, _) => {
                let (kind, id) = (subject.kind().to_string(), subject.id());
                let n_runs = self.n_runs_about(&kind, id);
                let shipped = usize::from(self.is_in_pool(&kind, id));
                SortKey::count(2 * n_runs + shipped)
            }
        }
    }
}
