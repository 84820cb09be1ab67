//! The local text: prompt and output so far, indexed as it grows. Does not know pools.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::speculate::TokenId;

/// Earlier occurrences of a token that are looked at, the latest first.
const MAX_OCCURRENCES: usize = 64;

/// The context of a run: the text to look up, and itself a source.
#[derive(Clone, Debug)]
pub struct Local {
    tokens: Vec<TokenId>,
    /// Where the answer begins, its prefilled opening included.
    answer_start: usize,
    /// The last position of every token ..
    last: HashMap<TokenId, u32, BuildHasherDefault<TokenHasher>>,
    /// .. and, by position, the same token's previous position.
    earlier: Vec<Option<u32>>,
}

/// Spreads token ids over a table's slots (Knuth, TAOCP 6.4).
#[derive(Clone, Default)]
struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.write_u32(u32::from(b)));
    }

    fn write_u32(&mut self, token: u32) {
        self.0 = (self.0 ^ u64::from(token)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}

impl Local {
    /// A context consisting of the prompt. Its last `opening_len` tokens are the
    /// answer's prefilled opening, with which pool documents begin, too.
    pub fn new(prompt_ids: &[TokenId], opening_len: usize) -> Self {
        let mut local = Local {
            tokens: Vec::new(),
            answer_start: prompt_ids.len().saturating_sub(opening_len),
            last: HashMap::default(),
            earlier: Vec::new(),
        };
        local.push(prompt_ids);
        local
    }

    /// Appends committed tokens; constant time each.
    pub fn push(&mut self, tokens: &[TokenId]) {
        for &token in tokens {
            let position = self.tokens.len() as u32;
            self.earlier.push(self.last.insert(token, position));
            self.tokens.push(token);
        }
    }

    /// The last token, root of the next draft tree.
    pub(crate) fn last(&self) -> Option<TokenId> {
        self.tokens.last().copied()
    }

    /// The answer so far, its opening included.
    pub(crate) fn answer(&self) -> &[TokenId] {
        &self.tokens[self.answer_start..]
    }

    /// The context's last `n` tokens, if it has that many.
    pub(crate) fn last_tokens(&self, n: usize) -> Option<&[TokenId]> {
        let start = self.tokens.len().checked_sub(n)?;
        Some(&self.tokens[start..])
    }

    /// Tokens of prompt and answer.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn token(&self, at: usize) -> Option<TokenId> {
        self.tokens.get(at).copied()
    }

    /// Lists where the context's last token occurred before: how many tokens
    /// agree (at most `max`), the next position and the token there; the latest
    /// occurrence first.
    pub(crate) fn occurrences(&self, max: usize, mut found: impl FnMut(usize, usize, TokenId)) {
        let Some(&token) = self.tokens.last() else {
            return;
        };
        for at in self.positions(token) {
            // The context's last token has nothing after it yet.
            if let Some(next) = self.token(at + 1) {
                let pairs = self.tokens[..at].iter().rev();
                let pairs = pairs.zip(self.tokens.iter().rev().skip(1)).take(max - 1);
                let matched = 1 + pairs.take_while(|(a, b)| a == b).count();
                found(matched, at + 1, next);
            }
        }
    }

    /// Lists the occurrences of a token that are not preceded by `before`: the next
    /// position and the token there.
    pub(crate) fn singles(
        &self,
        before: TokenId,
        token: TokenId,
        mut found: impl FnMut(usize, TokenId),
    ) {
        for at in self.positions(token) {
            let is_known = at > 0 && self.tokens[at - 1] == before;
            if let Some(next) = self.token(at + 1).filter(|_| !is_known) {
                found(at + 1, next);
            }
        }
    }

    /// A token's positions, the latest first.
    fn positions(&self, token: TokenId) -> impl Iterator<Item = usize> + '_ {
        let latest = self.last.get(&token).copied();
        let chain = std::iter::successors(latest, |&at| self.earlier[at as usize]);
        chain.take(MAX_OCCURRENCES).map(|at| at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_followed_before() {
        let mut local = Local::new(&[1, 2, 3, 9, 2], 2);
        local.push(&[3, 4, 1, 2, 3]);
        let mut found = Vec::new();
        local.occurrences(8, |matched, _, next| found.push((matched, next)));
        assert_eq!(found, [(2, 4), (3, 9)]);
        found.clear();
        local.occurrences(1, |matched, _, next| found.push((matched, next)));
        assert_eq!(found, [(1, 4), (1, 9)]);
    }

    #[test]
    fn lists_a_token_where_it_stands_otherwise() {
        let local = Local::new(&[5, 6, 7, 8, 6, 9], 0);
        let mut found = Vec::new();
        local.singles(5, 6, |at, next| found.push((at, next)));
        assert_eq!(found, [(5, 9)]);
    }

    #[test]
    fn the_answer_begins_with_its_opening() {
        let mut local = Local::new(&[1, 2, 3], 1);
        local.push(&[4, 5, 6]);
        assert_eq!(local.answer(), [3, 4, 5, 6]);
        assert!(Local::new(&[1, 2], 0).answer().is_empty());
    }
}
