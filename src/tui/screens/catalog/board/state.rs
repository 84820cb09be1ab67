//! What the board shows: its rows in order, the filter, the marks, and the folder that it
//! watches. Knows rows; nothing of panes.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use tui_input::Input;

use super::scoring::MarkedScoring;
use crate::present::board::{
    Board, BoardColumn, BoardRow, Breakdown, LogDoor, RowFrom, SortDirection, Spread, StepTally,
};
use crate::present::last_result::LastResult;
use crate::speculate::why_low::WhyLow;
use crate::tui::screens::Typing;
use crate::tui::widgets::ring::neighbour;

/// A file as it was when it was read: its size, and when it was written.
pub(crate) type SeenFiles = HashMap<PathBuf, (u64, Option<SystemTime>)>;

/// A folder of traces that fills the board while others write to it.
#[derive(Clone, Debug)]
pub struct WatchedFolder {
    pub(crate) path: PathBuf,
    pub(crate) seen: SeenFiles,
    /// Files in it that are no traces.
    pub(crate) n_not_traces: usize,
    /// Why it cannot be read.
    pub(crate) problem: Option<String>,
    /// Since it was last read; `None`: it is being read.
    pub(crate) waited: Option<Duration>,
}

impl WatchedFolder {
    /// How often it is read.
    const EVERY: Duration = Duration::from_secs(1);

    pub(crate) fn new(path: PathBuf) -> Self {
        WatchedFolder {
            path,
            seen: SeenFiles::new(),
            n_not_traces: 0,
            problem: None,
            waited: Some(Self::EVERY),
        }
    }

    /// When it is to be read again; `None`: it is being read.
    pub(crate) fn due_in(&self) -> Option<Duration> {
        Some(Self::EVERY.saturating_sub(self.waited?))
    }
}

/// A log whose answers fill the board while it is scored.
#[derive(Clone, Debug)]
pub struct ScoredLog {
    /// The thread that scores it.
    pub door: LogDoor,
    pub(crate) n_done: usize,
    /// Whether more is to be asked for.
    pub(crate) is_due: bool,
    /// Why it was not scored to its end.
    pub(crate) problem: Option<String>,
}

impl ScoredLog {
    pub(crate) fn new(door: LogDoor) -> Self {
        ScoredLog {
            door,
            n_done: 0,
            is_due: true,
            problem: None,
        }
    }
}

/// The rows shown, together.
#[derive(Clone, Debug)]
pub(crate) struct BoardSums {
    pub(crate) all: WhyLow,
    /// Rows without drafts, which no sum counts.
    pub(crate) n_undrafted: usize,
    pub(crate) parts: Vec<(String, StepTally)>,
    /// `None`: no row has a figure.
    pub(crate) spread: Option<(BoardColumn, Spread)>,
}

/// Parts of a histogram.
const BUCKETS: usize = 20;

/// The board as it is looked at.
#[derive(Clone, Debug)]
pub struct BoardTab {
    /// All rows there are.
    pub board: Board,
    /// Those that the filter leaves, in the order shown.
    order: Vec<usize>,
    pub(crate) selected: usize,
    /// The column that the rows are sorted by.
    pub column: BoardColumn,
    pub(crate) direction: SortDirection,
    pub(crate) by: Breakdown,
    pub(crate) filter: Input,
    pub(crate) typing: Typing,
    pub(crate) marked: HashSet<RowFrom>,
    pub(crate) scroll: usize,
    /// `None`: only runs of this session.
    pub folder: Option<WatchedFolder>,
    /// A log that is being scored.
    pub log: Option<ScoredLog>,
    /// The marked answers that were last handed to be scored.
    pub scoring: Option<MarkedScoring>,
    /// A run that was asked for, and the step to show of it.
    pub(crate) opening: Option<(RowFrom, Option<usize>)>,
    /// Raised whenever the rows shown change.
    revision: u64,
    sums: LastResult<(u64, Breakdown), BoardSums>,
}

impl Default for BoardTab {
    fn default() -> Self {
        let column = BoardColumn::default();
        BoardTab {
            board: Board::default(),
            order: Vec::new(),
            selected: 0,
            column,
            direction: column.worst_first(),
            by: Breakdown::default(),
            filter: Input::default(),
            typing: Typing::No,
            marked: HashSet::new(),
            scroll: 0,
            folder: None,
            log: None,
            scoring: None,
            opening: None,
            revision: 0,
            sums: LastResult::default(),
        }
    }
}

