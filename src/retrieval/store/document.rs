//! Documents of pools as plain data.

use crate::speculate::TokenId;
use crate::speculate::subject::{DocId, GroupKey};

/// A knowledge document, tokenised: an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDoc {
    pub id: DocId,
    /// What a person calls the document's subject.
    pub title: String,
    pub group: GroupKey,
    /// From the answer's opening to its end, the end-of-generation token
    /// included where there was one.
    pub tokens: Vec<TokenId>,
}
