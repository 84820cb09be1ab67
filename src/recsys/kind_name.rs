//! A catalog's kinds among the kinds that files name.

use crate::recsys::SubjectKind;
use crate::speculate::subject::KindName;

impl From<SubjectKind> for KindName {
    fn from(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Item => KindName::Item,
            SubjectKind::User => KindName::User,
        }
    }
}

impl SubjectKind {
    /// `None`: not a kind in catalogs.
    pub(crate) fn named(kind: &KindName) -> Option<Self> {
        match kind {
            KindName::Item => Some(SubjectKind::Item),
            KindName::User => Some(SubjectKind::User),
            KindName::Prompt | KindName::Other(_) => None,
        }
    }
}
