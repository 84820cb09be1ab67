//! Which half of its group a subject is in.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::random::hash_text;

/// Which half of its group a subject is in. The pool half's knowledge fills the
/// retrieval pool; drafts are tested on the query half.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Half {
    /// Its knowledge is retrieved from.
    Pool,
    /// Drafts are tried on it.
    #[default]
    Query,
}

/// Splits every group evenly, the odd one into the pool. A subject's half depends on
/// the seed and on the ids of its group, not on the file's order. `members` are (group,
/// id); the halves come back in the same order.
pub(crate) fn halves<'a>(
    seed: u64,
    n_members: usize,
    group_and_id: impl Fn(usize) -> (&'a str, &'a str),
) -> Vec<Half> {
    let mut by_group: HashMap<&str, Vec<(u64, u32)>> = HashMap::new();
    for n in 0..n_members {
        let (group, id) = group_and_id(n);
        let key = (hash_text(seed, id), n as u32);
        by_group.entry(group).or_default().push(key);
    }
    let mut halves = vec![Half::Query; n_members];
    for mut members in by_group.into_values() {
        let n_pool = members.len().div_ceil(2);
        let id = |n: u32| group_and_id(n as usize).1;
        members.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| id(a.1).cmp(id(b.1))));
        for (_, n) in &members[..n_pool] {
            halves[*n as usize] = Half::Pool;
        }
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn halves_are_even_and_ignore_the_order(ids in prop::collection::hash_set("[a-z]{1,3}", 0..40)) {
            let ids: Vec<String> = ids.into_iter().collect();
            let mut members: Vec<(&str, &str)> = ids.iter().map(|id| ("a", id.as_str())).collect();
            let split = halves(1, members.len(), |n| members[n]);
            let n_pool = split.iter().filter(|half| **half == Half::Pool).count();
            prop_assert_eq!(n_pool, members.len().div_ceil(2));
            members.reverse();
            let mut back = halves(1, members.len(), |n| members[n]);
            back.reverse();
            prop_assert_eq!(back, split);
        }
    }
}
