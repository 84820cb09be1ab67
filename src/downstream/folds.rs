//! Folds over users: every user is tested in exactly one fold, by a model that was trained
//! and stopped without any rating of theirs to predict.

use serde::{Deserialize, Serialize};

use crate::recsys::dealt;

/// Users of one fold, none in two of the three lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// Users whose rows the model learns from.
    pub train: Vec<usize>,
    /// Users whose rows decide when training stops.
    pub valid: Vec<usize>,
    /// Users whose rows are predicted.
    pub test: Vec<usize>,
}

/// The fewest folds: one to test, one to stop by, one to learn from.
pub const MIN_FOLDS: usize = 3;

/// Deals the users into `n` parts; fold i tests part i and stops by part i + 1.
///
/// # Panics
/// With fewer than [`MIN_FOLDS`].
pub fn folds(users: &[usize], n: usize, seed: u64) -> Vec<Fold> {
    assert!(n >= MIN_FOLDS, "{n} folds");
    let dealt = dealt(users, seed);
    let part = |i: usize| &dealt[users.len() * i / n..users.len() * (i + 1) / n];
    let fold = |i: usize| {
        let others = (2..n).flat_map(|step| part((i + step) % n));
        Fold {
            train: sorted(others.copied().collect()),
            valid: sorted(part((i + 1) % n).to_vec()),
            test: sorted(part(i).to_vec()),
        }
    };
    (0..n).map(fold).collect()
}

fn sorted(mut users: Vec<usize>) -> Vec<usize> {
    users.sort_unstable();
    users
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_user_is_tested_once_and_never_learned_from_there(
            n_users in 3usize..90, n in 3usize..12, seed: u64,
        ) {
            let users: Vec<usize> = (0..n_users).map(|user| user * 3).collect();
            let folds = folds(&users, n, seed);
            prop_assert_eq!(folds.len(), n);
            let tested = sorted(folds.iter().flat_map(|fold| fold.test.clone()).collect());
            prop_assert_eq!(&tested, &users);
            for fold in &folds {
                let all = [&fold.train[..], &fold.valid, &fold.test].concat();
                prop_assert_eq!(&sorted(all), &users);
            }
        }
    }
}
