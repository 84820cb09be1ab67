//! The leak check: looks at the rows, the folds and the catalog again, by other means than
//! those that made them, for answers that a model must not have seen.

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::folds::Fold;
use super::rows::{ClickRow, by_time};
use crate::recsys::{Catalog, Rating};

/// An answer that could be seen before it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leak {
    /// The user's prompt names the item of a row.
    InPrompt {
        /// Index of the row.
        row: usize,
    },
    /// A row is not later than the last rating of the user's prompt.
    BeforePrompt {
        /// Index of the row.
        row: usize,
    },
    /// A row's history holds its own rating or a later one.
    InHistory {
        /// Index of the row.
        row: usize,
    },
    /// Two of a fold's lists share a user.
    SharedUser {
        /// Index of the fold.
        fold: usize,
        /// Index into the catalog's users.
        user: usize,
    },
    /// A user is tested in several folds.
    TestedTwice {
        /// Index into the catalog's users.
        user: usize,
    },
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Leak::InPrompt { row } => write!(f, "row {row}: the prompt names its item"),
            Leak::BeforePrompt { row } => {
                write!(f, "row {row}: not later than the ratings in the prompt")
            }
            Leak::InHistory { row } => write!(f, "row {row}: its history holds its own rating"),
            Leak::SharedUser { fold, user } => {
                write!(f, "fold {fold}: user {user} is in two of its lists")
            }
            Leak::TestedTwice { user } => write!(f, "user {user} is tested in several folds"),
        }
    }
}

/// Every leak of these rows and folds.
pub fn leaks(catalog: &Catalog, rows: &[ClickRow], folds: &[Fold]) -> Vec<Leak> {
    let mut found = Vec::new();
    let mut prompts: HashMap<usize, InPrompt> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        let prompt = prompts.entry(row.user);
        let prompt = prompt.or_insert_with(|| InPrompt::of(catalog, row.user));
        found.extend(prompt.leaks(index, row));
    }
    let mut tested = HashSet::new();
    for (index, fold) in folds.iter().enumerate() {
        found.extend(of_fold(index, fold));
        let again = fold.test.iter().filter(|&&user| !tested.insert(user));
        found.extend(again.map(|&user| Leak::TestedTwice { user }));
    }
    found
}

/// What a user's prompt shows, from the protocol's own list.
struct InPrompt {
    shown: Vec<Rating>,
    /// Per place by time: how many ratings before it are liked.
    liked_before: Vec<usize>,
}

impl InPrompt {
    fn of(catalog: &Catalog, user: usize) -> Self {
        let (protocol, history) = (catalog.protocol, &catalog.users[user].history);
        let mut n_liked = 0;
        let ratings = by_time(history);
        let liked_before = ratings.iter().map(|rating| {
            let before = n_liked;
            n_liked += usize::from(rating.stars > protocol.positive_above_stars);
            before
        });
        InPrompt {
            liked_before: liked_before.collect(),
            shown: protocol.query_history(history),
        }
    }

    fn leaks(&self, index: usize, row: &ClickRow) -> Vec<Leak> {
        let is_shown = self.shown.iter().any(|seen| seen.item_idx() == row.item);
        let n_before = self.liked_before.get(row.place).copied().unwrap_or(0);
        let is_early = n_before < self.shown.len();
        let is_own = row.history.iter().any(|seen| seen.place >= row.place);
        let of = |is_leak: bool, leak| is_leak.then_some(leak);
        let found = [
            of(is_shown, Leak::InPrompt { row: index }),
            of(is_early, Leak::BeforePrompt { row: index }),
            of(is_own, Leak::InHistory { row: index }),
        ];
        found.into_iter().flatten().collect()
    }
}

fn of_fold(index: usize, fold: &Fold) -> Vec<Leak> {
    let all = [&fold.train, &fold.valid, &fold.test];
    let mut seen = HashSet::new();
    let users = all.into_iter().flatten();
    let twice = users.filter(|&&user| !seen.insert(user));
    let leak = |&user: &usize| Leak::SharedUser { fold: index, user };
    twice.map(leak).collect()
}
