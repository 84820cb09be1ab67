//! The common prefixes of a batch's prompts, and the room that the rest needs.

use std::collections::BTreeMap;

use crate::speculate::TokenId;
use crate::speculate::subject::KindName;

/// A shorter prefix is not worth storing separately.
const SHORTEST: usize = 16;

/// The prompts of a batch, added one by one.
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    kinds: BTreeMap<KindName, OfKind>,
}

#[derive(Clone, Debug)]
struct OfKind {
    n: usize,
    /// The common prefix of all of them; at least one token of each follows it.
    common: Vec<TokenId>,
    longest: usize,
}

impl Prompts {
    /// Takes a prompt of this kind into account.
    pub fn add(&mut self, kind: &KindName, ids: &[TokenId]) {
        let whole = &ids[..ids.len().saturating_sub(1)];
        let of_kind = self.kinds.entry(kind.clone()).or_insert_with(|| OfKind {
            n: 0,
            common: whole.to_vec(),
            longest: 0,
        });
        let equal = of_kind.common.iter().zip(whole);
        let n_equal = equal.take_while(|(a, b)| a == b).count();
        of_kind.common.truncate(n_equal);
        of_kind.n += 1;
        of_kind.longest = of_kind.longest.max(ids.len());
    }

    /// The common prefix of each kind that has one worth sharing.
    pub fn prefixes(&self) -> Vec<Vec<TokenId>> {
        let shared = self.kinds.values().filter(|kind| kind.is_shared());
        shared.map(|kind| kind.common.clone()).collect()
    }

    /// Bound on the tokens of a prompt after its shared prefix.
    pub(crate) fn longest_own(&self) -> usize {
        let own = |kind: &OfKind| match kind.is_shared() {
            true => kind.longest - kind.common.len(),
            false => kind.longest,
        };
        self.kinds.values().map(own).max().unwrap_or(0)
    }

    /// Tokens of the longest prompt.
    pub fn longest(&self) -> usize {
        let longest = self.kinds.values().map(|kind| kind.longest);
        longest.max().unwrap_or(0)
    }
}

impl OfKind {
    fn is_shared(&self) -> bool {
        self.n > 1 && self.common.len() >= SHORTEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_prefix_that_all_of_it_have() {
        let mut prompts = Prompts::default();
        let ids = |tail: &[TokenId]| [&(0..40).collect::<Vec<_>>(), tail].concat();
        prompts.add(&KindName::Item, &ids(&[7, 8, 9]));
        prompts.add(&KindName::Item, &ids(&[7, 9]));
        prompts.add(&KindName::User, &[1, 2, 3]);
        prompts.add(&KindName::User, &[1, 2, 4]);
        prompts.add(&KindName::Prompt, &ids(&[5]));
        assert_eq!(
            prompts.prefixes(),
            [ids(&[7])],
            "short ones and single ones have none"
        );
        assert_eq!((prompts.longest_own(), prompts.longest()), (41, 43));
    }

    #[test]
    fn a_prompt_keeps_a_token_of_its_own() {
        let mut prompts = Prompts::default();
        let all: Vec<TokenId> = (0..30).collect();
        prompts.add(&KindName::Item, &all);
        prompts.add(&KindName::Item, &all[..25]);
        assert_eq!(prompts.prefixes(), [all[..24].to_vec()]);
        assert_eq!(prompts.longest_own(), 6);
    }
}
