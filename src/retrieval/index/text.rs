//! A segment's text: its documents' tokens with separators between them, 16 or 32 bits
//! wide. Every access is safe even with a damaged file: beyond the end of the text, and
//! instead of invalid ids, there are separators.

use std::cmp::Ordering;
use std::ops::Deref;

use crate::retrieval::index::array::Array;
use crate::retrieval::index::symbol::{COMPARED, SEPARATOR, Symbol};
use crate::speculate::TokenId;

/// Tokens of one width.
#[derive(Debug, Default)]
pub(crate) struct Text<T> {
    pub(crate) tokens: Array<T>,
    /// Ids are below it.
    pub(crate) limit: TokenId,
}

/// A few tokens copied from a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    tokens: [TokenId; Run::CAPACITY],
    len: usize,
}

impl Run {
    pub(crate) const CAPACITY: usize = 32;
}

impl Deref for Run {
    type Target = [TokenId];

    #[inline]
    fn deref(&self) -> &[TokenId] {
        &self.tokens[..self.len]
    }
}

impl<T: Symbol> Text<T> {
    #[inline]
    fn read(&self, symbol: T) -> TokenId {
        let id = symbol.id();
        if id < self.limit { id } else { SEPARATOR }
    }

    #[inline]
    pub(crate) fn token(&self, position: u32) -> TokenId {
        match self.tokens.get(position as usize) {
            Some(&symbol) => self.read(symbol),
            None => SEPARATOR,
        }
    }

    #[inline]
    fn from(&self, position: usize) -> &[T] {
        self.tokens.get(position..).unwrap_or(&[])
    }

    /// Compares the text from a position on with `pattern`; equal if the text starts
    /// with the pattern.
    #[inline]
    pub(crate) fn cmp_at(&self, position: u32, pattern: &[TokenId]) -> Ordering {
        let text = self.from(position as usize);
        for (&symbol, token) in text.iter().zip(pattern) {
            match self.read(symbol).cmp(token) {
                Ordering::Equal => {}
                other => return other,
            }
        }
        if text.len() < pattern.len() {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// Compares two suffixes in sort order, ties by position.
    pub(crate) fn cmp_suffixes(&self, a: u32, b: u32) -> Ordering {
        for i in 0..COMPARED as u32 {
            let (x, y) = (self.token(a + i), self.token(b + i));
            match x.cmp(&y) {
                Ordering::Equal if x == SEPARATOR && i > 0 => break,
                Ordering::Equal => {}
                other => return other,
            }
        }
        a.cmp(&b)
    }

    /// The text from a position on, up to a separator.
    #[inline]
    pub(crate) fn until_separator(&self, position: u32, max: usize) -> Run {
        debug_assert!(max <= Run::CAPACITY);
        let mut run = Run {
            tokens: [0; Run::CAPACITY],
            len: 0,
        };
        let places = run.tokens.iter_mut().take(max);
        for (place, &symbol) in places.zip(self.from(position as usize)) {
            let token = self.read(symbol);
            if token == SEPARATOR {
                break;
            }
            *place = token;
            run.len += 1;
        }
        run
    }
}
