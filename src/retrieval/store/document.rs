//! Documents of pools as plain data.

use crate::speculate::TokenId;
use crate::speculate::subject::{DocId, GroupKey};

/// A knowledge document, tokenised: an earlier answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDoc {
    /// Kind and id of its subject.
    pub id: DocId,
    /// The subject's title, for display.
    pub title: String,
    /// The pool that it belongs to.
    pub group: GroupKey,
    /// From the answer's opening to its end, including the end-of-text token if there
    /// was one.
    pub tokens: Vec<TokenId>,
}
