//! The local text: prompt and output so far, indexed as it grows. Knows no
//! pools.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::segment::SEPARATOR;
use crate::speculate::TokenId;

/// Earlier occurrences of a token that are looked at, the latest first.
const MAX_OCCURRENCES: usize = 64;

/// The context of a run: what is looked up, and a source of its own.
#[derive(Clone, Debug)]
pub struct Local {
    tokens: Vec<TokenId>,
    /// Where the answer begins, its prefilled opening included.
    answer_start: usize,
    /// The last position of every token ..
    last: HashMap<TokenId, usize>,
    /// .. and, by position, where the same token stood before.
    earlier: Vec<Option<usize>>,
}

/// A place in the local text where the end of a path occurred before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Occurrence {
    /// Tokens of the path's end that match.
    pub matched: usize,
    pub next: TokenId,
}

impl Local {
    /// A context that is the prompt. Its last `opening_len` tokens are the
    /// answer's prefilled opening, which pool documents begin with, too.
    pub fn new(prompt_ids: &[TokenId], opening_len: usize) -> Self {
        let mut local = Local {
            tokens: Vec::new(),
            answer_start: prompt_ids.len().saturating_sub(opening_len),
            last: HashMap::new(),
            earlier: Vec::new(),
        };
        local.push(prompt_ids);
        local
    }

    /// Appends committed tokens; constant time each.
    pub fn push(&mut self, tokens: &[TokenId]) {
        for &token in tokens {
            let position = self.tokens.len();
            self.earlier.push(self.last.insert(token, position));
            self.tokens.push(token);
        }
    }

    /// The last token, root of the next draft tree.
    pub fn last(&self) -> Option<TokenId> {
        self.tokens.last().copied()
    }

    /// Tokens of the answer so far, its opening included.
    pub(super) fn answer_len(&self) -> usize {
        self.tokens.len() - self.answer_start
    }

    /// The last `max` symbols of the answer, the anchor before its first token
    /// included: what pool documents are searched for.
    pub(super) fn answer_tail(&self, max: usize) -> Vec<TokenId> {
        let answer = &self.tokens[self.answer_start..];
        match answer.len().checked_sub(max) {
            Some(start) => answer[start..].to_vec(),
            None => [&[SEPARATOR], answer].concat(),
        }
    }

    /// Where the path's last token occurred before with something after it,
    /// the longest match first, among equals the latest. The path is the
    /// context and the tokens drafted after it; at most `max` tokens count.
    pub(super) fn occurrences(&self, drafted: &[TokenId], max: usize) -> Vec<Occurrence> {
        let mut path = drafted.iter().rev().chain(self.tokens.iter().rev());
        let Some(token) = path.next().filter(|_| max > 0) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut at = self.last.get(token).copied();
        while let Some(position) = at.filter(|_| found.len() < MAX_OCCURRENCES) {
            // The context's last token has nothing after it yet.
            if let Some(&next) = self.tokens.get(position + 1) {
                let before = self.tokens[..position].iter().rev();
                let same = before.zip(path.clone()).take(max - 1);
                let matched = 1 + same.take_while(|(a, b)| a == b).count();
                found.push(Occurrence { matched, next });
            }
            at = self.earlier[position];
        }
        found.sort_by_key(|o| Reverse(o.matched));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_followed_before() {
        let mut local = Local::new(&[1, 2, 3, 9, 2], 2);
        local.push(&[3, 4, 1, 2, 3]);
        let found = local.occurrences(&[], 8);
        let pairs: Vec<_> = found.iter().map(|o| (o.matched, o.next)).collect();
        assert_eq!(pairs, [(3, 9), (2, 4)]);
    }

    #[test]
    fn drafted_tokens_belong_to_the_path() {
        let local = Local::new(&[5, 6, 7, 8, 5], 0);
        let found = local.occurrences(&[6, 7], 8);
        assert_eq!(
            found,
            [Occurrence {
                matched: 3,
                next: 8
            }]
        );
        assert_eq!(local.occurrences(&[6, 7], 2)[0].matched, 2);
        assert!(local.occurrences(&[6, 7], 0).is_empty());
    }

    #[test]
    fn the_anchor_stands_before_the_opening() {
        let mut local = Local::new(&[1, 2, 3], 1);
        assert_eq!(local.answer_tail(4), [SEPARATOR, 3]);
        local.push(&[4, 5, 6]);
        assert_eq!(local.answer_tail(4), [3, 4, 5, 6]);
        assert_eq!(Local::new(&[1, 2], 0).answer_tail(4), [SEPARATOR]);
    }
}
