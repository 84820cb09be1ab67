//! The columns of the board: heads, values, and how rows are sorted by them.

use std::cmp::Ordering;

use super::{BoardRow, StepTally};

/// A column that the board is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::IntoStaticStr, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BoardColumn {
    /// Title or name.
    Subject,
    /// Its group.
    Group,
    /// Tokens committed.
    Tokens,
    /// Forward passes.
    Steps,
    /// Mean accepted length.
    #[default]
    Mal,
    /// Share of drafts committed.
    Acceptance,
    /// Share of steps with a hit.
    Hits,
    /// Longest match in tokens.
    Match,
    /// Share of drafts not committed.
    Waste,
    /// Share of repeated 4-grams.
    Repetition,
    /// The most frequent cause.
    Cause,
}

/// Which rows come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortDirection {
    /// The smallest figure first.
    Ascending,
    /// The largest first.
    Descending,
}

impl SortDirection {
    /// The other one.
    pub fn turned(self) -> Self {
        match self {
            SortDirection::Ascending => SortDirection::Descending,
            SortDirection::Descending => SortDirection::Ascending,
        }
    }
}

impl BoardColumn {
    /// From left to right.
    pub const ALL: [BoardColumn; 11] = [
        BoardColumn::Subject,
        BoardColumn::Group,
        BoardColumn::Tokens,
        BoardColumn::Steps,
        BoardColumn::Mal,
        BoardColumn::Acceptance,
        BoardColumn::Hits,
        BoardColumn::Match,
        BoardColumn::Waste,
        BoardColumn::Repetition,
        BoardColumn::Cause,
    ];

    /// On the command line and in files: `mal`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// # Errors
    /// Lists the names.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let found = BoardColumn::ALL.into_iter().find(|c| c.name() == text);
        let names = BoardColumn::ALL.map(BoardColumn::name).join(", ");
        found.ok_or_else(|| format!("`{text}`: must be one of {names}"))
    }

    /// Above the column.
    pub fn head(self) -> &'static str {
        match self {
            BoardColumn::Subject => "subject",
            BoardColumn::Group => "group",
            BoardColumn::Tokens => "tokens",
            BoardColumn::Steps => "steps",
            BoardColumn::Mal => "MAL",
            BoardColumn::Acceptance => "taken",
            BoardColumn::Hits => "hits",
            BoardColumn::Match => "match",
            BoardColumn::Waste => "waste",
            BoardColumn::Repetition => "rep.",
            BoardColumn::Cause => "mostly",
        }
    }

    /// Whether it holds text.
    pub(crate) fn is_text(self) -> bool {
        matches!(
            self,
            BoardColumn::Subject | BoardColumn::Group | BoardColumn::Cause
        )
    }

    /// The direction that shows the worst rows first; texts go by the alphabet.
    pub fn worst_first(self) -> SortDirection {
        match self {
            BoardColumn::Waste | BoardColumn::Repetition | BoardColumn::Steps => {
                SortDirection::Descending
            }
            _ => SortDirection::Ascending,
        }
    }

    /// The figure; `None`: there is none, or the column holds text.
    pub fn figure(self, row: &BoardRow) -> Option<f64> {
        let stats = &row.why.stats;
        let of_drafts = |figure: Option<f64>| figure.filter(|_| row.drafts);
        match self {
            BoardColumn::Tokens => Some(stats.tokens as f64),
            BoardColumn::Steps => Some(stats.steps as f64),
            BoardColumn::Mal => of_drafts(stats.mal()),
            BoardColumn::Acceptance => stats.fates.acceptance(),
            BoardColumn::Hits => of_drafts(stats.hit_rate()),
            BoardColumn::Match => of_drafts(Some(row.longest_match() as f64)),
            BoardColumn::Waste => row.tally().waste(),
            BoardColumn::Repetition => Some(row.repetition),
            BoardColumn::Subject | BoardColumn::Group | BoardColumn::Cause => None,
        }
    }

    /// As a cell; `—` where there is no figure.
    pub fn value(self, row: &BoardRow) -> String {
        match self {
            BoardColumn::Subject => row.subject.title.clone(),
            BoardColumn::Group => row.group().to_string(),
            BoardColumn::Cause => row.main().map_or("—", |main| main.title()).to_string(),
            _ => self
                .figure(row)
                .map_or("—".into(), |figure| self.written(figure)),
        }
    }

    /// A figure as this column writes it.
    pub(crate) fn written(self, figure: f64) -> String {
        match self {
            BoardColumn::Mal => format!("{figure:.2}"),
            BoardColumn::Acceptance
            | BoardColumn::Hits
            | BoardColumn::Waste
            | BoardColumn::Repetition => {
                format!("{:.0}%", figure * 100.0)
            }
            _ => format!("{figure:.0}"),
        }
    }

    pub(super) fn compare(self, a: &BoardRow, b: &BoardRow, direction: SortDirection) -> Ordering {
        let turned = |order: Ordering| match direction {
            SortDirection::Ascending => order,
            SortDirection::Descending => order.reverse(),
        };
        if self.is_text() {
            return turned(self.value(a).cmp(&self.value(b)));
        }
        match (self.figure(a), self.figure(b)) {
            (Some(a), Some(b)) => turned(a.total_cmp(&b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }

    /// The figure of several rows together.
    pub(crate) fn of_tally(self, tally: &StepTally) -> Option<f64> {
        match self {
            BoardColumn::Tokens => Some(tally.tokens as f64),
            BoardColumn::Steps => Some(tally.steps as f64),
            BoardColumn::Mal => tally.mal(),
            BoardColumn::Acceptance => tally.acceptance(),
            BoardColumn::Hits => tally.hit_rate(),
            BoardColumn::Waste => tally.waste(),
            _ => None,
        }
    }
}