impl BoardTab {
    /// Adds a row, or replaces the one of the same run; what is selected stays so.
    pub fn insert(&mut self, row: BoardRow) {
        self.board.insert(row);
        self.arrange();
    }

    /// The same with many rows.
    pub(crate) fn insert_all(&mut self, rows: Vec<BoardRow>) {
        if rows.is_empty() {
            return;
        }
        rows.into_iter().for_each(|row| self.board.insert(row));
        self.arrange();
    }

    /// Sorts and filters again.
    pub(crate) fn arrange(&mut self) {
        let selected = self.selected_row().map(|row| row.from.clone());
        let wanted = self.filter.value().trim().to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let order = self
            .board
            .sorted(self.column, self.direction, |row| fits(row, &words));
        self.order = order;
        self.revision += 1;
        let is_it = |row: &&BoardRow| Some(&row.from) == selected.as_ref();
        let at = self.shown().position(|row| is_it(&row));
        // The first row was not chosen: it stays the first, whatever comes.
        let at = at.filter(|_| self.selected > 0);
        self.select(at.unwrap_or(self.selected));
    }

    /// The rows that the filter leaves, in order.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &BoardRow> + Clone {
        self.order.iter().map(|&i| &self.board.rows()[i])
    }

    /// The rows shown, together; worked out once.
    pub(crate) fn sums(&self) -> Rc<BoardSums> {
        let column = match self.column.is_text() {
            true => BoardColumn::Mal,
            false => self.column,
        };
        self.sums.get((self.revision, self.by), || BoardSums {
            all: Board::together(self.shown()),
            n_undrafted: self.shown().filter(|row| !row.drafts).count(),
            parts: self.by.of(self.shown()),
            spread: Spread::of(column, self.shown(), BUCKETS).map(|spread| (column, spread)),
        })
    }

    /// The row selected, if there is any.
    pub fn selected_row(&self) -> Option<&BoardRow> {
        let at = *self.order.get(self.selected)?;
        self.board.rows().get(at)
    }

    pub(crate) fn select(&mut self, row: usize) {
        self.selected = row.min(self.order.len().saturating_sub(1));
    }

    pub(crate) fn move_by(&mut self, delta: i64) {
        let at = (self.selected as i64).saturating_add(delta).max(0);
        self.select(at as usize);
    }

    /// The column beside the present one; the worst rows come first.
    pub(crate) fn move_column(&mut self, forward: bool) {
        self.sort_by(neighbour(&BoardColumn::ALL, self.column, forward));
    }

    /// By this column; if it is already so, the other way round.
    pub(crate) fn sort_by(&mut self, column: BoardColumn) {
        self.direction = match column == self.column {
            true => self.direction.turned(),
            false => column.worst_first(),
        };
        self.column = column;
        self.selected = 0;
        self.arrange();
    }

    pub(crate) fn mark(&mut self) {
        let Some(from) = self.selected_row().map(|row| row.from.clone()) else {
            return;
        };
        if !self.marked.remove(&from) {
            self.marked.insert(from);
        }
        self.move_by(1);
    }

    /// All rows shown; none if all are marked already.
    pub(crate) fn mark_all(&mut self) {
        let all: HashSet<RowFrom> = self.shown().map(|row| row.from.clone()).collect();
        match all.is_subset(&self.marked) {
            true => self.marked.retain(|from| !all.contains(from)),
            false => self.marked.extend(all),
        }
    }

    /// The marked rows in the order shown; without any, the selected one.
    pub(crate) fn chosen(&self) -> Vec<&BoardRow> {
        let marked: Vec<&BoardRow> = self
            .shown()
            .filter(|row| self.marked.contains(&row.from))
            .collect();
        match marked.is_empty() {
            true => self.selected_row().into_iter().collect(),
            false => marked,
        }
    }
}

/// Whether every word is in the title, the id, the group, the settings or the cause.
fn fits(row: &BoardRow, words: &[&str]) -> bool {
    let cause = row.main().map_or("", |main| main.title());
    let hay = format!(
        "{} {} {} {} {} {cause}",
        row.subject.title,
        row.subject.kind,
        row.subject.id,
        row.group(),
        row.settings
    )
    .to_lowercase();
    words.iter().all(|word| hay.contains(word))
}
