//! Documents of pools as plain data.

use crate::speculate::TokenId;

/// A knowledge document, tokenised: an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDoc {
    pub id: String,
    /// What a person calls the document's subject.
    pub title: String,
    pub group: String,
    /// From the answer's opening to its end, the end-of-generation token
    /// included where there was one.
    pub tokens: Vec<TokenId>,
}

/// A document by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDoc {
    pub id: String,
    pub title: String,
    pub group: String,
    pub n_tokens: usize,
}
