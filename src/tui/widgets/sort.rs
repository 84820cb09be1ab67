//! What a list is sorted by: the order it comes in, or one of its columns.

use std::cmp::Ordering;

use ratatui::text::Line;

use crate::present::board::SortDirection;
use crate::present::theme::Theme;

/// The columns of a list.
pub(crate) trait SortColumn: Copy + PartialEq + 'static {
    /// From left to right.
    const ALL: &'static [Self];

    /// As a head or a note names it.
    fn name(self) -> &'static str;

    /// Texts begin with the first letter, figures with the largest.
    fn is_text(self) -> bool;
}

/// What a row has in a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SortKey {
    Text(String),
    /// `None`: there is no figure.
    Figure(Option<f64>),
}

impl SortKey {
    /// Letters alike, whatever their case.
    pub(crate) fn text(text: &str) -> Self {
        SortKey::Text(text.to_lowercase())
    }

    pub(crate) fn count(n: usize) -> Self {
        SortKey::Figure(Some(n as f64))
    }

    /// Numbers by their size, before all other names.
    pub(crate) fn id(id: &str) -> Self {
        match id.parse::<u64>() {
            Ok(n) => SortKey::Figure(Some(n as f64)),
            Err(_) => SortKey::text(id),
        }
    }

    /// Rows without a figure come last either way.
    fn cmp(&self, other: &Self, direction: SortDirection) -> Ordering {
        use SortKey::{Figure, Text};
        let order = match (self, other) {
            (Figure(None), Figure(None)) => Ordering::Equal,
            (Figure(None), _) => return Ordering::Greater,
            (_, Figure(None)) => return Ordering::Less,
            (Figure(Some(a)), Figure(Some(b))) => a.total_cmp(b),
            (Text(a), Text(b)) => a.cmp(b),
            (Figure(_), Text(_)) => Ordering::Less,
            (Text(_), Figure(_)) => Ordering::Greater,
        };
        match direction {
            SortDirection::Ascending => order,
            SortDirection::Descending => order.reverse(),
        }
    }
}

/// A list's order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sorting<C> {
    /// `None`: as the list comes.
    column: Option<C>,
    direction: SortDirection,
}

impl<C> Default for Sorting<C> {
    fn default() -> Self {
        Sorting {
            column: None,
            direction: SortDirection::Ascending,
        }
    }
}

impl<C: SortColumn> Sorting<C> {
    /// By the next column; after the last one as the list comes.
    pub(crate) fn next(&mut self) {
        let at = self
            .column
            .and_then(|c| C::ALL.iter().position(|&o| o == c));
        self.column = C::ALL.get(at.map_or(0, |at| at + 1)).copied();
        self.direction = match self.column {
            Some(column) if !column.is_text() => SortDirection::Descending,
            _ => SortDirection::Ascending,
        };
    }

    /// The other way round.
    pub(crate) fn reverse(&mut self) {
        self.direction = self.direction.turned();
    }

    /// The rows in order; equal ones stay as they come.
    pub(crate) fn arrange<T>(&self, rows: &mut Vec<T>, key: impl Fn(&T, C) -> SortKey) {
        let Some(column) = self.column else {
            if self.direction == SortDirection::Descending {
                rows.reverse();
            }
            return;
        };
        let taken = rows.drain(..).map(|row| (key(&row, column), row));
        let mut keyed: Vec<(SortKey, T)> = taken.collect();
        keyed.sort_by(|(a, _), (b, _)| a.cmp(b, self.direction));
        rows.extend(keyed.into_iter().map(|(_, row)| row));
    }

    /// What the list says of its order: `by title↑`; empty: as it comes.
    pub(crate) fn note(&self) -> String {
        match (self.column, self.direction) {
            (Some(column), _) => format!("by {}{}", column.name(), self.arrow()),
            (None, SortDirection::Descending) => "reversed".into(),
            (None, SortDirection::Ascending) => String::new(),
        }
    }

    /// A column's head, with an arrow if the list is sorted by it.
    pub(crate) fn head(&self, column: C, text: &str) -> String {
        match self.column == Some(column) {
            true => format!("{text}{}", self.arrow()),
            false => text.to_string(),
        }
    }

    fn arrow(&self) -> &'static str {
        match self.direction {
            SortDirection::Ascending => "↑",
            SortDirection::Descending => "↓",
        }
    }
}

/// The same on a list's border.
pub(crate) fn order_note<C: SortColumn>(sorting: &Sorting<C>, theme: &Theme) -> Line<'static> {
    Line::styled(sorting.note(), theme.dim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Column {
        Name,
        Size,
    }

    impl SortColumn for Column {
        const ALL: &'static [Self] = &[Column::Name, Column::Size];

        fn name(self) -> &'static str {
            match self {
                Column::Name => "name",
                Column::Size => "size",
            }
        }

        fn is_text(self) -> bool {
            self == Column::Name
        }
    }

    type Row = (&'static str, Option<f64>);

    fn key(row: &Row, column: Column) -> SortKey {
        match column {
            Column::Name => SortKey::text(row.0),
            Column::Size => SortKey::Figure(row.1),
        }
    }

    fn names(sorting: &Sorting<Column>) -> String {
        let mut rows: Vec<Row> = vec![("b", Some(1.0)), ("C", None), ("a", Some(3.0))];
        sorting.arrange(&mut rows, key);
        rows.iter().map(|row| row.0).collect()
    }

    #[test]
    fn it_goes_from_column_to_column_and_back_to_the_list() {
        let mut sorting = Sorting::default();
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push((names(&sorting), sorting.note()));
            sorting.next();
        }
        let seen: Vec<(&str, &str)> = seen.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let natural = ("bCa", "");
        let (by_name, by_size) = (("abC", "by name↑"), ("abC", "by size↓"));
        assert_eq!(seen, [natural, by_name, by_size, natural]);
    }

    #[test]
    fn what_has_no_figure_is_last_either_way() {
        let mut sorting = Sorting::default();
        (0..2).for_each(|_| sorting.next());
        sorting.reverse();
        assert_eq!(
            (names(&sorting), sorting.note()),
            ("baC".into(), "by size↑".into())
        );
        assert_eq!(sorting.head(Column::Size, "size"), "size↑");
        assert_eq!(sorting.head(Column::Name, "name"), "name");
    }

    #[test]
    fn numbers_in_names_are_numbers() {
        let order = SortKey::id("9").cmp(&SortKey::id("10"), SortDirection::Ascending);
        assert_eq!(order, Ordering::Less);
    }

    proptest! {
        #[test]
        fn no_row_is_lost(rows in prop::collection::vec(0u8..9, 0..20), n in 0usize..4, turned: bool) {
            let mut sorting = Sorting::<Column>::default();
            (0..n).for_each(|_| sorting.next());
            if turned {
                sorting.reverse();
            }
            let mut sorted = rows.clone();
            sorting.arrange(&mut sorted, |&row, _| SortKey::count(row.into()));
            let (mut a, mut b) = (rows, sorted);
            a.sort_unstable();
            b.sort_unstable();
            prop_assert_eq!(a, b);
        }
    }
}
